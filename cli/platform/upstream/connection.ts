import { SigError } from '../../../src/errors.ts';
import { createResponseDecoder } from '../../../src/http1/decoder.ts';
import { Http1Error, toSigError } from '../../../src/http1/error.ts';
import type { MessageEvent, ParsedResponse } from '../../../src/http1/message.ts';
import type { Asked } from '../../../src/http1/response_head.ts';
import type { Opened } from './open.ts';
import { createTunnel, type Tunnel } from './tunnel.ts';

/** Receives what happens to one request on a connection. */
export interface ConnectionSink {
  event(event: MessageEvent<ParsedResponse>): void;
  /** The server reads again. */
  drain(): void;
  /**
   * The connection ended before the response did.
   *
   * @param untouched whether not one byte of a response had come
   */
  lost(error: SigError, untouched: boolean): void;
}

/** One connection to a server: one request at a time, and after each either free or closed. */
export interface Connection {
  readonly readBy: Opened['readBy'];
  /** Requests that it has carried. */
  readonly used: number;
  readonly closed: boolean;
  /** Begins a request. The connection must be free. */
  begin(asked: Asked, sink: ConnectionSink): void;
  /** Writes bytes of the request. False means: wait for `drain`. */
  write(bytes: Uint8Array): boolean;
  /** Holds back what is written until the end of this turn, so that it goes out as one. */
  gather(): void;
  /** Says that the request is written whole. */
  complete(): void;
  /** From here on, the body of this response comes without its chunks. */
  unframe(): void;
  pause(): void;
  resume(): void;
  close(): void;
  /** After the head of a tunnel: hands over the bytes. */
  detach(): Tunnel;
  /** Whether it keeps the process alive. */
  hold(alive: boolean): void;
}

/** Where a connection belongs. */
export interface ConnectionKeeper {
  /** It can take another request. */
  onFree(connection: Connection): void;
  /** Called once: it is closed, or no longer speaks HTTP. */
  onClose(connection: Connection): void;
}

/**
 * Speaks HTTP/1.1 on an open connection. What is not in order ends it (security cases X5, X17): an
 * answer that comes before the request is whole, bytes that nobody asked for, any malformed byte.
 *
 * @param name the server as messages name it
 */
export function createConnection(opened: Opened, name: string, keeper: ConnectionKeeper): Connection {
  return new Http1Connection(opened, name, keeper);
}

class Http1Connection implements Connection {
  readonly readBy: Opened['readBy'];
  used = 0;
  closed = false;
  readonly #socket: Opened['socket'];
  readonly #gate: Opened['gate'];
  readonly #name: string;
  readonly #keeper: ConnectionKeeper;
  readonly #decoder = createResponseDecoder();
  #sink: ConnectionSink | undefined;
  #isPaused = false;
  /** Whether the request is written whole. */
  #isComplete = false;
  /** Whether a byte of a response has come. */
  #isTouched = false;
  #keepAlive = false;
  /** Whether the server sends no more. */
  #hasEnded = false;

  constructor(opened: Opened, name: string, keeper: ConnectionKeeper) {
    const { socket, gate, readBy } = opened;
    this.readBy = readBy;
    this.#socket = socket;
    this.#gate = gate;
    this.#name = name;
    this.#keeper = keeper;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onHangUp);
    socket.on('error', this.#onGone);
    socket.on('drain', this.#onDrain);
    gate?.resume();
    socket.resume();
  }

  begin(asked: Asked, sink: ConnectionSink): void {
    this.#decoder.expect(asked);
    this.used++;
    this.#sink = sink;
    this.#isComplete = false;
    this.#isTouched = false;
    this.#keepAlive = false;
  }

  write(bytes: Uint8Array): boolean {
    return this.closed || this.#socket.write(bytes);
  }

  gather(): void {
    const socket = this.#socket;
    socket.cork();
    queueMicrotask(() => socket.uncork());
  }

  complete(): void {
    this.#isComplete = true;
  }

  unframe(): void {
    this.#decoder.unframe();
  }

  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
    this.#gate?.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#pump();
    if (this.#isPaused) return;
    if (this.#hasEnded) this.#onGone();
    this.#gate?.resume();
    this.#socket.resume();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#socket.destroy();
    this.#keeper.onClose(this);
  }

  detach(): Tunnel {
    const socket = this.#socket;
    this.closed = true;
    this.#sink = undefined;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onHangUp);
    socket.off('error', this.#onGone);
    socket.off('drain', this.#onDrain);
    this.#keeper.onClose(this);
    return createTunnel(socket, this.#gate, this.#decoder.rest());
  }

  hold(alive: boolean): void {
    if (alive) this.#socket.ref();
    else this.#socket.unref();
    this.#gate?.hold(alive);
  }

  readonly #onData = (bytes: Uint8Array): void => {
    this.#isTouched = true;
    this.#decoder.push(bytes);
    this.#pump();
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.#decoder.finish();
    this.#pump();
    if (!this.#isPaused) this.#onGone();
  };

  readonly #onGone = (cause?: unknown): void => {
    if (this.closed) return;
    const message = `The server "${this.#name}" closed the connection without an answer`;
    this.#lose(new SigError('E_UPSTREAM', message, { cause }));
  };

  readonly #onHangUp = (): void => {
    // What has come is read first, however long the reader pauses.
    if (!(this.#hasEnded && this.#isPaused)) this.#onGone();
  };

  readonly #onDrain = (): void => {
    this.#sink?.drain();
  };

  #pump(): void {
    try {
      while (!this.#isPaused && !this.closed) {
        const event = this.#decoder.next();
        if (!event) return;
        const sink = this.#sink!;
        if (event.kind === 'end') {
          this.#release();
          // What follows, if anything, answers a request that is only now made.
          return sink.event(event);
        }
        if (event.kind === 'head') {
          this.#keepAlive = event.message.keepAlive;
          // Nobody listens to a tunnel before it is detached.
          if (event.message.framing.kind === 'tunnel') this.pause();
        }
        sink.event(event);
      }
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error;
      this.#lose(toSigError(error, 'upstream'));
    }
  }

  /** The response is whole. */
  #release(): void {
    this.#sink = undefined;
    // Bytes behind it would be taken for the answer to whatever is asked next.
    const isClean = this.#isComplete && this.#keepAlive && !this.#hasEnded && this.#decoder.rest().length === 0;
    if (isClean) this.#keeper.onFree(this);
    else this.close();
  }

  #lose(error: SigError): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.close();
    sink?.lost(error, !this.#isTouched);
  }
}
