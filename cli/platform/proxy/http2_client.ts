import http2, { type ServerHttp2Stream, type ServerStreamResponseOptions } from 'node:http2';
import type { SigError } from '../../../src/errors.ts';
import { createResponseDecoder } from '../../../src/http1/decoder.ts';
import { Http1Error } from '../../../src/http1/error.ts';
import { readHttp2Request, readHttp2Trailers } from '../../../src/http1/from_http2.ts';
import type { ParsedResponse } from '../../../src/http1/message.ts';
import { toHttp2Fields } from '../../../src/http1/to_http2.ts';
import { writeChunk, writeLastChunk } from '../../../src/http1/write.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { fromRawHeaders, sendTrailers, toHeaders } from '../http2/fields.ts';
import { asProxyError, type Client, type ClientOptions, type Turn } from './client.ts';

/** What a stream is served with. */
export interface StreamOptions extends Pick<ClientOptions, 'problem' | 'deadline' | 'times' | 'begin'> {
  readonly stream: ServerHttp2Stream;
  /** The fields of the request, names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** Whether the stream goes on behind them. */
  readonly hasBody: boolean;
  /** Called once, when the stream is over. @param wasCancelled whether by the client, before it was answered */
  readonly onClose: (wasCancelled: boolean) => void;
}

const { NGHTTP2_NO_ERROR } = http2.constants;

/** A date is the server's to give. (The types of Node 20 do not know the option.) */
const AS_IT_IS: ServerStreamResponseOptions & { readonly sendDate: boolean } = { sendDate: false };

/**
 * Serves one stream of a client's connection: one request and its answer, on the same path as those of
 * HTTP/1.1. The turn reads and writes that version's bytes, and what is HTTP/2 about them is said here:
 * its body is framed in chunks before the turn sees it, and the answer goes through our own decoder.
 */
export function serveStream(options: StreamOptions): void {
  const { stream, deadline, times, hasBody } = options;
  const decoder = createResponseDecoder();
  let turn: Turn | undefined;
  let hasEnded = false;
  let isRequestWhole = false;
  let isHeld = false;
  /** Nothing of the answer is to come any more. */
  let isOver = false;
  let isCut = false;
  let isUnframed = false;
  /** Bytes of the body that `Content-Length` still promises. */
  let left: number | undefined;
  let requestTrailers: HeaderPairs = [];
  let answerTrailers: HeaderPairs = [];

  /** What goes wrong here is the end of this stream, not of the process (security case P8). */
  function guard(work: () => void): void {
    if (isOver) return;
    try {
      work();
    } catch (error) {
      turn?.abort();
      client.refuse(asProxyError(error));
    }
  }

  function readOn(): void {
    if (isOver || isHeld || !turn?.isReady()) return;
    if (hasBody && !hasEnded) return void stream.resume();
    if (isRequestWhole) return;
    isRequestWhole = true;
    deadline.set(Infinity);
    // With a length there is no place for trailers; they may be left out (RFC 9110 §6.5.1).
    if (hasBody && left === undefined && !isUnframed) turn.body(writeLastChunk(requestTrailers));
    turn.end(requestTrailers);
  }

  function onData(bytes: Uint8Array): void {
    guard(() => {
      deadline.set(times.stallMs);
      if (left !== undefined && (left -= bytes.length) < 0) throw new Http1Error('length', 'the body is too long');
      turn!.body(left === undefined && !isUnframed ? writeChunk(bytes) : bytes);
    });
  }

  function onEnd(): void {
    guard(() => {
      // A stream that was reset has no end, whatever the runtime makes of it.
      if (stream.aborted || stream.rstCode > NGHTTP2_NO_ERROR) return;
      if (left !== undefined && left > 0) throw new Http1Error('length', 'the body is too short');
      // An empty body ends while the stream is paused, too.
      hasEnded = true;
      readOn();
    });
  }

  function onGone(): void {
    if (isOver) return;
    isOver = true;
    turn?.abort();
  }

  function writeEvents(): boolean {
    let hasRoom = true;
    for (let event = decoder.next(); event; event = decoder.next()) {
      if (event.kind === 'head') respond(event.message);
      else if (event.kind === 'body') hasRoom = stream.write(event.bytes) && hasRoom;
      else answerTrailers = event.trailers;
    }
    if (!hasRoom) deadline.set(times.stallMs);
    return hasRoom;
  }

  function respond({ status, fields, framing, interim }: ParsedResponse): void {
    decoder.unframe();
    const headers = { ...toHeaders(toHttp2Fields(fields)), ':status': status };
    if (interim) return stream.additionalHeaders(headers);
    const waitForTrailers = framing.kind === 'chunked';
    if (waitForTrailers) {
      stream.once('wantTrailers', () => sendTrailers(stream, answerTrailers));
    }
    stream.respond(headers, { ...AS_IT_IS, endStream: framing.kind === 'none', waitForTrailers });
  }

  /** RFC 9113 §8.1: what is left of a request whose answer is whole is not wanted. */
  function end(): void {
    isOver = true;
    turn = undefined;
    deadline.set(times.stallMs);
    if (!isRequestWhole && hasBody) stream.once('finish', () => stream.close(NGHTTP2_NO_ERROR));
    // What still comes is dropped. On Bun 1.4.5 a stream that nobody reads to its end never closes (2026-11-22).
    stream.resume();
    if (!stream.writableEnded) stream.end();
  }

  function cut(): void {
    if (isOver) return;
    isOver = true;
    isCut = true;
    const current = turn;
    turn = undefined;
    // Not "close": on Bun 1.4.5 that ends the stream first, and the answer would look whole (2026-11-22).
    stream.destroy(new Error('The answer is cut'));
    current?.abort();
  }

  function refuse(error: SigError): void {
    if (isOver) return;
    // It may be closed already, and just not have said so.
    if (stream.headersSent || stream.destroyed || stream.closed) return cut();
    const { status, fields, body } = options.problem(error, false);
    stream.respond({ ...toHeaders(toHttp2Fields(fields)), ':status': status }, AS_IT_IS);
    stream.write(body);
    end();
  }

  const client: Client = {
    write(bytes) {
      if (isOver || stream.destroyed || stream.closed) return true;
      decoder.push(bytes);
      return writeEvents();
    },
    unframe() {
      isUnframed = true;
    },
    hold() {
      isHeld = true;
      stream.pause();
    },
    proceed() {
      isHeld = false;
      guard(readOn);
    },
    finish() {
      if (isOver || stream.destroyed || stream.closed) return;
      decoder.finish();
      writeEvents();
      end();
    },
    cut,
    refuse,
    detach() {
      throw new TypeError('detach: a stream of HTTP/2 is no connection');
    },
    get isRequestWhole() {
      return isRequestWhole;
    },
    get takesMore() {
      return isRequestWhole;
    },
    get isClosed() {
      return isOver;
    },
  };

  // So that listening does not begin to read.
  stream.pause();
  stream.on('data', onData);
  stream.on('end', onEnd);
  stream.on('trailers', (_headers: unknown, _flags: number, raw: string[]) => {
    guard(() => requestTrailers = readHttp2Trailers(fromRawHeaders(raw)));
  });
  stream.on('drain', () => {
    deadline.set(isRequestWhole && !isOver ? Infinity : times.stallMs);
    guard(() => turn?.drain());
  });
  stream.on('aborted', onGone);
  // "close" follows.
  stream.on('error', () => {});
  stream.once('close', () => {
    deadline.clear();
    const wasCancelled = !isOver || (stream.rstCode > NGHTTP2_NO_ERROR && !isCut);
    onGone();
    options.onClose(wasCancelled);
  });
  guard(() => {
    const request = readHttp2Request(fromRawHeaders(options.rawHeaders), hasBody);
    if (hasBody && request.framing.kind !== 'chunked') {
      left = request.framing.kind === 'length' ? request.framing.length : 0;
    }
    decoder.expect({ method: request.method, upgrade: false });
    turn = options.begin(request, client);
    // A turn may be ready at once.
    readOn();
  });
}
