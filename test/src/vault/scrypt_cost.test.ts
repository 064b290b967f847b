import { expect, test } from 'vitest';
import { decodeUtf8, randomBytes } from '../../../src/encoding/bytes.ts';
import { Secret } from '../../../src/secret.ts';
import { DEFAULT_SCRYPT_COST, isScryptCost, stretchPassphrase } from '../../../src/vault/scrypt_cost.ts';

test('S2: the default cost is N=2^17, r=8, p=1', () => {
  expect(DEFAULT_SCRYPT_COST).toEqual({ n: 131_072, r: 8, p: 1 });
  expect(isScryptCost(DEFAULT_SCRYPT_COST)).toBe(true);
});

test.each([
  [2 ** 20, 8, 1],
  [2 ** 19, 16, 2],
  [2 ** 14, 8, 16],
  [2, 1, 1],
])('isScryptCost() allows N=%i r=%i p=%i', (n, r, p) => {
  expect(isScryptCost({ n, r, p })).toBe(true);
});

test.each([
  [2 ** 40, 8, 1],
  [2 ** 32, 8, 1],
  [2 ** 21, 8, 1],
  [2 ** 20, 16, 1], // 2 GiB
  [2 ** 20, 8, 3], // 24 times the default work
  [2 ** 17, 8, 17],
  [2 ** 17, 17, 1],
  [2 ** 17, 2 ** 30, 1],
  [2 ** 17, 8, 2 ** 30],
  [131_071, 8, 1],
  [100_000, 8, 1],
  [1, 8, 1],
  [0, 8, 1],
  [-2, 8, 1],
  [2.5, 8, 1],
  [NaN, 8, 1],
  [Infinity, 8, 1],
  [2 ** 17, 0, 1],
  [2 ** 17, 8, 0],
  [2 ** 17, 1.5, 1],
])('S2: isScryptCost() refuses N=%d r=%d p=%d', (n, r, p) => {
  expect(isScryptCost({ n, r, p })).toBe(false);
});

test('stretchPassphrase() hands over the NFC form, and nothing when the cost is out of bounds', async () => {
  const seen: string[] = [];
  const scrypt = (passphrase: Uint8Array) => {
    seen.push(decodeUtf8(passphrase));
    return Promise.resolve(randomBytes(32));
  };
  await stretchPassphrase(new Secret('cafe\u0301'), randomBytes(16), DEFAULT_SCRYPT_COST, scrypt);
  expect(() => stretchPassphrase(new Secret('x'), randomBytes(16), { n: 2 ** 40, r: 8, p: 1 }, scrypt)).toThrow(
    RangeError,
  );
  expect(seen).toEqual(['caf\u00e9']);
});
