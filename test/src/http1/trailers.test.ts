import { expect, test } from 'vitest';
import { createHeadScan, scanHead } from '../../../src/http1/head_scan.ts';
import { TRAILER_LIMITS } from '../../../src/http1/limits.ts';
import { checkTrailers, readTrailers } from '../../../src/http1/trailers.ts';
import { latin1 } from '../../_lib/http1.ts';

test('readTrailers() reads fields', () => {
  const bytes = latin1('X-Sum: 1\r\ngrpc-status: 0\r\n\r\n');
  const scan = createHeadScan('trailers');
  scanHead(scan, bytes, 0, bytes.length, TRAILER_LIMITS, () => {});
  expect(readTrailers(scan, bytes, 0)).toEqual([['X-Sum', '1'], ['grpc-status', '0']]);
});

test.each(['Content-Length', 'transfer-encoding', 'HOST', 'Authorization', 'Cookie', 'Set_Cookie', 'Connection'])(
  'X1: checkTrailers() refuses %s',
  (name) => {
    expect(() => checkTrailers([['X-A', '1'], [name, 'x']])).toThrow(`field "${name}" cannot be a trailer`);
  },
);
