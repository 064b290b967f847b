import { expect, test } from 'vitest';
import { writeChunk, writeLastChunk, writeRequestHead, writeResponseHead } from '../../../src/http1/write.ts';
import { markRepeated } from '../../../src/target/repeated.ts';
import { decodeRequests, fromLatin1, latin1 } from '../../_lib/http1.ts';

test('writeRequestHead() writes order, case, duplicates and latin-1', () => {
  const head = writeRequestHead('POST', '/a?b', [['Host', 'a.test'], ['x-A', '\xe4\x80'], ['X-a', '2'], ['E', '']]);
  expect(fromLatin1(head)).toBe('POST /a?b HTTP/1.1\r\nHost: a.test\r\nx-A: \xe4\x80\r\nX-a: 2\r\nE: \r\n\r\n');
});

test('writeResponseHead() writes a reason, or none', () => {
  expect(fromLatin1(writeResponseHead(200, 'OK', [['A', 'b']]))).toBe('HTTP/1.1 200 OK\r\nA: b\r\n\r\n');
  expect(fromLatin1(writeResponseHead(599, '', []))).toBe('HTTP/1.1 599 \r\n\r\n');
});

const CANARY = 'canary-7c1f';

test.each(['\r', '\n', '\r\nX: y', '\x00', '\x0b', '\x1b', '\x7f', '\u{100}', '\u{1F600}', '\u{2028}', '\ud800'])(
  'X11: a value with %j is not written, and not shown',
  (bad) => {
    for (const value of [`${CANARY}${bad}`, `${bad}${CANARY}`, `a${bad}b ${CANARY}`]) {
      expect.assertions(12);
      try {
        writeRequestHead('GET', '/', [['Authorization', value]]);
      } catch (error) {
        expect(error).toMatchObject({ code: 'unwritable', status: 502 });
        expect(String(error)).toContain('"Authorization"');
        expect(String(error)).not.toContain(CANARY);
        expect(String(error)).not.toContain(bad);
      }
    }
  },
);

test.each(['', 'A b', 'A:', 'A\r\nB', 'A\x00', 'ä', '\u{100}'])('X11: field name %j is not written', (name) => {
  expect(() => writeRequestHead('GET', '/', [[name, 'x']])).toThrow('a field name is not one');
});

test.each([
  ['GET /', '/'],
  ['', '/'],
  ['GET\r\n', '/'],
  ['GET', ''],
  ['GET', '/ x'],
  ['GET', '/\r\nA: b'],
  ['GET', '/\x00'],
  ['GET', '/ä'],
  ['GET', '/#a'],
])('X11: request line %j %j is not written', (method, target) => {
  expect(() => writeRequestHead(method, target, [])).toThrow(/method|target/);
});

test('X17: a reason that begins a line is not written', () => {
  expect(() => writeResponseHead(200, 'OK\r\nA: b', [])).toThrow('reason');
  expect(() => writeResponseHead(99, 'OK', [])).toThrow(RangeError);
});

test('writeChunk() and writeLastChunk() write what decodes again', () => {
  const bytes = [
    writeChunk(latin1('hello')),
    writeChunk(new Uint8Array(0)),
    writeChunk(new Uint8Array(300)),
    writeLastChunk([['X', 'y']]),
  ];
  const head = latin1('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  expect(decodeRequests([head, ...bytes]).messages).toEqual([`POST / hello${'\x00'.repeat(300)}`]);
  expect(fromLatin1(writeLastChunk())).toBe('0\r\n\r\n');
  expect(() => writeLastChunk([['Host', 'x']])).toThrow('cannot be a trailer');
});

test('writeRequestHead() writes fields that come again as it wrote them first', () => {
  const fields = [['Host', 'a.test'], ['x-A', '\xe4\x80'], ['E', '']] as const;
  const first = fromLatin1(writeRequestHead('POST', '/a?b', fields));
  markRepeated(fields);
  for (let i = 0; i < 3; i++) expect(fromLatin1(writeRequestHead('POST', '/a?b', fields))).toBe(first);
  expect(fromLatin1(writeRequestHead('GET', '/', fields))).toBe(first.replace('POST /a?b', 'GET /'));
});

test('X11: writeRequestHead() refuses fields that come again each time', () => {
  const fields = [['Host', 'a.test'], ['Authorization', 'a\r\nX: y']] as const;
  markRepeated(fields);
  for (let i = 0; i < 3; i++) expect(() => writeRequestHead('GET', '/', fields)).toThrow('"Authorization"');
  const good = [['A', 'b']] as const;
  markRepeated(good);
  for (let i = 0; i < 3; i++) expect(() => writeRequestHead('GET', '/ \r\n', good)).toThrow('request target');
});
