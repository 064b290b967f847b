import { expect, test } from 'vitest';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { isRepeated, markRepeated, rememberRepeated } from '../../../src/target/repeated.ts';

test('isRepeated() goes by identity, not by what the pairs say', () => {
  const fields: HeaderPairs = [['A', 'b']];
  expect(isRepeated(fields)).toBe(false);
  markRepeated(fields);
  expect(isRepeated(fields)).toBe(true);
  expect(isRepeated([...fields])).toBe(false);
});

test('rememberRepeated() makes anew what has not come twice', () => {
  const fields: HeaderPairs = [['A', 'b']];
  const twice = rememberRepeated((its, value: string) => [...its, ['B', value]]);
  expect(twice(fields, 'c')).toEqual([['A', 'b'], ['B', 'c']]);
  expect(twice(fields, 'c')).not.toBe(twice(fields, 'c'));
  expect(isRepeated(twice(fields, 'c'))).toBe(false);
});

test('rememberRepeated() gives the same pairs for the same pairs, and for nothing else', () => {
  const fields: HeaderPairs = [['A', 'b']];
  markRepeated(fields);
  const remember = rememberRepeated((its, value: string) => [...its, ['B', value]]);
  const made = remember(fields, 'c');
  expect(remember(fields, 'c')).toBe(made);
  expect(isRepeated(made)).toBe(true);
  expect(remember(fields, 'd')).toEqual([['A', 'b'], ['B', 'd']]);
  expect(remember(fields, 'c')).toEqual(made);
  expect(remember([['A', 'b']], 'c')).not.toBe(made);
});
