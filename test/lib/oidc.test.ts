import { Buffer } from 'node:buffer';
import { createHash, randomUUID } from 'node:crypto';
import { request } from 'node:https';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { useIssuer } from '../_lib/lab.ts';
import type { TestIssuer } from '../_lib/oidc.ts';

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

function call(
  issuer: TestIssuer,
  url: string,
  form?: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const body = form && new URLSearchParams(form).toString();
    const sent = request(url, {
      method: form ? 'POST' : 'GET',
      ca: issuer.caPem,
      agent: false,
      headers: {
        ...headers,
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(body.length) }),
      },
    }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on(
        'end',
        () =>
          resolve({ status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString() }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function basic(issuer: TestIssuer): Record<string, string> {
  const { id, secret } = issuer.basicClient;
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}

test('startIssuer() grants client credentials with either way to authenticate, and refuses a wrong secret', async () => {
  const issuer = await useIssuer({ accessTokenSec: 120 });
  const form = { grant_type: 'client_credentials', scope: 'read:data' };
  const byBasic = await call(issuer, issuer.tokenUrl, form, basic(issuer));
  expect(JSON.parse(byBasic.text)).toMatchObject({ expires_in: 120, token_type: 'Bearer', scope: 'read:data' });
  const { id, secret } = issuer.postClient;
  const byPost = await call(issuer, issuer.tokenUrl, { ...form, client_id: id, client_secret: secret });
  expect(byPost.status).toBe(200);
  const refused = await call(issuer, issuer.tokenUrl, { ...form, client_id: id, client_secret: 'wrong' });
  expect(refused.status).toBe(401);
  expect(issuer.requests.map((request) => request.status)).toEqual([200, 200, 401]);
});

test('startIssuer() lets a person log in by code, rotates refresh tokens and notices their reuse', async () => {
  const issuer = await useIssuer();
  const verifier = 'v'.repeat(43);
  const redirectUri = 'http://127.0.0.1:45678/callback';
  const query = new URLSearchParams({
    client_id: issuer.nativeClientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid offline_access',
    prompt: 'consent',
    state: 'state-1',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const jar = new Map<string, string>();
  let url = `${issuer.authorizationUrl}?${query}`;
  for (let hop = 0; hop < 10 && !url.startsWith(redirectUri); hop++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await call(issuer, url, undefined, { cookie });
    for (const line of [reply.headers['set-cookie'] ?? []].flat()) {
      const [name = '', value = ''] = line.split(';')[0]!.split(/=(.*)/s);
      jar.set(name, value);
    }
    url = new URL(String(reply.headers.location), issuer.issuer).href;
  }
  const answer = new URL(url).searchParams;
  expect([answer.get('state'), answer.get('iss')]).toEqual(['state-1', issuer.issuer]);

  const client = { client_id: issuer.nativeClientId };
  const code = { ...client, grant_type: 'authorization_code', code: answer.get('code')!, redirect_uri: redirectUri };
  const first = JSON.parse((await call(issuer, issuer.tokenUrl, { ...code, code_verifier: verifier })).text);
  const refresh = (token: string) =>
    call(issuer, issuer.tokenUrl, { ...client, grant_type: 'refresh_token', refresh_token: token });
  const second = JSON.parse((await refresh(first.refresh_token)).text);
  expect(second.refresh_token).not.toBe(first.refresh_token);
  expect((await refresh(first.refresh_token)).status).toBe(400);
  // Reuse ended the whole session, the newest token included.
  expect((await refresh(second.refresh_token)).status).toBe(400);
});

test('approveDevice() and denyDevice() answer a device that waits', async () => {
  const issuer = await useIssuer();
  const client = { client_id: issuer.nativeClientId };
  const ask = async () =>
    JSON.parse((await call(issuer, issuer.deviceUrl, { ...client, scope: 'openid offline_access' })).text);
  const poll = (code: string) =>
    call(issuer, issuer.tokenUrl, {
      ...client,
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: code,
    });
  const granted = await ask();
  expect(JSON.parse((await poll(granted.device_code)).text).error).toBe('authorization_pending');
  await issuer.approveDevice(granted.user_code);
  expect(JSON.parse((await poll(granted.device_code)).text)).toHaveProperty('refresh_token');
  const denied = await ask();
  await issuer.denyDevice(denied.user_code);
  expect(JSON.parse((await poll(denied.device_code)).text).error).toBe('access_denied');
});

test('startIssuer() introspects and revokes tokens', async () => {
  const issuer = await useIssuer();
  const reply = await call(issuer, issuer.tokenUrl, { grant_type: 'client_credentials' }, basic(issuer));
  const token = JSON.parse(reply.text).access_token;
  const isActive = async () =>
    JSON.parse((await call(issuer, issuer.introspectionUrl, { token }, basic(issuer))).text).active;
  expect(await isActive()).toBe(true);
  expect((await call(issuer, issuer.revocationUrl, { token }, basic(issuer))).status).toBe(200);
  expect(await isActive()).toBe(false);
});

test('startIssuer() asks for a DPoP nonce when told to', async () => {
  const issuer = await useIssuer({ dpop: true, requiresDpopNonce: true });
  const metadata = JSON.parse((await call(issuer, `${issuer.issuer}/.well-known/openid-configuration`)).text);
  expect(metadata.dpop_signing_alg_values_supported).toContain('ES256');
  expect(metadata.token_endpoint).toBe(issuer.tokenUrl);
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const prove = async (nonce?: string) => ({
    ...basic(issuer),
    dpop: await new SignJWT({ htm: 'POST', htu: issuer.tokenUrl, jti: randomUUID(), ...(nonce ? { nonce } : {}) })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
      .setIssuedAt()
      .sign(privateKey),
  });
  const form = { grant_type: 'client_credentials' };
  const challenge = await call(issuer, issuer.tokenUrl, form, await prove());
  expect(JSON.parse(challenge.text).error).toBe('use_dpop_nonce');
  const granted = await call(issuer, issuer.tokenUrl, form, await prove(String(challenge.headers['dpop-nonce'])));
  expect(JSON.parse(granted.text).token_type).toBe('DPoP');
});

test('overrideToken() turns the server into a broken one and back', async () => {
  const issuer = await useIssuer();
  issuer.overrideToken((_request, response) => response.writeHead(200).end('{"access_token":1}'));
  const form = { grant_type: 'client_credentials' };
  expect((await call(issuer, issuer.tokenUrl, form, basic(issuer))).text).toBe('{"access_token":1}');
  issuer.overrideToken(undefined);
  expect(JSON.parse((await call(issuer, issuer.tokenUrl, form, basic(issuer))).text)).toHaveProperty('access_token');
});
