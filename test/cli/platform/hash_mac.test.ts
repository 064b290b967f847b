import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { createHashMac } from '../../../cli/platform/hash_mac.ts';
import { createMac } from '../../../src/audit/chain.ts';
import { encodeBase64url } from '../../../src/encoding/base64url.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';

test('createHashMac() agrees with Web Crypto', async () => {
  const key = randomBytes(32);
  const [fast, web] = [createHashMac(key), await createMac(key)];
  for (const length of [0, 1, 63, 64, 65, 5000]) {
    const message = 'ä'.repeat(length);
    const expected = await web(message);
    expect(fast(message)).toEqual(expected);
    expect(fast.text(message)).toBe(encodeBase64url(expected));
  }
});

test.each([0, 1, 31, 63, 64])('createHashMac() agrees with the HMAC of node:crypto for a key of %i bytes', (length) => {
  const key = randomBytes(length);
  for (
    const message of ['', 'a', '\u{1f511}\ud800', 'x'.repeat(1984), '\u20ac'.repeat(700), '\u20ac'.repeat(40_000), 'b']
  ) {
    expect(createHashMac(key).text(message)).toBe(createHmac('sha256', key).update(message).digest('base64url'));
  }
});

test('createHashMac() goes on after a message that needed more room', () => {
  const key = randomBytes(32);
  const mac = createHashMac(key);
  const [before] = [mac.text('x'), mac('x'.repeat(100_000))];
  expect(mac.text('x')).toBe(before);
});

test('createHashMac() refuses a key that would have to be hashed first', () => {
  expect(() => createHashMac(randomBytes(65))).toThrow(RangeError);
});

test('S24: createHashMac() has a copy of its own, so that the key can be wiped', () => {
  const key = randomBytes(32);
  const [mac, expected] = [createHashMac(key), createHashMac(key.slice())('x')];
  key.fill(0);
  expect(mac('x')).toEqual(expected);
});
