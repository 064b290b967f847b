import { calculateJwkThumbprint } from 'jose';
import { expect, test } from 'vitest';
import { jwkThumbprint } from '../../../src/encoding/jwk_thumbprint.ts';

test('jwkThumbprint() agrees with jose for every key type', async () => {
  const pairs = await Promise.all([
    crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']),
    crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify']),
    crypto.subtle.generateKey(
      { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
      true,
      ['sign', 'verify'],
    ),
  ]);
  for (const { publicKey, privateKey } of pairs as CryptoKeyPair[]) {
    const jwk = await crypto.subtle.exportKey('jwk', publicKey);
    expect(await jwkThumbprint(jwk)).toBe(await calculateJwkThumbprint(jwk));
    // The private half does not change the name of a key.
    expect(await jwkThumbprint(await crypto.subtle.exportKey('jwk', privateKey))).toBe(await jwkThumbprint(jwk));
  }
});

test.each([
  [{}],
  [{ kty: 'oct', k: 'AA' }],
  [{ kty: 'constructor' }],
  [{ kty: 'EC', crv: 'P-256', x: 'a' }],
  [{ kty: 'OKP', crv: 'Ed25519' }],
  [{ kty: 'OKP', crv: 'Ed25519', x: '' }],
  [{ kty: 'RSA', e: 'AQAB', n: 5 }],
])('jwkThumbprint(%j) is refused', async (jwk) => {
  await expect(jwkThumbprint(jwk as JsonWebKey)).rejects.toThrow(TypeError);
});
