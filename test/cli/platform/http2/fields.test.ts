import { expect, test } from 'vitest';
import { fromRawHeaders, toHeaders } from '../../../../cli/platform/http2/fields.ts';

test('fromRawHeaders() pairs names and values', () => {
  expect(fromRawHeaders([':status', '200', 'x-a', '1', 'x-a', '2'])).toEqual([[':status', '200'], ['x-a', '1'], [
    'x-a',
    '2',
  ]]);
});

test('X8: toHeaders() joins lines of one name, but never those of Set-Cookie', () => {
  const headers = toHeaders([['x-b', '1'], ['set-cookie', 'a=1'], ['x-a', '1'], ['x-b', '2'], ['set-cookie', 'b=2']]);
  expect(Object.entries(headers)).toEqual([['x-b', '1, 2'], ['set-cookie', ['a=1', 'b=2']], ['x-a', '1']]);
});

test('toHeaders() knows no inherited names', () => {
  expect(Object.entries(toHeaders([['constructor', '1'], ['__proto__', '2']]))).toEqual([
    ['constructor', '1'],
    ['__proto__', '2'],
  ]);
});
