import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { randomBytes } from '../../../src/encoding/bytes.ts';
import { decodeBase64url, encodeBase64url } from '../../../src/encoding/base64url.ts';

test('encodeBase64url() agrees with the platform for every length', () => {
  for (let length = 0; length < 70; length++) {
    const bytes = randomBytes(length);
    expect(encodeBase64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'));
    expect(decodeBase64url(encodeBase64url(bytes))).toEqual(bytes);
  }
});

test.each(['A', 'AA=', 'AA==', 'A A', 'AA\n', 'AB', 'AAB', '+/', 'é', '\u{1F600}'])(
  'decodeBase64url(%j) is refused',
  (text) => {
    expect(() => decodeBase64url(text)).toThrow(TypeError);
  },
);
