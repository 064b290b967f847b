import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { SigError } from '../../../src/errors.ts';
import { createRequestDecoder } from '../../../src/http1/decoder.ts';
import { Http1Error, toSigError } from '../../../src/http1/error.ts';
import { readHttp2Response, readHttp2Trailers } from '../../../src/http1/from_http2.ts';
import { MAX_INTERIM_RESPONSES, REQUEST_LIMITS } from '../../../src/http1/limits.ts';
import type { ParsedRequest, ParsedResponse } from '../../../src/http1/message.ts';
import type { Asked } from '../../../src/http1/response_head.ts';
import { toHttp2Fields } from '../../../src/http1/to_http2.ts';
import { writeChunk, writeLastChunk } from '../../../src/http1/write.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { fromRawHeaders, sendTrailers, toHeaders } from '../http2/fields.ts';
import type { Connection, ConnectionSink } from './connection.ts';

const { NGHTTP2_FLAG_END_STREAM, NGHTTP2_NO_ERROR } = http2.constants;

/** What was placed into a request counts too. */
const LIMITS = { ...REQUEST_LIMITS, maxHeadBytes: 2 * REQUEST_LIMITS.maxHeadBytes, maxFields: 200 };

/**
 * One stream of a session as a connection for one request, so that exchanges need not know of HTTP/2: what
 * is written to it are the bytes of HTTP/1.1, and what comes is framed as that version would have had it.
 *
 * @param name the server as messages name it
 * @param onClose called once, when the stream is over
 */
export function createStreamConnection(session: ClientHttp2Session, name: string, onClose: () => void): Connection {
  const decoder = createRequestDecoder(LIMITS);
  let stream: ClientHttp2Stream | undefined;
  let sink: ConnectionSink | undefined;
  let method = '';
  let isClosed = false;
  let isTouched = false;
  let isPaused = false;
  let isUnframed = false;
  let hasEnded = false;
  let interim = 0;
  /** Bytes of the body that `Content-Length` still promises. */
  let left: number | undefined;
  let trailers: HeaderPairs = [];
  let requestTrailers: HeaderPairs = [];

  function send(request: ParsedRequest): void {
    decoder.unframe();
    const { target, host, framing } = request;
    if (target.form !== 'origin' && target.form !== 'asterisk') throw new Http1Error('target');
    const fields = toHttp2Fields(request.fields).filter(([field]) => field !== 'host');
    const headers = {
      ':method': request.method,
      ':scheme': 'https',
      ':authority': host!,
      ':path': target.form === 'origin' ? target.path : '*',
      ...toHeaders(fields),
    };
    try {
      stream = session.request(headers, {
        endStream: framing.kind === 'none',
        waitForTrailers: framing.kind === 'chunked',
      });
    } catch (cause) {
      // The session has just ended.
      throw new SigError('E_UPSTREAM', `The server "${name}" takes no more requests on this connection`, { cause });
    }
    listen(stream);
  }

  function listen(its: ClientHttp2Stream): void {
    const onHead = (_headers: unknown, flags: number, raw: readonly string[]) => guard(() => receiveHead(flags, raw));
    // So that listening does not begin to read.
    its.pause();
    its.on('headers', onHead as never);
    its.on('response', onHead as never);
    its.on('data', (bytes: Uint8Array) => guard(() => receiveBody(bytes)));
    its.on(
      'trailers',
      ((_headers: unknown, _flags: number, raw: readonly string[]) => {
        guard(() => trailers = readHttp2Trailers(fromRawHeaders(raw)));
      }) as never,
    );
    its.on('end', () => guard(receiveEnd));
    its.on('drain', () => sink?.drain());
    its.on('wantTrailers', () => sendTrailers(its, requestTrailers));
    its.on('aborted', () => hasEnded || lose());
    its.on('error', (cause) => hasEnded || lose(cause));
    its.on('close', () => hasEnded || lose());
    if (!isPaused) its.resume();
  }

  /** What the server says wrongly ends this stream (security cases P8, X17). */
  function guard(work: () => void): void {
    if (isClosed || !sink) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error;
      fail(toSigError(error, 'upstream'));
    }
  }

  function receiveHead(flags: number, raw: readonly string[]): void {
    isTouched = true;
    const hasBody = (flags & NGHTTP2_FLAG_END_STREAM) === 0;
    const message: ParsedResponse = readHttp2Response(fromRawHeaders(raw), method, hasBody);
    if (message.interim && ++interim > MAX_INTERIM_RESPONSES) throw new Http1Error('unsolicited');
    if (!message.interim && message.framing.kind !== 'chunked') {
      left = message.framing.kind === 'length' ? message.framing.length : 0;
    }
    sink!.event({ kind: 'head', message });
  }

  function receiveBody(bytes: Uint8Array): void {
    if (left === undefined) return sink!.event({ kind: 'body', bytes: isUnframed ? bytes : writeChunk(bytes) });
    if ((left -= bytes.length) < 0) throw new Http1Error('length', 'the body is longer than Content-Length says');
    sink!.event({ kind: 'body', bytes });
  }

  function receiveEnd(): void {
    // A stream that was reset has no end, whatever the runtime makes of it.
    const isReset = stream!.aborted || stream!.rstCode > NGHTTP2_NO_ERROR;
    if (!isTouched || (isReset && !hasEnded)) return;
    if (left !== undefined && left > 0) throw new Http1Error('truncated');
    // An empty body ends while the stream is paused, too.
    hasEnded = true;
    if (isPaused) return;
    if (left === undefined && !isUnframed) sink!.event({ kind: 'body', bytes: writeLastChunk(trailers) });
    const to = sink!;
    sink = undefined;
    close();
    to.event({ kind: 'end', trailers });
  }

  function lose(cause?: unknown): void {
    fail(new SigError('E_UPSTREAM', `The server "${name}" closed the connection without an answer`, { cause }));
  }

  function fail(error: SigError): void {
    const to = sink;
    sink = undefined;
    close();
    to?.lost(error, false);
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    // Not "close": that ends the request first, and half of it would look whole.
    if (stream && !(stream.writableFinished && stream.readableEnded)) stream.destroy(new Error('Given up'));
    onClose();
  }

  function writeEvents(): boolean {
    let hasRoom = true;
    for (let event = decoder.next(); event; event = decoder.next()) {
      if (event.kind === 'head') send(event.message);
      else if (event.kind === 'body') hasRoom = stream!.write(event.bytes) && hasRoom;
      else {
        requestTrailers = event.trailers;
        if (!stream!.writableEnded) stream!.end();
      }
    }
    return hasRoom;
  }

  return {
    readBy: undefined,
    // Never taken for one that the server closed while it was idle: there is no second try.
    used: 1,
    get closed() {
      return isClosed;
    },
    begin(asked: Asked, to) {
      method = asked.method;
      sink = to;
    },
    write(bytes) {
      if (isClosed) return true;
      decoder.push(bytes);
      return writeEvents();
    },
    gather() {},
    complete() {},
    unframe() {
      isUnframed = true;
    },
    pause() {
      isPaused = true;
      stream?.pause();
    },
    resume() {
      isPaused = false;
      if (hasEnded) guard(receiveEnd);
      else stream?.resume();
    },
    close,
    detach() {
      throw new TypeError('detach: a stream of HTTP/2 is no tunnel');
    },
    hold() {},
  };
}
