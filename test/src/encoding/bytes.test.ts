import { expect, test } from 'vitest';
import {
  concatBytes,
  decodeUtf8,
  encodeAscii,
  encodeUtf8,
  equalBytes,
  randomBytes,
} from '../../../src/encoding/bytes.ts';

test('decodeUtf8() reads back what encodeUtf8() wrote, a BOM included', () => {
  for (const text of ['', 'caf\u00e9', '\ufeffx', '\u{1F600}']) expect(decodeUtf8(encodeUtf8(text))).toBe(text);
});

test.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0x80]]])('decodeUtf8(%j) is refused', (bytes) => {
  expect(() => decodeUtf8(new Uint8Array(bytes))).toThrow(TypeError);
});

test('concatBytes() joins in order', () => {
  expect(concatBytes(new Uint8Array([1]), new Uint8Array(), new Uint8Array([2, 3]))).toEqual(new Uint8Array([1, 2, 3]));
});

test.each([[[1, 2], [1, 2], true], [[1, 2], [1, 3], false], [[1], [1, 2], false], [[], [], true]])(
  'equalBytes(%j, %j) is %j',
  (a, b, wanted) => {
    expect(equalBytes(new Uint8Array(a), new Uint8Array(b))).toBe(wanted);
  },
);

test('randomBytes() has the length that was asked for and differs each time', () => {
  expect(randomBytes(16)).toHaveLength(16);
  expect(equalBytes(randomBytes(16), randomBytes(16))).toBe(false);
});

test('encodeAscii() is encodeUtf8() for ASCII', () => {
  const text = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join('');
  expect(encodeAscii(text)).toEqual(encodeUtf8(text));
  expect(encodeAscii('')).toEqual(new Uint8Array());
});
