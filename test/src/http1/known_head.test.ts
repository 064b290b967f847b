import { expect, test } from 'vitest';
import { createRequestDecoder } from '../../../src/http1/decoder.ts';
import { Http1Error } from '../../../src/http1/error.ts';
import { createKnownHead, findKnownBlock, isKnownLine, keepBlock, keepLine } from '../../../src/http1/known_head.ts';
import type { ParsedRequest } from '../../../src/http1/message.ts';
import { isRepeated } from '../../../src/target/repeated.ts';
import { createRandom, cut, latin1 } from '../../_lib/http1.ts';
import { REQUEST_CASES } from '../../vector/http1_request.ts';

const FIELDS = 'Host: a.test\r\nAccept: */*\r\nX-Id: 1\r\n\r\n';

/** The heads of requests on one connection. */
function readHeads(...texts: string[]): ParsedRequest[] {
  const decoder = createRequestDecoder();
  return texts.map((text) => {
    decoder.push(latin1(text));
    const event = decoder.next();
    if (event?.kind !== 'head') throw new Error('no head');
    while (decoder.next()?.kind === 'body');
    return event.message;
  });
}

/** The head that follows others on a connection, or why it is refused. */
function readAfter(before: readonly string[], bytes: readonly Uint8Array[]): unknown {
  const decoder = createRequestDecoder();
  for (const text of before) {
    decoder.push(latin1(text));
    while (decoder.next()?.kind !== 'end');
  }
  try {
    for (const piece of bytes) {
      decoder.push(piece);
      const event = decoder.next();
      if (event) return event;
    }
    return undefined;
  } catch (error) {
    if (error instanceof Http1Error) return error.code;
    throw error;
  }
}

test('findKnownBlock() knows nothing before something is kept', () => {
  const known = createKnownHead();
  expect(findKnownBlock(known, latin1(FIELDS), 0, FIELDS.length)).toBe(0);
  expect(isKnownLine(known, latin1(''), 0, 0)).toBe(false);
});

test('findKnownBlock() finds the same bytes only, and all of them', () => {
  const known = createKnownHead();
  const [message] = readHeads(`GET / HTTP/1.1\r\n${FIELDS}`);
  const bytes = latin1(`..${FIELDS}..`);
  const end = FIELDS.length + 2;
  expect(keepBlock(known, bytes, 2, end)).toBe(true);
  expect(findKnownBlock(known, bytes, 2, end)).toBe(0);
  keepLine(known, message!, latin1('GET / HTTP/1.1'), 0, 14);
  expect(findKnownBlock(known, bytes, 2, bytes.length)).toBe(FIELDS.length);
  expect(findKnownBlock(known, bytes, 2, end)).toBe(FIELDS.length);
  expect(findKnownBlock(known, bytes, 2, end - 1)).toBe(0);
  for (let i = 2; i < end; i++) {
    const other = bytes.slice();
    other[i]! ^= 0x20;
    expect(findKnownBlock(known, other, 2, end), String(i)).toBe(0);
  }
  expect(isKnownLine(known, latin1('GET / HTTP/1.1'), 0, 14)).toBe(true);
  expect(isKnownLine(known, latin1('GET / HTTP/1.0'), 0, 14)).toBe(false);
  expect(isKnownLine(known, latin1('GET / HTTP/1.'), 0, 13)).toBe(false);
});

test('keepBlock() and keepLine() keep no more than 4 KiB', () => {
  const known = createKnownHead();
  const [message] = readHeads(`GET / HTTP/1.1\r\n${FIELDS}`);
  const long = new Uint8Array(4_097).fill(65);
  expect(keepBlock(known, long, 0, 4_096)).toBe(true);
  keepLine(known, message!, long, 0, 4_097);
  expect(isKnownLine(known, long, 0, 4_097)).toBe(false);
  expect(keepBlock(known, long, 0, 4_097)).toBe(false);
  expect(findKnownBlock(known, long, 0, 4_097)).toBe(0);
});

test('a request whose fields come again has the very same fields, and the same line the very same message', () => {
  const [first, second, third, fourth] = readHeads(
    `GET /1 HTTP/1.1\r\n${FIELDS}`,
    `POST /2 HTTP/1.1\r\n${FIELDS}`,
    `POST /2 HTTP/1.1\r\n${FIELDS}`,
    `POST /2 HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\nX-Id: 2\r\n\r\n`,
  );
  expect(second!.fields).toBe(first!.fields);
  expect(second).toMatchObject({ method: 'POST', target: { path: '/2' }, host: 'a.test' });
  expect(third).toBe(second);
  expect(isRepeated(third!.fields)).toBe(true);
  expect(fourth!.fields).not.toBe(first!.fields);
  expect(isRepeated(fourth!.fields)).toBe(false);
  expect(fourth!.fields[2]).toEqual(['X-Id', '2']);
});

test('the fields of another connection are never the same', () => {
  const [first] = readHeads(`GET / HTTP/1.1\r\n${FIELDS}`);
  const [other] = readHeads(`GET / HTTP/1.1\r\n${FIELDS}`);
  expect(other).toEqual(first);
  expect(other!.fields).not.toBe(first!.fields);
});

test('X1: what a head means is not taken from another version, or from CONNECT', () => {
  const chunked = 'Host: a.test\r\nTransfer-Encoding: chunked\r\n\r\n';
  const before = [`POST / HTTP/1.1\r\n${chunked}0\r\n\r\n`];
  expect(readAfter(before, [latin1(`POST / HTTP/1.0\r\n${chunked}`)])).toBe('coding');
  expect(readAfter(before, [latin1(`CONNECT a.test:443 HTTP/1.1\r\n${chunked}`)])).toBe('framing');
  const old = 'Host: a.test\r\nConnection: keep-alive\r\nUpgrade: websocket\r\n\r\n';
  expect(readAfter([`GET / HTTP/1.0\r\n${old}`], [latin1(`GET / HTTP/1.1\r\n${old}`)])).toEqual(
    readAfter([], [latin1(`GET / HTTP/1.1\r\n${old}`)]),
  );
});

test('X5: every request reads the same whatever came before it, and however its bytes are split', () => {
  const random = createRandom(7);
  const heads = REQUEST_CASES.filter((item) => item.text.length < 3_000).map((item) => item.text);
  for (const text of heads) {
    const fields = text.slice(text.indexOf('\n') + 1);
    const bytes = latin1(text);
    const alone = readAfter([], [bytes]);
    const before = [
      `GET / HTTP/1.1\r\n${FIELDS}`,
      // The same fields with a line that is in order, where they are in order with it.
      ...['GET /before HTTP/1.1', 'OPTIONS * HTTP/1.1', 'GET /before HTTP/1.0'].map((line) => `${line}\r\n${fields}`),
    ].filter((other) => isWhole(other));
    for (const other of before) {
      expect(readAfter([other], [bytes]), text).toEqual(alone);
      expect(readAfter([other, other], cut(bytes, [Math.floor(random() * bytes.length)])), text).toEqual(alone);
    }
  }
});

/** Whether a text is one request and nothing more. */
function isWhole(text: string): boolean {
  const decoder = createRequestDecoder();
  decoder.push(latin1(text));
  try {
    for (let event = decoder.next(); event; event = decoder.next()) {
      if (event.kind === 'end') return decoder.rest().length === 0;
    }
    return false;
  } catch {
    return false; // refused: then it comes before nothing
  }
}
