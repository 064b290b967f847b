import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../../src/encoding/base64.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';

test('encodeBase64() agrees with the platform for every length', () => {
  for (let length = 0; length < 50; length++) {
    const bytes = randomBytes(length);
    expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
    expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
  }
});

test.each(['A', 'AA', 'AAA', 'AA=A', '====', 'AAAA=', 'AB==', 'AA\n==', ' AAA', '-_==', 'AAA==', '\u00e9AAA'])(
  'decodeBase64(%j) is refused',
  (text) => {
    expect(() => decodeBase64(text)).toThrow(TypeError);
  },
);
