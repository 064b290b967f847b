import { expect, test } from 'vitest';
import { createRequestDecoder, createResponseDecoder } from '../../../src/http1/decoder.ts';
import { createRandom, cut, decodeRequests, decodeResponses, latin1 } from '../../_lib/http1.ts';
import { REQUEST_CASES } from '../../vector/http1_request.ts';
import { RESPONSE_CASES } from '../../vector/http1_response.ts';

test('the tables hold 250 cases and more', () => {
  expect(REQUEST_CASES.length).toBeGreaterThan(250);
  expect(RESPONSE_CASES.length).toBeGreaterThan(70);
});

test.each(REQUEST_CASES.map((item) => [item.name.slice(0, 120), item] as const))('%s', (_name, item) => {
  const decoded = decodeRequests([latin1(item.text)]);
  expect(decoded.refused).toBe(item.refused);
  if (item.requests) expect(decoded.messages).toEqual(item.requests);
  // A refused request is not also a request.
  else expect(decoded.messages).toEqual([]);
});

test.each(RESPONSE_CASES.map((item) => [item.name.slice(0, 120), item] as const))('%s', (_name, item) => {
  const decoded = decodeResponses(item, [latin1(item.text)]);
  expect(decoded.refused).toBe(item.refused);
  if (item.responses) expect(decoded.messages).toEqual(item.responses);
});

test('every request case reads the same however its bytes are split', () => {
  const random = createRandom(1);
  for (const item of REQUEST_CASES) {
    const bytes = latin1(item.text);
    const whole = decodeRequests([bytes]);
    const positions = bytes.length < 300
      ? Array.from({ length: bytes.length }, (_, i) => [i])
      : Array.from({ length: 20 }, () => [Math.floor(random() * bytes.length)]);
    // Byte by byte, too.
    if (bytes.length < 8000) positions.push(Array.from({ length: bytes.length }, (_, i) => i));
    for (const where of positions) expect(decodeRequests(cut(bytes, where)), item.name).toEqual(whole);
  }
});

test('every response case reads the same however its bytes are split', () => {
  const random = createRandom(2);
  for (const item of RESPONSE_CASES) {
    const bytes = latin1(item.text);
    const whole = decodeResponses(item, [bytes]);
    const positions = bytes.length < 300
      ? Array.from({ length: bytes.length }, (_, i) => [i])
      : Array.from({ length: 20 }, () => [Math.floor(random() * bytes.length)]);
    if (bytes.length < 8000) positions.push(Array.from({ length: bytes.length }, (_, i) => i));
    for (const where of positions) expect(decodeResponses(item, cut(bytes, where)), item.name).toEqual(whole);
  }
});

test('X6: the framing of a chunked body passes untouched, for every split', () => {
  const framing = '00000005;a=b\r\nhello\r\n1\r\n\n\r\n0;z\r\nX-Sum: 1\r\n\r\n';
  const bytes = latin1(`POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n${framing}`);
  for (let i = 0; i < bytes.length; i++) {
    for (let j = i; j < bytes.length; j += 7) {
      expect(decodeRequests(cut(bytes, [i, j]), true).messages).toEqual([`POST / ${framing}`]);
    }
  }
});

test('next() leaves pipelined requests unread until it is asked again', () => {
  const decoder = createRequestDecoder();
  decoder.push(latin1('GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: a.test\r\n\r\nGE'));
  expect(decoder.next()).toMatchObject({ kind: 'head', message: { target: { path: '/1' } } });
  expect(decoder.busy).toBe(true);
  expect(decoder.next()).toEqual({ kind: 'end', trailers: [] });
  expect(decoder.busy).toBe(false);
  expect(decoder.next()).toMatchObject({ kind: 'head', message: { target: { path: '/2' } } });
  expect(decoder.next()).toMatchObject({ kind: 'end' });
  expect(decoder.next()).toBeUndefined();
});

test('P12: what follows a CONNECT request is never read as a request', () => {
  const decoder = createRequestDecoder();
  const smuggled = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
  decoder.push(latin1(`CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n${smuggled}`));
  expect(decoder.next()).toMatchObject({ kind: 'head', message: { framing: { kind: 'tunnel' }, keepAlive: false } });
  expect(decoder.next()).toBeUndefined();
  expect(decoder.rest()).toEqual(latin1(smuggled));
});

test('heads keep order, case, duplicates and latin-1', () => {
  const decoder = createRequestDecoder();
  decoder.push(latin1('GET / HTTP/1.1\r\nhOsT: a.test\r\nX-B: \xe4\x85\r\nx-a:1\r\nX-A: \t2\t \r\nEmpty:\r\n\r\n'));
  expect(decoder.next()).toMatchObject({
    message: { fields: [['hOsT', 'a.test'], ['X-B', '\xe4\x85'], ['x-a', '1'], ['X-A', '2'], ['Empty', '']] },
  });
});

test('trailers are read', () => {
  const decoder = createRequestDecoder();
  decoder.push(latin1('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-B: 1\r\nx-a: 2\r\n\r\n'));
  decoder.next();
  expect(decoder.next()).toMatchObject({ kind: 'body' });
  expect(decoder.next()).toEqual({ kind: 'end', trailers: [['X-B', '1'], ['x-a', '2']] });
});

test('P11: a body longer than allowed is refused, whatever its framing', () => {
  const limits = { maxHeadBytes: 1000, maxFields: 10, maxBodyBytes: 4 };
  const decode = (text: string) => {
    const decoder = createRequestDecoder(limits);
    decoder.push(latin1(`POST / HTTP/1.1\r\nHost: a\r\n${text}`));
    while (decoder.next());
  };
  expect(() => decode('Content-Length: 5\r\n\r\n')).toThrow('the body is longer than allowed');
  expect(() => decode('Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\n')).toThrow(
    'the body is longer than allowed',
  );
  const response = createResponseDecoder(limits);
  response.expect({ method: 'GET', upgrade: false });
  response.push(latin1('HTTP/1.1 200 OK\r\n\r\nhello'));
  response.next();
  expect(() => response.next()).toThrow('the body is longer than allowed');
});

test('expect() refuses a second request before the first is answered', () => {
  const decoder = createResponseDecoder();
  decoder.expect({ method: 'GET', upgrade: false });
  expect(() => decoder.expect({ method: 'GET', upgrade: false })).toThrow(TypeError);
});

test('finish() within a head or a body is a truncated message', () => {
  for (
    const text of ['GET', 'GET / HTTP/1.1\r\nHost: a\r\n', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na']
  ) {
    const decoder = createRequestDecoder();
    decoder.push(latin1(text));
    decoder.finish();
    expect(() => {
      while (decoder.next());
    }, text).toThrow('the connection ended within the message');
  }
});

test('finish() between messages is the end', () => {
  const decoder = createRequestDecoder();
  decoder.finish();
  expect(decoder.next()).toBeUndefined();
});
