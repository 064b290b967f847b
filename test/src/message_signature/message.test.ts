import { expect, test } from 'vitest';
import { fieldOf, linesOf } from '../../../src/message_signature/message.ts';

test('linesOf() finds every line, in order, whatever the case of its name', () => {
  const pairs = [['X-A', ' 1 '], ['x-b', '2'], ['x-a', '\t3']] as const;
  expect(linesOf(pairs, 'x-a')).toEqual(['1', '3']);
  expect(fieldOf(pairs, 'x-a')).toBe('1, 3');
  expect(fieldOf(new Headers(pairs as unknown as [string, string][]), 'x-a')).toBe('1, 3');
});

test('linesOf() tells an empty field from none', () => {
  expect(linesOf([['x-a', '']], 'x-a')).toEqual(['']);
  expect(fieldOf(new Headers({ 'x-a': '' }), 'x-a')).toBe('');
  for (const fields of [undefined, [], new Headers()]) expect(linesOf(fields, 'x-a')).toBeUndefined();
});

test('linesOf() unfolds lines (RFC 9421 §2.1)', () => {
  expect(linesOf([['x-a', 'one \r\n\t two\n three']], 'x-a')).toEqual(['one two three']);
});
