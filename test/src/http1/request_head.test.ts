import { expect, test } from 'vitest';
import { createRequestDecoder } from '../../../src/http1/decoder.ts';
import type { ParsedRequest } from '../../../src/http1/message.ts';
import { checkRequestLine, isMethod } from '../../../src/http1/request_head.ts';
import { latin1 } from '../../_lib/http1.ts';

function read(...lines: string[]): ParsedRequest {
  const decoder = createRequestDecoder();
  decoder.push(latin1(`${lines.join('\r\n')}\r\n\r\n`));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  return event.message;
}

test('readRequestHead() reads a head', () => {
  expect(read('POST /a?b HTTP/1.1', 'Host: a.test', 'Content-Length: 5', 'Expect: 100-continue')).toEqual({
    method: 'POST',
    target: { form: 'origin', path: '/a?b' },
    minor: 1,
    fields: [['Host', 'a.test'], ['Content-Length', '5'], ['Expect', '100-continue']],
    host: 'a.test',
    framing: { kind: 'length', length: 5 },
    keepAlive: true,
    expectsContinue: true,
    upgrade: undefined,
  });
});

test('readRequestHead() sees an upgrade only when Connection nominates it', () => {
  expect(read('GET / HTTP/1.1', 'Host: a', 'Upgrade: WebSocket', 'Connection: keep-alive, Upgrade').upgrade).toBe(
    'websocket',
  );
  expect(read('GET / HTTP/1.1', 'Host: a', 'Upgrade: websocket').upgrade).toBeUndefined();
  expect(read('GET / HTTP/1.0', 'Upgrade: websocket', 'Connection: Upgrade').upgrade).toBeUndefined();
});

test('readRequestHead() does not wait to say 100 where there is no body, or nobody who knows it', () => {
  expect(read('GET / HTTP/1.1', 'Host: a', 'Expect: 100-continue').expectsContinue).toBe(false);
  expect(read('POST / HTTP/1.0', 'Expect: 100-continue', 'Content-Length: 1').expectsContinue).toBe(false);
});

test('X15: an HTTP/1.0 request needs no Host and ends its connection', () => {
  expect(read('GET / HTTP/1.0')).toMatchObject({ minor: 0, host: undefined, keepAlive: false });
});

test.each([['GET / HTTP/1.1'], ['M-SEARCH * HTTP/1.0'], ['a http://b/ HTTP/1.1']])(
  'checkRequestLine(%j) passes',
  (line) => {
    checkRequestLine(latin1(line), 0, line.length);
  },
);

test.each(['', ' ', 'GET', 'GET HTTP/1.1', ' HTTP/1.1', 'GET / HTTP/1.x', 'GET / HTTP/2.0'])(
  'X15: checkRequestLine(%j) is refused',
  (line) => {
    expect(() => checkRequestLine(latin1(line), 0, line.length)).toThrow();
  },
);

test('isMethod() tells methods from what cannot be one', () => {
  for (const method of ['GET', 'patch', 'M-SEARCH', 'UPDATEREDIRECTREF']) expect(isMethod(method)).toBe(true);
  for (const method of ['', 'A B', 'GET\r\n', 'G.T', 'X'.repeat(21)]) expect(isMethod(method)).toBe(false);
});
