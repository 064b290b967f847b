// oauth4webapi as a resource server: it checks proof, token and their bond with code of its own.
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import { expect, test } from 'vitest';
import {
  createReplayStore,
  dpopFetch,
  type DpopSession,
  generateKey,
  type ProofAlgorithm,
  signRequest,
  verifyProof,
} from '../../src/dpop/mod.ts';

const issuer = 'https://as.example';
const audience = 'https://rs.example';
const as: oauth.AuthorizationServer = { issuer, jwks_uri: `${issuer}/jwks` };
const signer = await generateKeyPair('ES256');
const jwks = { keys: [{ ...(await exportJWK(signer.publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] };

const tokenFor = (jkt: string) =>
  new SignJWT({ client_id: 'robot', cnf: { jkt } })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k' })
    .setIssuer(issuer).setAudience(audience).setSubject('me').setJti(crypto.randomUUID()).setIssuedAt()
    .setExpirationTime('5m')
    .sign(signer.privateKey);

const validate = (request: Request, clockSkew = 0) =>
  oauth.validateJwtAccessToken(as, request, audience, {
    requireDPoP: true,
    [oauth.clockSkew]: clockSkew,
    [oauth.customFetch]: () => Promise.resolve(Response.json(jwks)),
  });

async function sessionOf(algorithm: ProofAlgorithm): Promise<DpopSession & { accessToken: string }> {
  const key = await generateKey(algorithm === 'ES256' ? 'ES256' : 'Ed25519');
  return { key, accessToken: await tokenFor(key.thumbprint), origins: [audience], algorithm };
}

test.each<ProofAlgorithm>(['ES256', 'EdDSA', 'Ed25519'])(
  'validateJwtAccessToken() takes what dpopFetch() sends with %s',
  async (algorithm) => {
    const session = await sessionOf(algorithm);
    const api = dpopFetch(async (request) => Response.json(await validate(request)), session);
    for (const [method, path] of [['GET', '/'], ['POST', '/a/b?q=1#f'], ['DELETE', '/%7euser/%c3%a9']]) {
      expect(await (await api(audience + path, { method: method! })).json()).toMatchObject({
        sub: 'me',
        cnf: { jkt: session.key.thumbprint },
      });
    }
  },
);

test('validateJwtAccessToken() refuses what signRequest() made for another request', async () => {
  const session = await sessionOf('ES256');
  const headers = await signRequest(session, { method: 'GET', url: `${audience}/a` }) as [string, string][];
  await expect(validate(new Request(`${audience}/a`, { headers }))).resolves.toBeDefined();
  await expect(validate(new Request(`${audience}/b`, { headers }))).rejects.toThrow();
  await expect(validate(new Request(`${audience}/a`, { method: 'POST', headers }))).rejects.toThrow();
  await expect(validate(new Request(`${audience}/a`, { headers }), 3600)).rejects.toThrow();
  const other = await sessionOf('ES256');
  const mixed = new Headers(headers);
  mixed.set('Authorization', `DPoP ${other.accessToken}`);
  await expect(validate(new Request(`${audience}/a`, { headers: mixed }))).rejects.toThrow();
});

test('D2: both verifiers take the proof of 200 forms of URL', async () => {
  const session = { ...await sessionOf('Ed25519'), algorithm: 'EdDSA' as const };
  const hosts = [
    'https://rs.example',
    'https://RS.Example',
    'https://rs.example:443',
    'https://rs.example:0443',
    'HTTPS://rs.example',
  ];
  const paths = [
    '',
    '/',
    '/a',
    '/a/',
    '//a',
    '/a//b',
    '/a/./b',
    '/a/../b',
    '/../..',
    '/a;v=1',
    '/a,b',
    '/a%2fb',
    '/a%2Fb',
    '/%7e',
    '/~',
    '/%41',
    '/ü',
    '/%C3%BC',
    '/a%',
    '/a%zz',
    "/:@!$&'()*+,;=",
    '/a.b-c_d',
    '/[x]',
    '/{x}',
    '/a|b',
    '/a^b',
    '/a`b',
    '/"a"',
    '/<a>',
    '/\u{1F600}',
    '/%F0%9F%98%80',
    '/a?',
    '/a?b',
    '/a?b=c&d=%20',
    '/a#',
    '/a#f',
    '/a?b#f',
    '/a?b?c#d#e',
    '?q',
    '#f',
  ];
  const forms = hosts.flatMap((host) => paths.map((path) => host + path));
  expect(forms.length).toBe(200);
  const replays = createReplayStore();
  for (const url of forms) {
    const [[, authorization], [, dpop]] = await signRequest(session, { method: 'GET', url }) as [
      [string, string],
      [string, string],
    ];
    // The request as a server sees it: what fetch makes of the same text.
    const request = new Request(url, { headers: { authorization, dpop } });
    await expect(validate(request), url).resolves.toMatchObject({ sub: 'me' });
    const token = { accessToken: session.accessToken, jkt: session.key.thumbprint };
    expect(await verifyProof(dpop, { method: 'GET', url: request.url, token, replays }), url).toMatchObject({
      ok: true,
    });
    const { htu } = JSON.parse(atob(dpop.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')));
    expect(htu).toBe(new URL(url).origin + new URL(url).pathname);
  }
});
