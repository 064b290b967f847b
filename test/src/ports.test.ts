import { expect, test } from 'vitest';
import { isSetAside, nameSetAside, requireStoreKey } from '../../src/ports.ts';

test.each(['credentials/jira.json', 'a/b', '0/9', `${'a'.repeat(128)}/${'b'.repeat(128)}`, 'a..b/c--d', 'vault/x_y'])(
  'requireStoreKey() takes %j',
  (key) => expect(requireStoreKey(key)).toBe(key),
);

test.each([
  '',
  'a',
  '/a',
  'a/',
  'a//b',
  'a/b/c',
  '../b',
  'a/../b',
  'a/..',
  'a/.',
  'a/.b',
  './b',
  'A/b',
  'a/B',
  'a/b ',
  'a/b\n',
  'a/b\0',
  'a\\b',
  'a/b.',
  'a/é',
  'a/％',
  'a/b:c',
  'a/*',
  `a/${'b'.repeat(129)}`,
  `${'a'.repeat(300)}/b`,
])('S22: requireStoreKey() refuses %j', (key) => expect(() => requireStoreKey(key)).toThrow(TypeError));

test('nameSetAside() names the time, and the next free number', () => {
  const taken = new Set<string>();
  const names = Array.from({ length: 3 }, () => {
    const name = nameSetAside('credentials/jira.json', Date.UTC(2026, 10, 21, 21, 38, 0, 123), (key) => taken.has(key));
    taken.add(name);
    return name;
  });
  expect(names).toEqual(['', '-2', '-3'].map((n) => `credentials/jira.json.corrupt-20261121-213800${n}`));
  expect(names.map(requireStoreKey)).toEqual(names);
  expect(names.every(isSetAside)).toBe(true);
});

test.each(['credentials/jira.json', 'credentials/x.corrupt-1.json', 'a/corrupt-1', 'a/b.corrupt-'])(
  'isSetAside() says no to %j',
  (key) => expect(isSetAside(key)).toBe(false),
);
