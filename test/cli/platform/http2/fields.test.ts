import { expect, test } from 'vitest';
import { fromRawHeaders, sendTrailers, toHeaders } from '../../../../cli/platform/http2/fields.ts';

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

test('P8: sendTrailers() resets a stream whose trailers cannot be sent', () => {
  const reasons: string[] = [];
  const stream = {
    sendTrailers() {
      throw new TypeError('closed');
    },
    destroy: (error: Error) => reasons.push(error.message),
  };
  sendTrailers(stream as never, [['x-a', '1']]);
  expect(reasons).toEqual(['The trailers cannot be sent']);
});
