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

/**
 * Speaks HTTP/1.1 on an open connection. What is not in order ends it (security cases X5, X17): an
 * answer that comes before the request is whole, bytes that nobody asked for, any malformed byte.
 *
 * @param name the server as messages name it
 * @param onFree called when it can take another request
 * @param onClose called once, when it is closed or no longer speaks HTTP
 */
export function createConnection(
  opened: Opened,
  name: string,
  onFree: (connection: Connection) => void,
  onClose: (connection: Connection) => void,
): Connection {
  const { socket, gate, readBy } = opened;
  const decoder = createResponseDecoder();
  let sink: ConnectionSink | undefined;
  let used = 0;
  let closed = false;
  let paused = false;
  let complete = false;
  let touched = false;
  let keepAlive = false;
  let ended = false;

  function pump(): void {
    try {
      while (!paused && !closed) {
        const event = decoder.next();
        if (!event) return;
        const to = sink!;
        if (event.kind === 'head') {
          keepAlive = event.message.keepAlive;
          // Nobody listens to a tunnel before it is detached.
          if (event.message.framing.kind === 'tunnel') connection.pause();
        }
        if (event.kind === 'end') release();
        to.event(event);
      }
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error;
      lose(toSigError(error, 'upstream'));
    }
  }

  /** The response is whole. */
  function release(): void {
    sink = undefined;
    // Bytes behind it would be taken for the answer to whatever is asked next.
    const isClean = complete && keepAlive && !ended && decoder.rest().length === 0;
    if (isClean) onFree(connection);
    else close();
  }

  function lose(error: SigError): void {
    const to = sink;
    sink = undefined;
    close();
    to?.lost(error, !touched);
  }

  function close(): void {
    if (closed) return;
    closed = true;
    socket.destroy();
    onClose(connection);
  }

  function onData(bytes: Uint8Array): void {
    touched = true;
    decoder.push(bytes);
    pump();
  }

  function onEnd(): void {
    ended = true;
    decoder.finish();
    pump();
    if (!paused) onGone();
  }

  function onGone(cause?: unknown): void {
    if (closed) return;
    lose(new SigError('E_UPSTREAM', `The server "${name}" closed the connection without an answer`, { cause }));
  }

  function onHangUp(): void {
    // What has come is read first, however long the reader pauses.
    if (!(ended && paused)) onGone();
  }

  function onDrain(): void {
    sink?.drain();
  }

  const connection: Connection = {
    readBy,
    get used() {
      return used;
    },
    get closed() {
      return closed;
    },
    begin(asked, to) {
      decoder.expect(asked);
      used++;
      sink = to;
      complete = false;
      touched = false;
      keepAlive = false;
    },
    write: (bytes) => closed || socket.write(bytes),
    gather() {
      socket.cork();
      queueMicrotask(() => socket.uncork());
    },
    complete() {
      complete = true;
    },
    unframe: () => decoder.unframe(),
    pause() {
      paused = true;
      socket.pause();
      gate?.pause();
    },
    resume() {
      if (!paused) return;
      paused = false;
      pump();
      if (paused) return;
      if (ended) onGone();
      gate?.resume();
      socket.resume();
    },
    close,
    detach() {
      closed = true;
      sink = undefined;
      socket.off('data', onData);
      socket.off('end', onEnd);
      socket.off('close', onHangUp);
      socket.off('error', onGone);
      socket.off('drain', onDrain);
      onClose(connection);
      return createTunnel(socket, gate, decoder.rest());
    },
    hold(alive) {
      if (alive) socket.ref();
      else socket.unref();
      gate?.hold(alive);
    },
  };
  socket.on('data', onData);
  socket.on('end', onEnd);
  socket.on('close', onHangUp);
  socket.on('error', onGone);
  socket.on('drain', onDrain);
  gate?.resume();
  socket.resume();
  return connection;
}
