import { expect, test } from 'vitest';
import { parseJsonPath, readJsonPath } from '../../../src/credential/json_path.ts';

const JSON_DATA = JSON.parse(`{
  "teams": {"T1": {"token": "xoxc-1"}},
  "items": [{"id": 7}, "second"],
  "odd name-1": {"@x": "odd"},
  "0": "zero",
  "empty": "", "no": false, "nothing": null, "list": ["a"], "huge": 1e999,
  "__proto__": {"x": "own"}, "own": {"constructor": "own", "length": 3}
}`);

test.each([
  ['teams.T1.token', 'xoxc-1'],
  ['items.0.id', 7],
  ['items[0].id', 7],
  ['items[1]', 'second'],
  ['odd name-1.@x', 'odd'],
  ['0', 'zero'],
])('readJsonPath() finds %s', (path, expected) => {
  expect(readJsonPath(JSON_DATA, path)).toBe(expected);
});

test.each([
  'missing',
  'teams.T2.token',
  'teams.T1.token.0',
  'teams.T1',
  'items',
  'items.2',
  'items.00',
  'items.-1',
  'items.map',
  'items.id',
  'empty',
  'no',
  'nothing',
  'nothing.x',
  'list',
  'huge',
  'toString',
  'hasOwnProperty',
  'teams.valueOf',
  'teams.T1.token.includes',
  '__defineGetter__',
])('C5: readJsonPath() refuses %s, at which no string or number of the data is', (path) => {
  expect(() => readJsonPath(JSON_DATA, path)).toThrow(expect.objectContaining({ code: 'E_EXTRACT' }));
});

test.each([
  '__proto__',
  '__proto__.x',
  'constructor',
  'constructor.prototype',
  'constructor.constructor',
  'teams.__proto__.polluted',
  'own.constructor',
  'own.length',
  'items.length',
  'teams.T1.token.length',
  'a.prototype.b',
])('C5: readJsonPath() refuses %s for its names', (path) => {
  expect(() => readJsonPath(JSON_DATA, path)).toThrow('is not a name of data');
});

test.each([
  '',
  '.',
  '.a',
  'a.',
  'a..b',
  'a[',
  'a[]',
  'a]',
  'a[x]',
  'a[-1]',
  'a["b"]',
  'a[0',
  '[0]a',
  'a[?(@.b)]',
  'a.\u0000',
  'a\nb',
  'a[9999999999]',
])('C5: parseJsonPath() refuses %j', (path) => {
  expect(() => parseJsonPath(path)).toThrow(expect.objectContaining({ code: 'E_EXTRACT' }));
});

test('C5: parseJsonPath() caps length and depth, at once', () => {
  const start = performance.now();
  expect(() => parseJsonPath('a'.repeat(257))).toThrow('longer than 256');
  expect(() => parseJsonPath(Array(33).fill('a').join('.'))).toThrow('deeper than 32');
  expect(() => parseJsonPath('a.'.repeat(10_000_000))).toThrow('longer than 256');
  expect(parseJsonPath(Array(32).fill('a').join('.'))).toHaveLength(32);
  expect(performance.now() - start).toBeLessThan(1000);
});

test.each([['a string', 'text'], ['null', null], ['nothing', undefined], ['a number', 1]])(
  'readJsonPath() finds nothing in %s',
  (_name, json) => {
    expect(() => readJsonPath(json, 'a')).toThrow('Nothing is at "a"');
  },
);

test('C5: readJsonPath() calls no getter and leaves the prototype alone', () => {
  let isCalled = false;
  const data = Object.defineProperty({}, 'a', { get: () => (isCalled = true) });
  expect(() => readJsonPath(data, 'a')).toThrow('Nothing is at');
  expect(isCalled).toBe(false);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

test('readJsonPath() keeps values and control characters out of its messages', () => {
  expect(() => readJsonPath({ token: { secret: 'canary' } }, 'token')).toThrow(/^No string or number is at "token"$/);
  expect(() => parseJsonPath('a\u001b[2J')).toThrow(/\\u001b\[2J/);
});
