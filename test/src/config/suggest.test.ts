import { expect, test } from 'vitest';
import { editDistance, suggest } from '../../../src/config/suggest.ts';

test.each([
  ['domian', 'domains'],
  ['domain', 'domains'],
  ['Domains', 'domains'],
  ['strategie', 'strategy'],
  ['stratgy', 'strategy'],
  ['nmae', 'name'],
  ['validate', undefined],
  ['validateU', 'validateUrl'],
  ['tll', 'ttl'],
  ['name', 'name'],
])('suggest(%j) is %j', (word, meant) => {
  expect(suggest(word, ['name', 'domains', 'strategy', 'validateUrl', 'validateRule', 'ttl'])).toBe(meant);
});

test.each(['', 'x', 'zz', 'foo', '__proto__', 'constructor', '\u202e', 'a'.repeat(100_000)])(
  'suggest(%j) finds nothing close',
  (word) => {
    expect(suggest(word, ['in', 'name', 'domains', 'strategy'])).toBeUndefined();
  },
);

test('suggest() prefers the closest candidate, then the first', () => {
  expect(suggest('statu', ['start', 'status', 'stats'])).toBe('status');
  expect(suggest('ab', ['abx', 'aby'])).toBe('abx');
});

test('suggest() completes a beginning only when one candidate has it', () => {
  expect(suggest('comp', ['completion', 'doctor'])).toBe('completion');
  expect(suggest('valid', ['validateUrl', 'validateRule'])).toBeUndefined();
});

/** The definition, without any cleverness: fewest edits by trying all. */
function slowDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const costs = [
    slowDistance(a.slice(1), b) + 1,
    slowDistance(a, b.slice(1)) + 1,
    slowDistance(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
  ];
  if (a.length > 1 && a[0] === b[1] && a[1] === b[0]) costs.push(slowDistance(a.slice(2), b.slice(2)) + 1);
  return Math.min(...costs);
}

test('editDistance() agrees with its definition on all short words over two letters', () => {
  const words = Array.from({ length: 31 }, (_, i) => (i + 1).toString(2).slice(1));
  for (const a of words) {
    for (const b of words) expect(editDistance(a, b), `${a} ${b}`).toBe(slowDistance(a, b));
  }
});
