import { expect, test } from 'vitest';
import { createHashMac } from '../../../cli/platform/hash_mac.ts';
import { createMac } from '../../../src/audit/chain.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';

test('createHashMac() agrees with Web Crypto', async () => {
  const key = randomBytes(32);
  const [fast, web] = [createHashMac(key), await createMac(key)];
  for (const length of [0, 1, 63, 64, 65, 5000]) {
    const message = 'ä'.repeat(length);
    expect(fast(message)).toEqual(await web(message));
  }
});

test('S24: createHashMac() has a copy of its own, so that the key can be wiped', () => {
  const key = randomBytes(32);
  const [mac, expected] = [createHashMac(key), createHashMac(key.slice())('x')];
  key.fill(0);
  expect(mac('x')).toEqual(expected);
});
