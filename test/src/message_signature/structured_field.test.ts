import { expect, test } from 'vitest';
import { isInnerList } from '../../../src/message_signature/structured_field.ts';

test('isInnerList() tells lists from items', () => {
  expect(isInnerList({ items: [], params: new Map() })).toBe(true);
  expect(isInnerList({ value: 1, params: new Map() })).toBe(false);
});
