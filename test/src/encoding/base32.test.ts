import { expect, test } from 'vitest';
import { decodeBase32, encodeBase32 } from '../../../src/encoding/base32.ts';
import { decodeUtf8, encodeUtf8, randomBytes } from '../../../src/encoding/bytes.ts';

// RFC 4648 §10.
const VECTORS: [string, string][] = [
  ['', ''],
  ['f', 'MY======'],
  ['fo', 'MZXQ===='],
  ['foo', 'MZXW6==='],
  ['foob', 'MZXW6YQ='],
  ['fooba', 'MZXW6YTB'],
  ['foobar', 'MZXW6YTBOI======'],
];

test.each(VECTORS)('base32 of %j is %s (RFC 4648 §10)', (text, encoded) => {
  expect(encodeBase32(encodeUtf8(text))).toBe(encoded.replace(/=+$/, ''));
  expect(decodeUtf8(decodeBase32(encoded))).toBe(text);
});

test('decodeBase32() reverses encodeBase32() for every length', () => {
  for (let length = 0; length < 70; length++) {
    const bytes = randomBytes(length);
    expect(decodeBase32(encodeBase32(bytes))).toEqual(bytes);
  }
});

test.each(['mzxw6ytboi', 'MZXW 6YTB OI', 'mzxw-6ytb-oi', 'MZXW6YTBOI======', 'MZXW6YTBOJ'])(
  'decodeBase32(%j) is lenient as people write it',
  (text) => {
    expect(decodeUtf8(decodeBase32(text))).toBe('foobar');
  },
);

test.each(['0', '1', '8', '9', 'MZXW!', 'MZ=XW', 'MZXW\n', 'é', 'ſ', '\u{1F600}'])(
  'decodeBase32(%j) is refused',
  (text) => {
    expect(() => decodeBase32(text)).toThrow(TypeError);
  },
);
