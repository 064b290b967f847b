import { expect, test } from 'vitest';
import { decodeHex, encodeHex } from '../../../src/encoding/hex.ts';

test("encodeHex() and decodeHex() are each other's inverse", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(encodeHex(bytes).slice(0, 8)).toBe('00010203');
  expect(decodeHex(encodeHex(bytes))).toEqual(bytes);
  expect(decodeHex('FFfe')).toEqual(new Uint8Array([255, 254]));
});

test.each(['0', '0g', ' 00', '0x00', '00\n'])('decodeHex(%j) is refused', (text) => {
  expect(() => decodeHex(text)).toThrow(TypeError);
});
