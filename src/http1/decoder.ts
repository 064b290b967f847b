import { type BodyReader, createBodyReader } from './body.ts';
import { Http1Error } from './error.ts';
import { createHeadScan, type HeadScan, type LineCheck, resetHeadScan, scanHead } from './head_scan.ts';
import { createInbox, receive, takeRest } from './inbox.ts';
import { type Limits, MAX_INTERIM_RESPONSES, REQUEST_LIMITS, RESPONSE_LIMITS } from './limits.ts';
import type { MessageEvent, ParsedRequest, ParsedResponse } from './message.ts';
import { checkRequestLine, readRequestHead } from './request_head.ts';
import { type Asked, checkStatusLine, readResponseHead } from './response_head.ts';

/** Bytes in, events out. Nothing here reads or writes a socket. */
export interface Decoder<Message> {
  /** Hands over bytes that came from the peer. They may not change afterwards. */
  push(bytes: Uint8Array): void;
  /**
   * The next event, or `undefined` when more bytes are needed. Each message is one `head`, any number
   * of `body` and one `end`; whoever stops asking after `end` leaves the next message unread, which is
   * how pipelining waits. After the head of a tunnel nothing comes any more: see {@link Decoder.rest}.
   *
   * @throws {Http1Error} when the bytes are refused; the connection is then to be closed
   */
  next(): MessageEvent<Message> | undefined;
  /** Says that the peer sends no more. The end of a body that lasts until then is the next event. */
  finish(): void;
  /** From here on, the body of this message comes without its chunks, as content only. */
  unframe(): void;
  /** Takes the bytes that are not decoded: those of a tunnel, or of a message nobody waits for. */
  rest(): Uint8Array;
  /** Whether a message has begun and not ended. */
  readonly busy: boolean;
  /** Whether bytes wait that should be HTTP. */
  hasUnread(): boolean;
}

/** Decodes responses, each of which answers a request that was announced. */
export interface ResponseDecoder extends Decoder<ParsedResponse> {
  /** Announces the request that the next response answers. One at a time. */
  expect(asked: Asked): void;
}

/**
 * Decodes what a client sends.
 *
 * @param limits default {@link REQUEST_LIMITS}
 *
 * @example
 * ```ts
 * const decoder = createRequestDecoder();
 * decoder.push(new TextEncoder().encode('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n'));
 * decoder.next(); // { kind: 'head', message: { method: 'GET', … } }
 * decoder.next(); // { kind: 'end', trailers: [] }
 * ```
 */
export function createRequestDecoder(limits: Limits = REQUEST_LIMITS): Decoder<ParsedRequest> {
  return createDecoder(
    'request',
    limits,
    checkRequestLine,
    (scan, bytes, start) => readRequestHead(scan, bytes, start, limits),
  );
}

/**
 * Decodes what a server sends.
 *
 * @param limits default {@link RESPONSE_LIMITS}
 */
export function createResponseDecoder(limits: Limits = RESPONSE_LIMITS): ResponseDecoder {
  let asked: Asked | undefined;
  let interim = 0;
  const decoder = createDecoder<ParsedResponse>('response', limits, checkStatusLine, (scan, bytes, start) => {
    const message = readResponseHead(scan, bytes, start, asked!, limits);
    if (message.interim) {
      if (++interim > MAX_INTERIM_RESPONSES) throw new Http1Error('unsolicited', 'the server sends 1xx without end');
    } else asked = undefined;
    return message;
  });
  const next = decoder.next;
  return Object.assign(decoder, {
    expect(request: Asked): void {
      if (asked || decoder.busy) throw new TypeError('asked: the response before is not read yet');
      asked = request;
      interim = 0;
    },
    next(): MessageEvent<ParsedResponse> | undefined {
      // RFC 9112 §9.2: bytes that answer nothing poison the connection (security case X17).
      if (!asked && !decoder.busy && decoder.hasUnread()) throw new Http1Error('unsolicited');
      return next();
    },
  });
}

function createDecoder<Message extends ParsedRequest | ParsedResponse>(
  of: 'request' | 'response',
  limits: Limits,
  checkLine: LineCheck,
  readHead: (scan: HeadScan, bytes: Uint8Array, start: number) => Message,
): Decoder<Message> {
  const inbox = createInbox();
  const scan = createHeadScan(of);
  let body: BodyReader | undefined;
  let unframed = false;
  let finished = false;
  let tunnel = false;

  function nextHead(): MessageEvent<Message> | undefined {
    if (inbox.at === inbox.end) return undefined;
    if (!scanHead(scan, inbox.bytes, inbox.at, inbox.end, limits, checkLine)) {
      if (finished) throw new Http1Error('truncated');
      return undefined;
    }
    const message = readHead(scan, inbox.bytes, inbox.at);
    inbox.at += scan.position;
    resetHeadScan(scan, of);
    if (message.framing.kind === 'tunnel') tunnel = true;
    else if (!('interim' in message && message.interim)) body = createBodyReader(message.framing, limits.maxBodyBytes);
    unframed = false;
    return { kind: 'head', message };
  }

  return {
    push: (bytes) => receive(inbox, bytes),
    next() {
      if (tunnel) return undefined;
      if (!body) return nextHead();
      const event = body.next(inbox, unframed, finished);
      if (event?.kind === 'end') body = undefined;
      return event;
    },
    finish() {
      finished = true;
    },
    unframe() {
      unframed = true;
    },
    rest: () => takeRest(inbox),
    get busy() {
      return body !== undefined;
    },
    hasUnread: () => !tunnel && inbox.at < inbox.end,
  };
}
