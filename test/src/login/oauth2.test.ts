import { expect, test } from 'vitest';
import { canObtainSilently, obtainOAuth2 } from '../../../src/login/oauth2.ts';
import { Secret } from '../../../src/secret.ts';
import { answer, fixedClock, makeOAuthProvider, NOW_MS, scriptedSend } from '../../_lib/fixture.ts';

const good = { access_token: 'at', token_type: 'Bearer', expires_in: 60 };
const none = () => undefined;
const form = (text: string) => Object.fromEntries(new URLSearchParams(text));
const ports = (send: ReturnType<typeof scriptedSend>, env: (name: string) => string | undefined = none) => ({
  send,
  clock: fixedClock(),
  env,
});

test('obtainOAuth2() gets a token by client credentials and keeps what renewing needs', async () => {
  const send = scriptedSend(() => answer(200, { ...good, scope: 'a' }));
  const credential = await obtainOAuth2(makeOAuthProvider(), undefined, ports(send));
  expect(form(send.seen[0]!.body)).toEqual({ grant_type: 'client_credentials' });
  expect(atob(send.seen[0]!.header('authorization')!.slice(6))).toBe('client:client-secret');
  expect(credential).toMatchObject({
    provider: 'api',
    strategy: 'oauth2',
    obtainedAtSec: NOW_MS / 1000,
    expiresAtSec: NOW_MS / 1000 + 60,
    oauth2: { clientId: 'client', tokenUrl: 'https://as.example.com/token', scope: 'a' },
  });
  expect([credential.values.access_token!.reveal(), credential.oauth2!.clientSecret!.reveal()]).toEqual([
    'at',
    'client-secret',
  ]);
});

test('obtainOAuth2() reads the client from the environment when it is used', async () => {
  const provider = makeOAuthProvider({
    oauth2: { tokenUrl: 'https://as.example.com/token', clientId: '${ID}', clientSecret: '${SECRET}' },
  });
  const send = scriptedSend(() => answer(200, good));
  const env: Record<string, string> = { ID: 'env-id', SECRET: 'env-secret' };
  await obtainOAuth2(provider, undefined, ports(send, (name) => env[name]));
  expect(atob(send.seen[0]!.header('authorization')!.slice(6))).toBe('env-id:env-secret');
  await expect(obtainOAuth2(provider, undefined, ports(send))).rejects.toMatchObject({
    code: 'E_ENV_UNSET',
    message: expect.stringContaining('ID'),
  });
});

test('obtainOAuth2() spends the refresh token first and keeps it when none comes back', async () => {
  const send = scriptedSend(() => answer(200, good));
  const credential = await obtainOAuth2(
    makeOAuthProvider(),
    { clientId: 'client', refreshToken: new Secret('rt-1') },
    ports(send),
  );
  expect(form(send.seen[0]!.body)).toMatchObject({ grant_type: 'refresh_token', refresh_token: 'rt-1' });
  expect(credential.oauth2!.refreshToken!.reveal()).toBe('rt-1');
});

test('obtainOAuth2() takes the rotated refresh token', async () => {
  const send = scriptedSend(() => answer(200, { ...good, refresh_token: 'rt-2' }));
  const credential = await obtainOAuth2(makeOAuthProvider(), { refreshToken: new Secret('rt-1') }, ports(send));
  expect(credential.oauth2!.refreshToken!.reveal()).toBe('rt-2');
});

test('obtainOAuth2() goes back to client credentials when the refresh token is dead', async () => {
  const send = scriptedSend((seen) =>
    seen.body.includes('refresh_token') ? answer(400, { error: 'invalid_grant' }) : answer(200, good)
  );
  await obtainOAuth2(makeOAuthProvider(), { refreshToken: new Secret('rt-1') }, ports(send));
  expect(send.seen.map((seen) => form(seen.body).grant_type)).toEqual(['refresh_token', 'client_credentials']);
});

test('obtainOAuth2() does not fall back for a passing failure: the refresh token may still be good', async () => {
  const send = scriptedSend(() => answer(503));
  await expect(obtainOAuth2(makeOAuthProvider(), { refreshToken: new Secret('rt-1') }, ports(send))).rejects
    .toMatchObject({ code: 'E_UPSTREAM' });
  expect(send.seen).toHaveLength(1);
});

test('obtainOAuth2() of a grant with a person in it needs the person', async () => {
  const provider = makeOAuthProvider({
    oauth2: { tokenUrl: 'https://as.example.com/token', clientId: 'c', grant: 'device_code' },
  });
  const send = scriptedSend(() => answer(200, good));
  await expect(obtainOAuth2(provider, undefined, ports(send))).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
  expect(send.seen).toEqual([]);
});

test('D13: a token of another type than was asked for is refused', async () => {
  const send = scriptedSend(() => answer(200, { ...good, token_type: 'mac' }));
  await expect(obtainOAuth2(makeOAuthProvider(), undefined, ports(send))).rejects.toMatchObject({
    code: 'E_TOKEN_RESPONSE',
  });
});

test("obtainOAuth2() finds the endpoint in the issuer's metadata", async () => {
  const provider = makeOAuthProvider({
    oauth2: { issuer: 'https://as.example.com', clientId: 'c', clientSecret: 's' },
  });
  const send = scriptedSend((seen) => {
    if (seen.head.path === '/.well-known/openid-configuration') return answer(404);
    if (seen.head.path === '/.well-known/oauth-authorization-server') {
      return answer(200, {
        issuer: 'https://as.example.com',
        token_endpoint: 'https://as.example.com/t',
        revocation_endpoint: 'https://as.example.com/r',
      });
    }
    return answer(200, good);
  });
  const credential = await obtainOAuth2(provider, undefined, ports(send));
  expect(send.seen.at(-1)!.head.path).toBe('/t');
  expect(credential.oauth2!.revocationUrl).toBe('https://as.example.com/r');
});

test('B14: an issuer that names an http endpoint gets no secret', async () => {
  const provider = makeOAuthProvider({
    oauth2: { issuer: 'https://as.example.com', clientId: 'c', clientSecret: 's' },
  });
  const send = scriptedSend(() =>
    answer(200, { issuer: 'https://as.example.com', token_endpoint: 'http://evil.example/t' })
  );
  await expect(obtainOAuth2(provider, undefined, ports(send))).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  expect(send.seen.every((seen) => seen.head.method === 'GET')).toBe(true);
});

test('obtainOAuth2() without any endpoint says so', async () => {
  const provider = makeOAuthProvider({ oauth2: { clientId: 'c' } });
  await expect(obtainOAuth2(provider, undefined, ports(scriptedSend(() => answer(200))))).rejects.toMatchObject({
    code: 'E_CONFIG',
  });
});

test('canObtainSilently() tells whether a person is needed', () => {
  const env = (name: string) => ({ SET: 'x' })[name];
  const withSecret = (clientSecret: string) =>
    makeOAuthProvider({ oauth2: { tokenUrl: 'https://as.example.com/token', clientSecret } });
  expect(canObtainSilently(withSecret('plain'), undefined, env)).toBe(true);
  expect(canObtainSilently(withSecret('${SET}'), undefined, env)).toBe(true);
  expect(canObtainSilently(withSecret('${UNSET}'), undefined, env)).toBe(false);
  expect(canObtainSilently(withSecret('${UNSET}'), { clientSecret: new Secret('s') }, env)).toBe(true);
  expect(canObtainSilently(makeOAuthProvider({ oauth2: { grant: 'device_code' } }), undefined, env)).toBe(false);
  expect(
    canObtainSilently(makeOAuthProvider({ oauth2: { grant: 'device_code' } }), { refreshToken: new Secret('r') }, env),
  ).toBe(true);
});
