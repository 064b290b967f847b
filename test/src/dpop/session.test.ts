import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { decodeBase64url } from '../../../src/encoding/base64url.ts';
import { exportKey, generateKey, importKey } from '../../../src/encoding/signing_key.ts';
import { createNonceStore } from '../../../src/dpop/nonce_store.ts';
import { type DpopSession, nowOf, requireOrigin, roleOf, signRequest } from '../../../src/dpop/session.ts';
import { accessTokenHash } from '../../../src/dpop/token.ts';
import { isSigError, type SigErrorCode } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';

const key = await generateKey('ES256');
const session: DpopSession = { key, accessToken: 'xyz', origins: ['https://a.example', 'https://b.example:8443'] };
const claimsOf = (proof: string) => JSON.parse(new TextDecoder().decode(decodeBase64url(proof.split('.')[1]!)));
const failsWith = (code: SigErrorCode) => expect.toSatisfy((error) => isSigError(error, code));

test('signRequest() makes both headers for a resource server', async () => {
  const [authorization, dpop] = await signRequest(session, { method: 'GET', url: 'https://a.example/me?q' });
  expect(authorization).toEqual(['Authorization', 'DPoP xyz']);
  expect(dpop![0]).toBe('DPoP');
  expect(claimsOf(dpop![1])).toMatchObject({
    htm: 'GET',
    htu: 'https://a.example/me',
    ath: await accessTokenHash('xyz'),
  });
});

test('signRequest() makes the proof alone where there is no token', async () => {
  const headers = await signRequest({ ...session, accessToken: undefined }, {
    method: 'POST',
    url: 'https://a.example/token',
  });
  expect(headers.map(([name]) => name)).toEqual(['DPoP']);
  expect(claimsOf(headers[0]![1]).ath).toBeUndefined();
});

test('signRequest() takes nonce and clock of that very server', async () => {
  const nonces = createNonceStore();
  nonces.put({ role: 'RS', origin: 'https://a.example', nonce: 'rs', atMs: 0 });
  nonces.put({ role: 'AS', origin: 'https://a.example', nonce: 'as', atMs: 0 });
  const full = {
    ...session,
    nonces,
    now: () => 1_000_999,
    clockOffsets: new Map([['https://a.example', 60_000]]),
  };
  const claims = async (part: Partial<DpopSession>, url: string, nonce?: string) =>
    claimsOf((await signRequest({ ...full, ...part }, { method: 'GET', url, nonce })).at(-1)![1]);
  expect(await claims({}, 'https://a.example/')).toMatchObject({ nonce: 'rs', iat: 1060 });
  expect(await claims({ role: 'AS' }, 'https://a.example/')).toMatchObject({ nonce: 'as' });
  expect(await claims({}, 'https://a.example/', 'own')).toMatchObject({ nonce: 'own' });
  const other = await claims({}, 'https://b.example:8443/');
  expect(other).toMatchObject({ iat: 1000 });
  expect(other.nonce).toBeUndefined();
});

test.each<[string, SigErrorCode]>([
  ['https://evil.example/', 'E_HOST_NOT_ALLOWED'],
  ['https://a.example:8443/', 'E_HOST_NOT_ALLOWED'],
  ['https://b.example/', 'E_HOST_NOT_ALLOWED'],
  ['https://sub.a.example/', 'E_HOST_NOT_ALLOWED'],
  ['https://a.example.evil.example/', 'E_HOST_NOT_ALLOWED'],
  ['http://a.example/', 'E_HOST_NOT_ALLOWED'],
  ['https://a.example@evil.example/', 'E_TARGET'],
  ['https://a.example\\@evil.example/', 'E_TARGET'],
  ['https://a.example/\t', 'E_TARGET'],
  ['ftp://a.example/', 'E_TARGET'],
  ['/me', 'E_TARGET'],
])('D11: signRequest() to %j is %s', async (url, code) => {
  await expect(signRequest(session, { method: 'GET', url })).rejects.toEqual(failsWith(code));
});

test.each(['https://A.example/', 'https://a.example:443/', 'https://a.example./', 'https://B.EXAMPLE:8443/x'])(
  'requireOrigin() knows %j as one of the session',
  (url) => {
    expect(() => requireOrigin(session, url)).not.toThrow();
  },
);

test.each<[string, boolean, SigErrorCode | undefined]>([
  ['http://127.0.0.1:8080', true, undefined],
  ['http://localhost:8080', true, undefined],
  ['http://app.localhost', true, undefined],
  ['http://[::1]:8080', true, undefined],
  ['http://127.0.0.1:8080', false, 'E_PLAINTEXT'],
  ['http://a.example', true, 'E_PLAINTEXT'],
  ['http://localhost.example', true, 'E_PLAINTEXT'],
  ['http://192.168.0.1', true, 'E_PLAINTEXT'],
])('requireOrigin() for %s with allowHttp %s is %s', (origin, allowHttp, code) => {
  const act = () => requireOrigin({ key, origins: [origin], allowHttp }, `${origin}/x`);
  if (code === undefined) expect(act).not.toThrow();
  else expect(act).toThrow(failsWith(code));
});

test('requireOrigin() refuses a session whose origins have paths', () => {
  expect(() => requireOrigin({ key, origins: ['https://a.example/only/this'] }, 'https://a.example/')).toThrow(
    TypeError,
  );
});

test('signRequest() refuses a token that would break out of its header', async () => {
  for (const accessToken of ['a\r\nX: y', 'a b', '']) {
    await expect(signRequest({ ...session, accessToken }, { method: 'GET', url: 'https://a.example/' }))
      .rejects.toEqual(failsWith('E_BAD_CREDENTIAL_VALUE'));
  }
});

test('D10: nothing that a session prints or throws holds the private key or the token', async () => {
  const jwk = await exportKey(await generateKey('Ed25519', { extractable: true }));
  const canary = 'canary-0123456789abcdef0123456789';
  const secret: DpopSession = {
    key: await importKey(jwk),
    accessToken: new Secret(canary),
    origins: ['https://a.example'],
  };
  const texts = [JSON.stringify(secret), inspect(secret, { depth: 9, showHidden: true })];
  for (const url of ['https://evil.example/?x', 'nonsense', 'https://u:p@a.example/']) {
    const error = await signRequest(secret, { method: 'GET', url }).catch((error) => error);
    texts.push(inspect(error, { depth: 9 }), JSON.stringify(error));
  }
  texts.push(
    ...(await signRequest(secret, { method: 'GET', url: 'https://a.example/' })).filter(([name]) => name === 'DPoP')
      .flat(),
  );
  for (const text of texts) {
    expect(text).not.toContain(jwk.d);
    expect(text).not.toContain(canary);
  }
});

test('roleOf() and nowOf() have the defaults that the session documents', () => {
  expect([roleOf(session), roleOf({ ...session, accessToken: undefined }), roleOf({ ...session, role: 'AS' })]).toEqual(
    ['RS', 'AS', 'AS'],
  );
  expect(nowOf({ now: () => 5 })).toBe(5);
  expect(Math.abs(nowOf(session) - Date.now())).toBeLessThan(5000);
});
