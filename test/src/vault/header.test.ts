import { expect, test } from 'vitest';
import { decodeUtf8, encodeUtf8, randomBytes } from '../../../src/encoding/bytes.ts';
import { encodeBase64url } from '../../../src/encoding/base64url.ts';
import { isSigError } from '../../../src/errors.ts';
import {
  encodeHeader,
  parseHeader,
  unwrapVaultKey,
  type VaultHeader,
  wrapVaultKey,
} from '../../../src/vault/header.ts';

const vaultKey = randomBytes(32);
const sourceKey = randomBytes(32);
const scrypt = { n: 131_072, r: 8, p: 1 };
const request = { vault: encodeBase64url(randomBytes(16)), salt: randomBytes(16), scrypt };
const header = await wrapVaultKey(vaultKey, request, 'passphrase', sourceKey);
const bytes = encodeHeader(header);
const text = decodeUtf8(bytes);

function codeOf(given: Uint8Array): string {
  try {
    parseHeader(given);
    return 'parsed';
  } catch (error) {
    return isSigError(error) ? error.code : `${error}`;
  }
}

test('wrapVaultKey() makes a header that unwrapVaultKey() opens', async () => {
  expect(parseHeader(bytes)).toEqual(header);
  expect(await unwrapVaultKey(parseHeader(bytes), sourceKey)).toEqual(vaultKey);
  const plain = await wrapVaultKey(vaultKey, { ...request, scrypt: undefined }, 'file', sourceKey);
  expect(parseHeader(encodeHeader(plain))).toEqual(plain);
  expect(await unwrapVaultKey(plain, sourceKey)).toEqual(vaultKey);
});

test('encodeHeader() writes the cost in one order, whatever the order of the object', () => {
  expect(encodeHeader({ ...header, scrypt: { p: 1, r: 8, n: 131_072 } })).toEqual(bytes);
});

test('S2: the header holds N, r, p and a 16-byte salt', () => {
  expect(JSON.parse(text)).toMatchObject({ n: 131_072, r: 8, p: 1 });
  expect(header.salt.length).toBe(16);
});

test.each([
  ['N of 2^40', '"n":131072', '"n":1099511627776'],
  ['N of 2^21', '"n":131072', '"n":2097152'],
  ['N that is no power of two', '"n":131072', '"n":131071'],
  ['N of 0', '"n":131072', '"n":0'],
  ['r for 1 TiB', '"r":8', '"r":65536'],
  ['p of 17', '"p":1', '"p":17'],
])('S2: parseHeader() refuses %s before any work', (_, from, to) => {
  const begin = performance.now();
  expect(() => parseHeader(encodeUtf8(text.replace(from, to)))).toThrow(
    expect.objectContaining({
      code: 'E_CORRUPT',
      message: '"vault/header.json" is not a vault header: the scrypt cost is out of bounds',
    }),
  );
  expect(performance.now() - begin).toBeLessThan(100);
});

test.each<[string, Partial<VaultHeader>]>([
  ['a cheaper cost', { scrypt: { n: 2, r: 8, p: 1 } }],
  ['no cost', { scrypt: undefined }],
  ['another salt', { salt: randomBytes(16) }],
  ['another vault', { vault: encodeBase64url(randomBytes(16)) }],
  ['another source', { source: 'file' }],
  ['another nonce', { iv: randomBytes(12) }],
  ['another key', { key: randomBytes(48) }],
])('S2: unwrapVaultKey() refuses a header with %s', async (_, change) => {
  const changed = parseHeader(encodeHeader({ ...header, ...change }));
  await expect(unwrapVaultKey(changed, sourceKey)).rejects.toMatchObject({ code: 'E_TAMPER' });
});

test('S3: after a rewrap the old source key opens nothing, and the vault key is the same', async () => {
  const newKey = randomBytes(32);
  const next = await wrapVaultKey(vaultKey, { ...request, salt: randomBytes(16) }, 'passphrase', newKey);
  await expect(unwrapVaultKey(next, sourceKey)).rejects.toMatchObject({ code: 'E_TAMPER' });
  expect(await unwrapVaultKey(next, newKey)).toEqual(vaultKey);
});

test('S6: of all single-bit changes of a header, none opens', async () => {
  let accepted = 0;
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    try {
      await unwrapVaultKey(parseHeader(changed), sourceKey);
      accepted++;
    } catch (error) {
      if (!isSigError(error)) throw error;
    }
  }
  expect(accepted).toBe(0);
});

test('parseHeader() refuses all else, and tells a newer vault', () => {
  for (
    const other of [
      '',
      '{}',
      'null',
      text.trimEnd(),
      ` ${text}`,
      text.replace('"n":131072,', ''),
      text.replace('}', ',"x":1}'),
    ]
  ) {
    expect([other, codeOf(encodeUtf8(other))]).toEqual([other, 'E_CORRUPT']);
  }
  expect(codeOf(new Uint8Array([0xff]))).toBe('E_CORRUPT');
  expect(codeOf(encodeUtf8(text.replace('sig-vault-1', 'sig-vault-2')))).toBe('E_FORMAT');
});
