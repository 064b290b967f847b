import { expect, test } from 'vitest';
import { createNonceStore, isNonce, type NonceEntry } from '../../../src/dpop/nonce_store.ts';

const entry = (nonce: string, atMs = 0, origin = 'https://a.example', role: NonceEntry['role'] = 'RS'): NonceEntry => ({
  role,
  origin,
  nonce,
  atMs,
});

test('createNonceStore() keeps the newest nonce, whatever the order of arrival', () => {
  const store = createNonceStore();
  store.put(entry('n1', 1));
  store.put(entry('n3', 3));
  store.put(entry('n2', 2));
  expect(store.get('RS', 'https://a.example')).toBe('n3');
  store.put(entry('n4', 3));
  expect(store.get('RS', 'https://a.example')).toBe('n4');
});

test('createNonceStore() keeps roles and origins apart', () => {
  const store = createNonceStore();
  store.put(entry('rs', 1));
  store.put(entry('as', 1, 'https://a.example', 'AS'));
  store.put(entry('port', 1, 'https://a.example:8443'));
  expect(store.get('RS', 'https://a.example')).toBe('rs');
  expect(store.get('AS', 'https://a.example')).toBe('as');
  expect(store.get('RS', 'https://a.example:8443')).toBe('port');
  expect(store.get('AS', 'https://a.example:8443')).toBeUndefined();
});

test('D6: createNonceStore() is bounded and forgets the server heard of least recently', () => {
  const store = createNonceStore({ maxEntries: 3 });
  for (const name of ['a', 'b', 'c', 'a', 'd']) store.put(entry('n', 1, `https://${name}.example`));
  expect(store.entries().map(({ origin }) => origin)).toEqual([
    'https://c.example',
    'https://a.example',
    'https://d.example',
  ]);
  expect(() => createNonceStore({ maxEntries: 0 })).toThrow(RangeError);
  expect(() => createNonceStore({ maxEntries: NaN })).toThrow(RangeError);
});

test('createNonceStore() goes on from the entries of an earlier store', () => {
  const before = createNonceStore();
  before.put(entry('n5', 5));
  const after = createNonceStore({ entries: JSON.parse(JSON.stringify(before.entries())) });
  after.put(entry('n4', 4));
  expect(after.get('RS', 'https://a.example')).toBe('n5');
});

test('createNonceStore() leaves out entries that are not ones', () => {
  const good = entry('n');
  const bad = [null, 5, {}, { ...good, role: 'XX' }, { ...good, nonce: 'a b' }, { ...good, nonce: 5 }, {
    ...good,
    atMs: 'now',
  }, { ...good, origin: null }];
  expect(createNonceStore({ entries: [...bad, good] as NonceEntry[] }).entries()).toEqual([good]);
});

test.each([
  ['!', true],
  ['~', true],
  ['eyJ7S_zG.eyJH0-Z.HX4w-7v', true],
  ['a,b', true],
  ['x'.repeat(1024), true],
  ['', false],
  ['a b', false],
  ['a"b', false],
  ['a\\b', false],
  ['a\nb', false],
  ['é', false],
  ['\u007f', false],
  ['x'.repeat(1025), false],
])(
  'isNonce(%j) is %s (RFC 9449 §8.1)',
  (text, expected) => {
    expect(isNonce(text)).toBe(expected);
  },
);
