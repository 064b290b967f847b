import { Buffer } from 'node:buffer';
import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { importState } from '../../../src/agent_id/import_state.ts';
import { importKey } from '../../../src/encoding/signing_key.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const KEY = JSON.stringify({ version: 1, privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) });
const token = (claims: unknown) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
const SESSION = {
  version: 1,
  issuer: 'https://sso.example',
  ssoBaseUrl: 'https://sso.example/',
  providerAddress: 'client',
  ownerSessionSub: 'owner',
  accessToken: token({ exp: 77 }),
  refreshToken: 'r',
};

test('importState() takes over key and session; the session may go nowhere yet', async () => {
  const { jwk, session } = await importState(KEY, JSON.stringify(SESSION), 5);
  expect(jwk.x).toBe(privateKey.export({ format: 'jwk' }).x);
  const key = await importKey(jwk);
  expect(session).toMatchObject({
    tokenUrl: 'https://sso.example/oauth/token',
    clientId: 'client',
    subject: 'owner',
    expiresAtSec: 77,
    allowedOrigins: [],
    jkt: key.thumbprint,
  });
  expect(sign(null, Buffer.from('x'), privateKey)).toHaveLength(64);
});

test('importState() takes a key alone', async () => {
  expect((await importState(KEY, undefined, 5)).session).toBeUndefined();
});

test.each([
  ['no JSON', 'x', undefined],
  ['no key', '{}', undefined],
  [
    'an RSA key',
    JSON.stringify({
      privateKeyPem: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
        type: 'pkcs8',
        format: 'pem',
      }),
    }),
    undefined,
  ],
  ['a session that is none', KEY, '[1'],
  ['a session without token', KEY, JSON.stringify({ ...SESSION, accessToken: '' })],
  ['a token of another key', KEY, JSON.stringify({ ...SESSION, accessToken: token({ cnf: { jkt: 'other' } }) })],
])('importState() refuses %s', async (_name, key, session) => {
  await expect(importState(key, session, 5)).rejects.toMatchObject({ code: 'E_IMPORT' });
});

test('importState() refuses a session of a server without TLS', async () => {
  await expect(importState(KEY, JSON.stringify({ ...SESSION, ssoBaseUrl: 'http://sso.example' }), 5)).rejects
    .toMatchObject({ code: 'E_PLAINTEXT' });
});
