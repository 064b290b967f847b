import { expect, test } from 'vitest';
import { toHttp2Fields } from '../../../src/http1/to_http2.ts';

test('toHttp2Fields() keeps the order, and leaves out what speaks of a connection', () => {
  expect(toHttp2Fields([
    ['X-B', '1'],
    ['Connection', 'TE'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Connection', 'keep-alive'],
    ['Transfer-Encoding', 'chunked'],
    ['Upgrade', 'h2c'],
    ['HTTP2-Settings', 'AAMAAABkAAQAAP__'],
    ['TE', 'trailers'],
    ['X-A', 'Caf\xe9'],
    ['X-B', '2'],
  ])).toEqual([['x-b', '1'], ['te', 'trailers'], ['x-a', 'Caf\xe9'], ['x-b', '2']]);
  expect(toHttp2Fields([['TE', 'gzip']])).toEqual([]);
});
