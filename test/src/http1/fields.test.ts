import { expect, test } from 'vitest';
import { findField, listField } from '../../../src/http1/fields.ts';

const FIELDS = [['Connection', 'close, X-A'], ['connection', ',TE ,'], ['A', '1'], ['a', '2']] as const;

test('findField() is the first of that name, in any case', () => {
  expect(findField(FIELDS, 'a')).toBe('1');
  expect(findField(FIELDS, 'b')).toBeUndefined();
});

test('listField() joins all lines, in lower case, without empty members', () => {
  expect(listField(FIELDS, 'connection')).toEqual(['close', 'x-a', 'te']);
  expect(listField(FIELDS, 'te')).toEqual([]);
});
