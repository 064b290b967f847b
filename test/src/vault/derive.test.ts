import { hkdfSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { encodeHex } from '../../../src/encoding/hex.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';
import { deriveKey, importRootKey } from '../../../src/vault/derive.ts';

test('deriveKey() is HKDF-SHA-256 as the platform computes it', async () => {
  const [key, salt] = [randomBytes(32), randomBytes(16)];
  const root = await importRootKey(key);
  const expected = (given: Uint8Array) => new Uint8Array(hkdfSync('sha256', key, given, 'sig 1 audit', 32));
  expect(await deriveKey(root, 'audit', salt)).toEqual(expected(salt));
  expect(await deriveKey(root, 'audit')).toEqual(expected(new Uint8Array()));
});

test('deriveKey() gives another key for another purpose, salt or root', async () => {
  const [one, two] = [await importRootKey(randomBytes(32)), await importRootKey(randomBytes(32))];
  const keys = await Promise.all([
    deriveKey(one, 'a'),
    deriveKey(one, 'b'),
    deriveKey(two, 'a'),
    deriveKey(one, 'a', new Uint8Array([1])),
  ]);
  expect(new Set(keys.map(encodeHex)).size).toBe(4);
});

test('importRootKey() gives a key that cannot be read back', async () => {
  const root = await importRootKey(randomBytes(32));
  await expect(crypto.subtle.exportKey('raw', root)).rejects.toThrow();
});

test.each([0, 16, 31, 33])('importRootKey() refuses a key of %i bytes', async (length) => {
  await expect(importRootKey(randomBytes(length))).rejects.toThrow(RangeError);
});
