import { isSigError, SigError } from '../../../src/errors.ts';
import { Http1Error, toSigError } from '../../../src/http1/error.ts';
import type { MessageEvent, ParsedResponse } from '../../../src/http1/message.ts';
import { writeRequestHead } from '../../../src/http1/write.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { originOf } from '../../../src/target/target.ts';
import type { Connection, ConnectionSink } from './connection.ts';
import { nameOf, type Route } from './route.ts';
import type { Timed, Timeouts } from './timeouts.ts';
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

/** Where exchanges get connections from, and the watch over their time. */
export interface ConnectionSource {
  readonly timeouts: Timeouts;
  /** A free connection that has been idle at most so long. */
  take(route: Route, request: UpstreamRequest, freshMs: number): Connection | undefined;
  /** A new one. */
  open(route: Route, request: UpstreamRequest): Promise<Connection>;
}

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
  const exchange = new RunningExchange(route, request, listener, source);
  exchange.begin();
  return exchange;
}

/** One object for each request, which is all of its parts at once: what calls, what is called, what is watched. */
class RunningExchange implements Exchange, ConnectionSink, Timed {
  expiresMs = 0;
  place = -1;
  readonly #route: Route;
  readonly #request: UpstreamRequest;
  readonly #listener: ExchangeListener;
  readonly #source: ConnectionSource;
  #connection: Connection | undefined;
  /** Bytes of the body that wait for the connection. */
  #waiting: Uint8Array[] | undefined;
  #isWritten: boolean;
  #isPaused = false;
  #isOver = false;

  constructor(route: Route, request: UpstreamRequest, listener: ExchangeListener, source: ConnectionSource) {
    this.#route = route;
    this.#request = request;
    this.#listener = listener;
    this.#source = source;
    this.#isWritten = !request.hasBody;
  }

  begin(): void {
    this.#source.timeouts.set(this, this.#timeoutMs());
    const free = this.#source.take(this.#route, this.#request, this.#isRepeatable() ? Infinity : FRESH_MS);
    if (!free) return void this.#open();
    try {
      this.#use(free);
    } catch (error) {
      this.#end();
      free.close();
      throw asSigError(error);
    }
  }

  // What is asked of it:

  write(bytes: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.#moveTimeout();
    if (this.#connection) return this.#connection.write(bytes);
    this.#waiting!.push(bytes);
    return false;
  }

  finish(): void {
    if (this.#isWritten || this.#isOver) return;
    this.#isWritten = true;
    this.#moveTimeout();
    this.#connection?.complete();
  }

  unframe(): void {
    if (!this.#isOver) this.#connection?.unframe();
  }

  // An exchange that is over must not touch what another one uses by now.
  pause(): void {
    if (this.#isOver) return;
    this.#isPaused = true;
    this.#connection?.pause();
  }

  resume(): void {
    if (this.#isOver) return;
    this.#isPaused = false;
    this.#connection?.resume();
  }

  abort(): void {
    if (this.#isOver) return;
    this.#end();
    this.#connection?.close();
  }

  detach(): Tunnel {
    if (!this.#connection || this.#isOver) throw new TypeError('detach: there is no tunnel');
    this.#end();
    return this.#connection.detach();
  }

  isOver(): boolean {
    return this.#isOver;
  }

  // What its connection reports:

  event(event: MessageEvent<ParsedResponse>): void {
    if (this.#isOver) return;
    switch (event.kind) {
      case 'head':
        if (!event.message.interim) this.#source.timeouts.clear(this);
        return this.#listener.head(event.message);
      case 'body':
        return this.#listener.body(event.bytes);
      case 'end':
        this.#end();
        return this.#listener.end(event.trailers);
    }
  }

  drain(): void {
    this.#moveTimeout();
    if (!this.#isOver) this.#listener.drain();
  }

  lost(error: SigError, untouched: boolean): void {
    if (this.#isOver) return;
    // Servers close idle connections while we write to them. Such a request was not read.
    if (untouched && this.#isRepeatable() && this.#connection!.used > 1) return void this.#open();
    this.#fail(error);
  }

  onTimeout(): void {
    const text = `No answer from "${nameOf(this.#route)}" within ${this.#timeoutMs()} ms`;
    this.#fail(new SigError('E_TIMEOUT', text));
  }

  #isRepeatable(): boolean {
    return !this.#request.hasBody && isIdempotent(this.#request.method);
  }

  #timeoutMs(): number {
    return this.#request.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** Begins the time anew, unless the head has come. */
  #moveTimeout(): void {
    if (this.place >= 0) this.#source.timeouts.set(this, this.#timeoutMs());
  }

  #end(): void {
    this.#isOver = true;
    this.#source.timeouts.clear(this);
  }

  #fail(error: SigError): void {
    if (this.#isOver) return;
    this.#end();
    this.#connection?.close();
    this.#listener.fail(error);
  }

  #use(taken: Connection): void {
    const request = this.#request;
    this.#connection = taken;
    const head = this.#writeHeadFor(taken);
    taken.begin({ method: request.method, upgrade: request.upgrade ?? false }, this);
    if (this.#isPaused) taken.pause();
    if (request.hasBody) taken.gather();
    taken.write(head);
    if (this.#waiting) {
      for (const bytes of this.#waiting) taken.write(bytes);
      this.#waiting = undefined;
      if (!this.#isWritten) this.#listener.drain();
    }
    if (this.#isWritten) taken.complete();
  }

  #writeHeadFor(taken: Connection): Uint8Array {
    const { method, path, fields } = this.#request;
    if (!taken.readBy) return writeRequestHead(method, path, fields);
    // RFC 9112 §3.2.2: to a proxy, with the whole URL.
    const { authorization } = taken.readBy;
    const own = authorization === undefined ? [] : [['Proxy-Authorization', authorization]] as const;
    return writeRequestHead(method, `${originOf(this.#route.target)}${path}`, [...fields, ...own]);
  }

  async #open(): Promise<void> {
    this.#connection = undefined;
    this.#waiting ??= [];
    try {
      const opened = await this.#source.open(this.#route, this.#request);
      if (this.#isOver) return opened.close();
      this.#use(opened);
    } catch (error) {
      this.#fail(asSigError(error));
    }
  }
}

/** RFC 9110 §9.2.2: may be sent twice. */
function isIdempotent(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
    case 'PUT':
    case 'DELETE':
    case 'TRACE':
      return true;
    default:
      return false;
  }
}

function asSigError(error: unknown): SigError {
  if (isSigError(error)) return error;
  if (error instanceof Http1Error) return toSigError(error, 'upstream');
  return new SigError('E_INTERNAL', 'The request could not be sent', { cause: error });
}
