import { expect, test } from 'vitest';
import { Http1Error } from '../../../src/http1/error.ts';
import { readHttp2Request, readHttp2Response, readHttp2Trailers } from '../../../src/http1/from_http2.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';

const PSEUDO: HeaderPairs = [[':method', 'GET'], [':scheme', 'https'], [':authority', 'a.test'], [':path', '/p?q']];
const withFields = (...fields: HeaderPairs): HeaderPairs => [...PSEUDO, ...fields];
const replaced = (name: string, value?: string): HeaderPairs =>
  PSEUDO.flatMap((field) => field[0] !== name ? [field] : value === undefined ? [] : [[name, value] as const]);

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Http1Error) return error.code;
    throw error;
  }
  return 'fine';
}

test('readHttp2Request() makes the request that HTTP/1.1 would have had', () => {
  expect(readHttp2Request(withFields(['x-a', '1'], ['x-a', '2']), false)).toEqual({
    method: 'GET',
    target: { form: 'origin', path: '/p?q' },
    minor: 1,
    fields: [['host', 'a.test'], ['x-a', '1'], ['x-a', '2']],
    host: 'a.test',
    framing: { kind: 'none' },
    keepAlive: true,
    expectsContinue: false,
    upgrade: undefined,
  });
  expect(readHttp2Request([...replaced(':authority'), ['host', 'a.test']], false).host).toBe('a.test');
});

test('readHttp2Request() joins the crumbs of cookies where the first stood', () => {
  const fields = withFields(['cookie', 'a=1'], ['x-a', '1'], ['cookie', 'b=2'], ['cookie', 'c=3']);
  expect(readHttp2Request(fields, false).fields).toEqual([['host', 'a.test'], ['cookie', 'a=1; b=2; c=3'], [
    'x-a',
    '1',
  ]]);
});

test('readHttp2Request() gives a body without a length chunks', () => {
  expect(readHttp2Request(PSEUDO, true)).toMatchObject({
    framing: { kind: 'chunked' },
    fields: [['host', 'a.test'], ['transfer-encoding', 'chunked']],
  });
  expect(readHttp2Request(withFields(['content-length', '3'], ['expect', '100-continue']), true)).toMatchObject({
    framing: { kind: 'length', length: 3 },
    expectsContinue: true,
  });
  expect(readHttp2Request(withFields(['content-length', '0']), true).framing).toEqual({ kind: 'none' });
});

test.each(
  [
    ['misdirected', withFields(['host', 'b.test'])],
    ['misdirected', replaced(':scheme', 'http')],
    ['misdirected', replaced(':scheme')],
    ['host', replaced(':authority')],
    ['host', replaced(':authority', 'user@a.test')],
    ['host', withFields(['host', 'a.test'], ['host', 'a.test'])],
  ] as const,
)('H6: readHttp2Request() throws %s for %j', (code, fields) => {
  expect(codeOf(() => readHttp2Request(fields, false))).toBe(code);
});

test.each(['', 'a', '@evil/', '//evil/', '/\\evil', 'https://a.test/', '/a#b', '/a b', '/\n', '*', '/\x7f', '/\u0100'])(
  'H2: readHttp2Request() refuses the path %j',
  (path) => {
    expect(['target', 'character']).toContain(codeOf(() => readHttp2Request(replaced(':path', path), false)));
  },
);

test.each(
  [
    ['target', replaced(':method', 'CONNECT')],
    ['target', [...replaced(':method', 'CONNECT'), [':protocol', 'websocket']]],
    ['method', replaced(':method', 'G ET')],
    ['method', replaced(':method')],
    ['field', [...PSEUDO, [':path', '/']]],
    ['field', [...PSEUDO, [':status', '200']]],
    ['field', withFields(['x-a', '1'], [':late', '1'])],
    ['field', withFields(['X-A', '1'])],
    ['field', withFields(['', '1'])],
    ['field', withFields(['x a', '1'])],
    ['field', withFields(['connection', 'close'])],
    ['field', withFields(['transfer-encoding', 'chunked'])],
    ['field', withFields(['upgrade', 'h2c'])],
    ['field', withFields(['te', 'gzip'])],
    ['character', withFields(['x-a', 'a\r\nx: y'])],
    ['character', withFields(['x-a', 'a\0'])],
    ['character', withFields(['x-a', ' a'])],
    ['character', withFields(['x-a', '\u0100'])],
    ['length', withFields(['content-length', '3'])],
    ['length', withFields(['content-length', '3'], ['content-length', '3'])],
    ['length', withFields(['content-length', '+3'])],
    ['length', withFields(['content_length', '3'])],
    ['expectation', withFields(['expect', 'miracles'])],
    ['too_many_fields', withFields(...Array.from({ length: 100 }, (_, i) => [`x-${i}`, ''] as const))],
    ['head_too_large', withFields(['x-a', 'a'.repeat(65_536)])],
  ] as readonly (readonly [string, HeaderPairs])[],
)('X1: readHttp2Request() throws %s for %j', (code, fields) => {
  expect(codeOf(() => readHttp2Request(fields, false))).toBe(code);
});

test('readHttp2Response() frames an answer by its length, in chunks, or not at all', () => {
  const status = [':status', '200'] as const;
  expect(readHttp2Response([status, ['content-length', '3']], 'GET', true)).toMatchObject({
    status: 200,
    framing: { kind: 'length', length: 3 },
  });
  expect(readHttp2Response([status], 'GET', true)).toMatchObject({
    framing: { kind: 'chunked' },
    fields: [['transfer-encoding', 'chunked']],
  });
  expect(readHttp2Response([status], 'GET', false)).toMatchObject({
    framing: { kind: 'none' },
    fields: [['content-length', '0']],
  });
  expect(readHttp2Response([status, ['content-length', '3']], 'HEAD', false)).toMatchObject({
    framing: { kind: 'none' },
    fields: [['content-length', '3']],
  });
  expect(readHttp2Response([[':status', '103']], 'GET', true)).toMatchObject({ interim: true, fields: [] });
});

test.each(
  [
    ['status_line', []],
    ['status_line', [[':status', '2x0']]],
    ['status_line', [[':status', '099']]],
    ['framing', [[':status', '101']]],
    ['length', [[':status', '200'], ['content-length', '3']]],
    ['field', [[':status', '200'], ['connection', 'close']]],
    ['character', [[':status', '200'], ['x-a', 'a\nb']]],
  ] as readonly (readonly [string, HeaderPairs])[],
)('X17: readHttp2Response() throws %s for %j', (code, fields) => {
  expect(codeOf(() => readHttp2Response(fields, 'GET', false))).toBe(code);
});

test('readHttp2Trailers() refuses what may not be a trailer', () => {
  expect(readHttp2Trailers([['grpc-status', '0']])).toEqual([['grpc-status', '0']]);
  expect(codeOf(() => readHttp2Trailers([['authorization', 'x']]))).toBe('trailer');
  expect(codeOf(() => readHttp2Trailers([[':status', '200']]))).toBe('field');
  expect(codeOf(() => readHttp2Trailers(Array.from({ length: 33 }, (_, i) => [`x-${i}`, '1'])))).toBe(
    'too_many_fields',
  );
});
