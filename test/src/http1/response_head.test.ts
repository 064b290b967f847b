import { expect, test } from 'vitest';
import { createResponseDecoder } from '../../../src/http1/decoder.ts';
import type { ParsedResponse } from '../../../src/http1/message.ts';
import { checkStatusLine, isReason } from '../../../src/http1/response_head.ts';
import { latin1 } from '../../_lib/http1.ts';

function read(text: string): ParsedResponse {
  const decoder = createResponseDecoder();
  decoder.expect({ method: 'GET', upgrade: false });
  decoder.push(latin1(`${text}\r\n\r\n`));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  return event.message;
}

test('readResponseHead() reads a head, reason and duplicates included', () => {
  expect(read("HTTP/1.1 418 I'm a teapot\r\nSet-Cookie: a=b\r\nset-cookie: c=d\r\nContent-Length: 2")).toEqual({
    status: 418,
    reason: "I'm a teapot",
    minor: 1,
    fields: [['Set-Cookie', 'a=b'], ['set-cookie', 'c=d'], ['Content-Length', '2']],
    framing: { kind: 'length', length: 2 },
    keepAlive: true,
    interim: false,
    raw: expect.any(Uint8Array),
  });
});

test('readResponseHead() takes a missing reason', () => {
  expect(read('HTTP/1.1 200\r\nContent-Length: 0').reason).toBe('');
  expect(read('HTTP/1.1 200 \r\nContent-Length: 0').reason).toBe('');
});

test('X17: a bodiless answer that claims a body ends its connection', () => {
  expect(read('HTTP/1.1 204 No Content\r\nContent-Length: 5').keepAlive).toBe(false);
  expect(read('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked').keepAlive).toBe(false);
  expect(read('HTTP/1.1 204 No Content').keepAlive).toBe(true);
});

test.each(['', 'HTTP/1.1', 'HTTP/1.1 99', 'HTTP/1.1 200-', 'HTTP/1.1 1000', 'HTTP/2 200'])(
  'X17: checkStatusLine(%j) is refused',
  (line) => {
    expect(() => checkStatusLine(latin1(line), 0, line.length)).toThrow();
  },
);

test('X17: isReason() refuses what would begin a line', () => {
  for (const text of ['a\r', 'a\n', '\x00', '\u{100}', '\x1b']) expect(isReason(text)).toBe(false);
  for (const text of ['', 'OK', 'No\tway', '\xe4']) expect(isReason(text)).toBe(true);
});
