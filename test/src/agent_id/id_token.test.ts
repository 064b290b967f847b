import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { type IdTokenRules, verifyIdToken } from '../../../src/agent_id/id_token.ts';
import { Secret } from '../../../src/secret.ts';
import { NOW_MS } from '../../_lib/fixture.ts';

const NOW = NOW_MS / 1000;
const GOOD: JWTPayload = {
  iss: 'https://sso.example',
  aud: 'client',
  sub: 'owner',
  iat: NOW,
  exp: NOW + 60,
  nonce: 'n',
  cnf: { jkt: 'thumb' },
};
const RULES: IdTokenRules = {
  issuer: 'https://sso.example',
  clientId: 'client',
  jkt: 'thumb',
  nonce: 'n',
  algorithms: ['RS256', 'EdDSA'],
  nowMs: NOW_MS,
};
let rsa: Awaited<ReturnType<typeof generateKeyPair>>;
let jwks: { keys: unknown[] };

beforeAll(async () => {
  rsa = await generateKeyPair('RS256', { extractable: true });
  jwks = { keys: [{ ...await exportJWK(rsa.publicKey), kid: 'k', alg: 'RS256' }] };
});

async function check(claims: JWTPayload, header: Record<string, unknown> = {}, rules: Partial<IdTokenRules> = {}) {
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k', ...header }).sign(
    rsa.privateKey,
  );
  return await verifyIdToken(new Secret(token), jwks, { ...RULES, ...rules });
}

test('verifyIdToken() gives the subject, with or without typ', async () => {
  expect(await check(GOOD)).toBe('owner');
  expect(await check(GOOD, { typ: 'JWT' })).toBe('owner');
  expect(await check({ ...GOOD, aud: ['client', 'x'], azp: 'client' })).toBe('owner');
});

test('verifyIdToken() leaves out what the caller does not ask for', async () => {
  const { cnf: _c, nonce: _n, ...plain } = GOOD;
  expect(await check(plain, {}, { jkt: undefined, nonce: undefined })).toBe('owner');
});

test.each([
  ['another issuer', { iss: 'https://evil.example' }, '"iss"'],
  ['another audience', { aud: 'other' }, '"aud"'],
  ['several audiences without azp', { aud: ['client', 'x'] }, '"azp"'],
  ['another azp', { azp: 'other' }, '"azp"'],
  ['expired this second', { exp: NOW }, '"exp"'],
  ['not yet valid', { nbf: NOW + 1 }, '"nbf"'],
  ['no sub', { sub: undefined }, '"sub"'],
  ['an empty sub', { sub: '' }, '"sub"'],
  ['another nonce', { nonce: 'm' }, '"nonce"'],
  ['no nonce', { nonce: undefined }, '"nonce"'],
  ['another key', { cnf: { jkt: 'x' } }, 'another key'],
  ['no key', { cnf: undefined }, 'another key'],
])('verifyIdToken() refuses %s', async (_name, change, why) => {
  await expect(check({ ...GOOD, ...change } as JWTPayload)).rejects.toMatchObject({
    code: 'E_TOKEN_RESPONSE',
    message: expect.stringContaining(why),
  });
});

test.each([[{ typ: 'at+jwt' }], [{ kid: 'other' }], [{ kid: undefined }]])(
  'verifyIdToken() refuses the header %o',
  async (header) => {
    await expect(check(GOOD, header)).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  },
);

test('verifyIdToken() refuses other algorithms, crit, garbage and a set that is none', async () => {
  const es = await generateKeyPair('ES256');
  const keys = { keys: [{ ...await exportJWK(es.publicKey), kid: 'k' }] };
  const token = await new SignJWT(GOOD).setProtectedHeader({ alg: 'ES256', kid: 'k' }).sign(es.privateKey);
  await expect(verifyIdToken(new Secret(token), keys, RULES)).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  const crit = await new SignJWT(GOOD).setProtectedHeader({ alg: 'RS256', kid: 'k', crit: ['b64'], b64: true }).sign(
    rsa.privateKey,
  );
  await expect(verifyIdToken(new Secret(crit), jwks, RULES)).rejects.toThrow(/critical/);
  for (const garbage of ['', 'a.b.c', 'x']) {
    await expect(verifyIdToken(new Secret(garbage), jwks, RULES)).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  }
  const good = await new SignJWT(GOOD).setProtectedHeader({ alg: 'RS256', kid: 'k' }).sign(rsa.privateKey);
  for (const set of [undefined, {}, { keys: 'x' }, []]) {
    await expect(verifyIdToken(new Secret(good), set, RULES)).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  }
});
