import { expect, test } from 'vitest';
import type { AllowRule } from '../../../src/config/config.ts';
import { areDisjoint, isAllowed } from '../../../src/provider/allow.ts';

const rule = (text: string): AllowRule => {
  const [first, second] = text.split(' ');
  return second === undefined ? { path: first! } : { methods: first!.split(','), path: second };
};

test('isAllowed() without a list allows everything, with an empty one nothing', () => {
  expect(isAllowed(undefined, 'DELETE', '/x')).toBe(true);
  expect(isAllowed([], 'GET', '/x')).toBe(false);
});

test.each([
  ['/a', 'GET', '/a'],
  ['/a', 'DELETE', '/a'],
  ['GET /a', 'GET', '/a'],
  ['GET /a', 'HEAD', '/a'],
  ['GET,POST /a', 'POST', '/a'],
  ['/', 'GET', '/'],
  ['/**', 'GET', '/'],
  ['/**', 'GET', '/a/b/c'],
  ['/a/**', 'GET', '/a'],
  ['/a/**', 'GET', '/a/'],
  ['/a/**', 'GET', '/a/b/c'],
  ['/a/*', 'GET', '/a/b'],
  ['/a/*/c', 'GET', '/a/b/c'],
  ['/a/x*y', 'GET', '/a/xy'],
  ['/a/x*y', 'GET', '/a/x12y'],
  ['/a/*-*', 'GET', '/a/PROJ-1'],
  ['/a/*b*b', 'GET', '/a/bb'],
  ['/a%20b', 'GET', '/a%20b'],
])('isAllowed() by %s allows %s %s', (text, method, path) => {
  expect(isAllowed([rule(text)], method, path)).toBe(true);
});

test.each([
  ['/a', 'GET', '/A'],
  ['/a', 'GET', '/a/'],
  ['/a', 'GET', '/ab'],
  ['/a', 'GET', '/'],
  ['/a/', 'GET', '/a'],
  ['GET /a', 'get', '/a'],
  ['GET /a', 'POST', '/a'],
  ['HEAD /a', 'GET', '/a'],
  ['/a/*', 'GET', '/a'],
  ['/a/*', 'GET', '/a/b/c'],
  ['/a/**', 'GET', '/ab'],
  ['/a/**', 'GET', '/b/a'],
  ['/a/x*y', 'GET', '/a/x'],
  ['/a/x*x', 'GET', '/a/x'],
  ['/a/*b*b', 'GET', '/a/b'],
  ['/a/*', 'GET', '/a/b?c/d/e'],
])('isAllowed() by %s refuses %s %s', (text, method, path) => {
  expect(isAllowed([rule(text)], method, path)).toBe(false);
});

test.each([
  '/a/../secret',
  '/a/./b',
  '/a/..',
  '/a/.',
  '/a//b',
  '//a/b',
  '/a/%2e%2e/b',
  '/a/%2E/b',
  '/a%2fb',
  '/a%2Fb',
  '/a%5cb',
  '/a\\b',
  '/a/..%2fb',
])('isAllowed() trusts no rule with the path %s, which servers read differently', (path) => {
  expect(isAllowed([{ path: '/**' }], 'GET', path)).toBe(false);
  expect(isAllowed([{ path }], 'GET', path)).toBe(false);
});

test.each([
  ['/a', '/b'],
  ['/a', '/a/b'],
  ['/a/**', '/b/**'],
  ['/a/*', '/b/*'],
  ['/a/*', '/a'],
  ['/a/x*', '/a/y*'],
  ['/a/*x', '/a/*y'],
  ['/a/*/c', '/a/*/d'],
  ['/a/b/**', '/a/c'],
  ['/a/b/**', '/a'],
  ['GET /a', 'POST /a'],
  ['GET,PUT /a', 'POST,DELETE /a'],
])('areDisjoint(%j, %j)', (a, b) => {
  expect(areDisjoint(rule(a), rule(b))).toBe(true);
  expect(areDisjoint(rule(b), rule(a))).toBe(true);
});

test.each([
  ['/a', '/a'],
  ['/**', '/a'],
  ['/a/**', '/a'],
  ['/a/**', '/a/b/**'],
  ['/a/*', '/a/b'],
  ['/a/*', '/*/b'],
  ['/a/x*', '/a/*y'],
  ['/a/x*', '/a/xy*'],
  ['/a/*', '/a/**'],
  ['GET /a', '/a'],
  ['GET /a', 'GET,POST /a'],
  ['GET /a', 'HEAD /a'],
])('H16: areDisjoint(%j, %j) is false', (a, b) => {
  expect(areDisjoint(rule(a), rule(b))).toBe(false);
  expect(areDisjoint(rule(b), rule(a))).toBe(false);
});

test('H16: rules called disjoint never allow one request both, over all short rules and paths', () => {
  const segments = ['a', 'b', 'ab', '*', 'a*', '*b', '**'];
  const paths = segments.flatMap((x) =>
    x === '**' ? ['/**'] : [`/${x}`, ...segments.map((y) => `/${x}/${y}`), ...segments.map((y) => `/a/${x}/${y}`)]
  );
  const methods = [undefined, ['GET'], ['HEAD'], ['POST']];
  const rules: AllowRule[] = paths.map((path, i) => {
    const list = methods[i % methods.length];
    return list === undefined ? { path } : { path, methods: list };
  });
  const words = ['', 'a', 'b', 'ab', 'aab', 'ba'];
  const requests = words.flatMap((
    x,
  ) => [`/${x}`, ...words.flatMap((y) => [`/${x}/${y}`, ...words.map((z) => `/${x}/${y}/${z}`)])]);
  const allowed = rules.map((one) =>
    new Set(
      ['GET', 'HEAD', 'POST'].flatMap((method) =>
        requests.filter((path) => isAllowed([one], method, path)).map((path) => `${method} ${path}`)
      ),
    )
  );
  for (const [i, a] of rules.entries()) {
    for (const [j, b] of rules.entries()) {
      const shared = [...allowed[i]!].find((request) => allowed[j]!.has(request));
      if (shared !== undefined) expect(areDisjoint(a, b), `${JSON.stringify([a, b])} ${shared}`).toBe(false);
    }
  }
});
