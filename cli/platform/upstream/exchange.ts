import { clearTimeout, setTimeout } from 'node:timers';
import { isSigError, SigError } from '../../../src/errors.ts';
import { Http1Error, toSigError } from '../../../src/http1/error.ts';
import type { ParsedResponse } from '../../../src/http1/message.ts';
import { writeRequestHead } from '../../../src/http1/write.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { originOf } from '../../../src/target/target.ts';
import type { Connection, ConnectionSink } from './connection.ts';
import { nameOf, type Route } from './route.ts';
import type { Tunnel } from './tunnel.ts';

/** A request as it is to be written. */
export interface UpstreamRequest {
  readonly method: string;
  /** Origin-form request target. */
  readonly path: string;
  /** All fields, `Host` and framing included. They are written as they are. */
  readonly fields: HeaderPairs;
  /** Whether bytes follow the head. */
  readonly hasBody: boolean;
  /** Whether 101 is an answer. */
  readonly upgrade?: boolean | undefined;
  /**
   * Milliseconds until the head of the response, connecting included. While a body is written the time
   * counts anew from each piece. Default 30,000.
   */
  readonly timeoutMs?: number | undefined;
}

/** Receives the answer. After `fail`, and after `end`, nothing comes. */
export interface ExchangeListener {
  /** Each head: interim ones (1xx), then the answer. Before it returns, `unframe` can be called. */
  head(message: ParsedResponse): void;
  /** A piece of the body, framed as it came unless `unframe` was called. */
  body(bytes: Uint8Array): void;
  /** The answer is whole. */
  end(trailers: HeaderPairs): void;
  /** There will be no answer, or no more of it. */
  fail(error: SigError): void;
  /** After a `write` that returned false: more can be written. */
  drain(): void;
}

/** One request and its answer. */
export interface Exchange {
  /** Writes bytes of the body, framed by the caller. False means: wait for `drain`. */
  write(bytes: Uint8Array): boolean;
  /** Says that the body is written whole. Not needed without one. */
  finish(): void;
  /** Takes the chunks off the body of the answer. To be called from `head`. */
  unframe(): void;
  /** Stops the answer. Its bytes wait in the network, not in memory. */
  pause(): void;
  resume(): void;
  /** Gives up: the connection is closed and nothing comes any more. */
  abort(): void;
  /** After a head whose framing is `tunnel`: takes over the connection, which is paused. */
  detach(): Tunnel;
  /** Whether nothing comes any more and nothing need be written. Not a getter: those are slow to make for each request. */
  isOver(): boolean;
}

/** Where an exchange gets connections from. */
export interface ConnectionSource {
  /** A free connection that has been idle at most so long. */
  take(freshMs: number): Connection | undefined;
  /** A new one. */
  open(): Promise<Connection>;
}

/** RFC 9110 §9.2.2: may be sent twice. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** A request that cannot be sent twice goes out on a connection that was alive a moment ago, or a new one. */
const FRESH_MS = 1_000;
const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Sends a request and reports its answer.
 *
 * @throws {SigError} E_BAD_CREDENTIAL_VALUE when the head cannot be written; everything later goes to `fail`
 */
export function startExchange(
  route: Route,
  request: UpstreamRequest,
  listener: ExchangeListener,
  source: ConnectionSource,
): Exchange {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = request;
  const isRepeatable = !request.hasBody && IDEMPOTENT.has(request.method);
  let connection: Connection | undefined;
  let waiting: Uint8Array[] | undefined;
  let isWritten = !request.hasBody;
  let isPaused = false;
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined = setTimeout(onTimeout, timeoutMs);

  const sink: ConnectionSink = {
    event(event) {
      if (isOver) return;
      switch (event.kind) {
        case 'head':
          if (!event.message.interim) stopTimer();
          return listener.head(event.message);
        case 'body':
          return listener.body(event.bytes);
        case 'end':
          isOver = true;
          return listener.end(event.trailers);
      }
    },
    drain() {
      timer?.refresh();
      if (!isOver) listener.drain();
    },
    lost(error, untouched) {
      if (isOver) return;
      // Servers close idle connections while we write to them. Such a request was not read.
      if (untouched && isRepeatable && connection!.used > 1) return void open();
      fail(error);
    },
  };

  function stopTimer(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  function fail(error: SigError): void {
    if (isOver) return;
    isOver = true;
    stopTimer();
    connection?.close();
    listener.fail(error);
  }

  function onTimeout(): void {
    fail(new SigError('E_TIMEOUT', `No answer from "${nameOf(route)}" within ${timeoutMs} ms`));
  }

  function use(taken: Connection): void {
    connection = taken;
    const head = writeHeadFor(taken);
    taken.begin({ method: request.method, upgrade: request.upgrade ?? false }, sink);
    if (isPaused) taken.pause();
    if (request.hasBody) taken.gather();
    taken.write(head);
    if (waiting) {
      for (const bytes of waiting) taken.write(bytes);
      waiting = undefined;
      if (!isWritten) listener.drain();
    }
    if (isWritten) taken.complete();
  }

  function writeHeadFor(taken: Connection): Uint8Array {
    const { method, path, fields } = request;
    if (!taken.readBy) return writeRequestHead(method, path, fields);
    // RFC 9112 §3.2.2: to a proxy, with the whole URL.
    const { authorization } = taken.readBy;
    const own = authorization === undefined ? [] : [['Proxy-Authorization', authorization]] as const;
    return writeRequestHead(method, `${originOf(route.target)}${path}`, [...fields, ...own]);
  }

  async function open(): Promise<void> {
    connection = undefined;
    waiting ??= [];
    try {
      const opened = await source.open();
      if (isOver) return opened.close();
      use(opened);
    } catch (error) {
      fail(asSigError(error));
    }
  }

  const free = source.take(isRepeatable ? Infinity : FRESH_MS);
  if (free) {
    try {
      use(free);
    } catch (error) {
      stopTimer();
      free.close();
      throw asSigError(error);
    }
  } else void open();

  return {
    write(bytes) {
      if (isOver) return true;
      timer?.refresh();
      if (connection) return connection.write(bytes);
      waiting!.push(bytes);
      return false;
    },
    finish() {
      if (isWritten || isOver) return;
      isWritten = true;
      timer?.refresh();
      connection?.complete();
    },
    unframe() {
      if (!isOver) connection?.unframe();
    },
    // An exchange that is over must not touch what another one uses by now.
    pause() {
      if (isOver) return;
      isPaused = true;
      connection?.pause();
    },
    resume() {
      if (isOver) return;
      isPaused = false;
      connection?.resume();
    },
    abort() {
      if (isOver) return;
      isOver = true;
      stopTimer();
      connection?.close();
    },
    detach() {
      if (!connection || isOver) throw new TypeError('detach: there is no tunnel');
      isOver = true;
      stopTimer();
      return connection.detach();
    },
    isOver: () => isOver,
  };
}

function asSigError(error: unknown): SigError {
  if (isSigError(error)) return error;
  if (error instanceof Http1Error) return toSigError(error, 'upstream');
  return new SigError('E_INTERNAL', 'The request could not be sent', { cause: error });
}
