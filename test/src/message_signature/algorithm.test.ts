import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { algorithmOf, signBase, verificationKey, verifyBase } from '../../../src/message_signature/algorithm.ts';

const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const CASES = [
  [{ name: 'Ed25519' }, 'ed25519'],
  [{ name: 'ECDSA', namedCurve: 'P-256' }, 'ecdsa-p256-sha256'],
  [{ name: 'HMAC', hash: 'SHA-256' }, 'hmac-sha256'],
  [{ name: 'RSA-PSS', hash: 'SHA-512', ...rsa }, 'rsa-pss-sha512'],
  [{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', ...rsa }, 'rsa-v1_5-sha256'],
] as const;

test.each(CASES)('algorithmOf(), signBase() and verifyBase() for %j', async (parameters, name) => {
  const made = await crypto.subtle.generateKey(parameters, false, ['sign', 'verify']) as CryptoKey | CryptoKeyPair;
  const [secret, open] = made instanceof CryptoKey ? [made, made] : [made.privateKey, made.publicKey];
  expect([algorithmOf(secret), algorithmOf(open)]).toEqual([name, name]);
  const base = encodeUtf8('base');
  const signature = await signBase(secret, base);
  expect(await verifyBase(open, signature, base)).toBe(true);
  expect(await verifyBase(open, signature, encodeUtf8('bass'))).toBe(false);
  expect(await verifyBase(open, signature.slice(0, -1), base)).toBe(false);
  expect(await verifyBase(open, new Uint8Array(), base)).toBe(false);
});

test.each(
  [
    [{ name: 'ECDSA', namedCurve: 'P-384' }, ['sign', 'verify']],
    [{ name: 'HMAC', hash: 'SHA-512' }, ['sign', 'verify']],
    [{ name: 'AES-GCM', length: 256 }, ['encrypt']],
  ] as const,
)('algorithmOf() refuses %j', async (parameters, usages) => {
  const made = await crypto.subtle.generateKey(parameters, false, usages as unknown as KeyUsage[]) as
    | CryptoKey
    | CryptoKeyPair;
  expect(() => algorithmOf(made instanceof CryptoKey ? made : made.publicKey)).toThrow(TypeError);
});

test('verificationKey() takes Web Crypto keys and the JWKs of two kinds', async () => {
  const { publicJwk } = await generateKey('ES256');
  const key = await verificationKey(publicJwk);
  expect(key.type).toBe('public');
  expect(await verificationKey(key)).toBe(key);
  await expect(verificationKey({ kty: 'oct', k: 'AA' })).rejects.toThrow(TypeError);
});
