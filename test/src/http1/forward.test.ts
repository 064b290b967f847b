import { expect, test } from 'vitest';
import { createRequestDecoder, createResponseDecoder } from '../../../src/http1/decoder.ts';
import { forwardRequestFields, forwardResponseFields, withFraming } from '../../../src/http1/forward.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { latin1 } from '../../_lib/http1.ts';

function forward(...lines: string[]): HeaderPairs {
  const decoder = createRequestDecoder();
  decoder.push(latin1(['GET / HTTP/1.1', 'Host: client.test', ...lines, '', ''].join('\r\n')));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  return forwardRequestFields(event.message, 'a.test').slice(1);
}

function answer(status: string, lines: string[], to: { minor: 0 | 1; keepAlive: boolean }): HeaderPairs {
  const decoder = createResponseDecoder();
  decoder.expect({ method: 'GET', upgrade: true });
  decoder.push(latin1([`HTTP/1.1 ${status}`, ...lines, '', ''].join('\r\n')));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  return forwardResponseFields(event.message, to);
}

test('H4: forwardRequestFields() writes the authority into Host where it stood', () => {
  const decoder = createRequestDecoder();
  decoder.push(latin1('GET / HTTP/1.1\r\nA: b\r\nHOST: evil.test\r\nC: d\r\n\r\n'));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  expect(forwardRequestFields(event.message, 'a.test')).toEqual([['A', 'b'], ['HOST', 'a.test'], ['C', 'd']]);
  expect(forwardRequestFields({ ...event.message, fields: [] }, 'a.test')).toEqual([['Host', 'a.test']]);
});

test.each([
  'Proxy-Authorization: Basic eA==',
  'proxy-authorization: x',
  'Proxy-Connection: keep-alive',
  'Proxy-Anything: x',
  'Connection: keep-alive',
  'Keep-Alive: timeout=5',
  'Upgrade: h2c',
  'HTTP2-Settings: AAMAAABkAAQ',
  'TE: gzip',
])('P5: forwardRequestFields() drops %s', (line) => {
  expect(forward(line)).toEqual([]);
});

test('X9: what Connection nominates is dropped before credentials are placed, and no nomination passes', () => {
  expect(forward('Connection: close, Authorization, cookie', 'authorization: mine', 'Cookie: mine', 'A: b')).toEqual([[
    'A',
    'b',
  ]]);
});

test('X9: a nomination cannot take away framing or Host', () => {
  expect(forward('Connection: host, content-length, transfer-encoding', 'Content-Length: 0')).toEqual([[
    'Content-Length',
    '0',
  ]]);
});

test('H19: a WebSocket upgrade passes, h2c does not', () => {
  expect(forward('Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: x')).toEqual([
    ['Sec-WebSocket-Key', 'x'],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
  ]);
  expect(forward('Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: x')).toEqual([]);
  expect(forward('Upgrade: websocket, h2c', 'Connection: Upgrade')).toEqual([]);
});

test('X7: the wish for trailers passes', () => {
  expect(forward('TE: gzip, trailers', 'Connection: TE')).toEqual([['TE', 'trailers'], ['Connection', 'TE']]);
});

test('X8: forwardResponseFields() keeps each Set-Cookie, order and case', () => {
  expect(
    answer('200 OK', ['Set-Cookie: a', 'X: y', 'set-cookie: b', 'Content-Length: 0'], { minor: 1, keepAlive: true }),
  )
    .toEqual([['Set-Cookie', 'a'], ['X', 'y'], ['set-cookie', 'b'], ['Content-Length', '0']]);
});

test('forwardResponseFields() drops fields of the connection and says its own', () => {
  const lines = [
    'Connection: close, X-Hop',
    'Keep-Alive: timeout=5',
    'X-Hop: 1',
    'Upgrade: h2',
    'Proxy-Authenticate: Basic',
  ];
  expect(answer('200 OK', lines, { minor: 1, keepAlive: true })).toEqual([]);
  expect(answer('200 OK', lines, { minor: 1, keepAlive: false })).toEqual([['Connection', 'close']]);
  expect(answer('200 OK', lines, { minor: 0, keepAlive: true })).toEqual([['Connection', 'keep-alive']]);
});

test('forwardResponseFields() keeps Upgrade where it is the answer', () => {
  const upgrade: [string, string][] = [['Upgrade', 'websocket'], ['Connection', 'Upgrade']];
  expect(
    answer('101 Switching Protocols', ['Upgrade: websocket', 'Connection: Upgrade'], { minor: 1, keepAlive: true }),
  ).toEqual(upgrade);
  expect(answer('426 Upgrade Required', ['Upgrade: websocket'], { minor: 1, keepAlive: true })).toEqual(upgrade);
});

test('X17: forwardResponseFields() claims no body where there is none', () => {
  for (const status of ['204 No Content', '103 Early Hints']) {
    for (const line of ['Content-Length: 5', 'Transfer-Encoding: chunked']) {
      expect(answer(status, [line], { minor: 1, keepAlive: true })).toEqual([]);
    }
  }
});

test('withFraming() replaces all framing, where it stood', () => {
  const fields = [['content-length', '5'], ['A', 'b'], ['Trailer', 'x'], ['Transfer-Encoding', 'chunked']] as const;
  expect(withFraming(fields, { kind: 'chunked' })).toEqual([['Transfer-Encoding', 'chunked'], ['A', 'b']]);
  expect(withFraming(fields, { kind: 'length', length: 7 })).toEqual([['content-length', '7'], ['A', 'b']]);
  expect(withFraming(fields, { kind: 'close' })).toEqual([['A', 'b']]);
  expect(withFraming([['A', 'b']], { kind: 'length', length: 7 })).toEqual([['A', 'b'], ['Content-Length', '7']]);
});

test('withFraming() leaves Trailer where trailers are written', () => {
  const fields = [['Trailer', 'x'], ['Content-Length', '1']] as const;
  expect(withFraming(fields, { kind: 'chunked' }, true)).toEqual([['Trailer', 'x'], ['Transfer-Encoding', 'chunked']]);
});
