import { expect, test } from 'vitest';
import { frameRequest, frameResponse, outlives, readFramingFields } from '../../../src/http1/framing.ts';
import { REQUEST_LIMITS, RESPONSE_LIMITS } from '../../../src/http1/limits.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';

function response(method: string, status: number, fields: HeaderPairs, upgrade = false): string {
  return frameResponse(method, upgrade, status, readFramingFields(fields, 1), RESPONSE_LIMITS).kind;
}

const FIVE: HeaderPairs = [['Content-Length', '5']];
const CHUNKED: HeaderPairs = [['Transfer-Encoding', 'chunked']];

test('frameResponse() follows RFC 9112 §6.3', () => {
  expect(response('GET', 200, FIVE)).toBe('length');
  expect(response('GET', 200, CHUNKED)).toBe('chunked');
  expect(response('GET', 200, [])).toBe('close');
  expect(response('GET', 200, [['Content-Length', '0']])).toBe('none');
  for (const status of [100, 103, 204, 304]) expect(response('GET', status, FIVE)).toBe('none');
  for (const fields of [FIVE, CHUNKED, []]) expect(response('HEAD', 200, fields)).toBe('none');
  for (const fields of [FIVE, CHUNKED, []]) expect(response('CONNECT', 200, fields)).toBe('tunnel');
  expect(response('CONNECT', 403, FIVE)).toBe('length');
  expect(response('GET', 101, [], true)).toBe('tunnel');
  expect(() => response('GET', 101, [])).toThrow('switches protocols');
});

test('frameRequest() has no body without a field', () => {
  expect(frameRequest('POST', readFramingFields([], 1), REQUEST_LIMITS).kind).toBe('none');
  expect(frameRequest('GET', readFramingFields(CHUNKED, 1), REQUEST_LIMITS).kind).toBe('chunked');
});

test.each([[FIVE], [CHUNKED], [[['Content-Length', '0']] as HeaderPairs]])(
  'X4: CONNECT with %j is refused',
  (fields) => {
    expect(() => frameRequest('CONNECT', readFramingFields(fields, 1), REQUEST_LIMITS)).toThrow('CONNECT has no body');
  },
);

test.each([
  [1, [], true],
  [1, [['Connection', 'close']], false],
  [1, [['Connection', 'x, CLOSE']], false],
  [1, [['Connection', 'x'], ['Connection', 'close']], false],
  [0, [], false],
  [0, [['Connection', 'Keep-Alive']], true],
  [0, [['Connection', 'keep-alive, close']], false],
] as [0 | 1, HeaderPairs, boolean][])('outlives() of HTTP/1.%i with %j is %s', (minor, fields, expected) => {
  expect(outlives(readFramingFields(fields, minor), minor, { kind: 'none' })).toBe(expected);
  expect(outlives(readFramingFields(fields, minor), minor, { kind: 'close' })).toBe(false);
});
