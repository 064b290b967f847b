import type { Duplex } from 'node:stream';
import { isSigError, SigError } from '../../../src/errors.ts';
import { createRequestDecoder, type Decoder } from '../../../src/http1/decoder.ts';
import { Http1Error, toSigError } from '../../../src/http1/error.ts';
import type { ParsedRequest } from '../../../src/http1/message.ts';
import { writeResponseHead } from '../../../src/http1/write.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import type { ProxyCore } from './core.ts';
import type { Deadline, ProxyTimes } from './deadline.ts';
import { createTunnel, type Tunnel } from '../upstream/tunnel.ts';

/** A connection with requests on it: plain, or what came out of a client's TLS. */
export interface ClientStream {
  readonly socket: Duplex;
  /** Is paused and resumed together with the socket, where there is one. */
  readonly gate: Duplex | undefined;
}

/** One request that is being answered. */
export interface Turn {
  /** Whether the body can be taken now; see {@link Client.proceed}. */
  isReady(): boolean;
  /** A piece of the request's body. */
  body(bytes: Uint8Array): void;
  /** The request is whole. */
  end(trailers: HeaderPairs): void;
  /** The client reads again. */
  drain(): void;
  /** The client is gone. */
  abort(): void;
}

/** A client's connection, as the turns on it see it. */
export interface Client {
  /** Writes to the client. False means: wait for `drain`. */
  write(bytes: Uint8Array): boolean;
  /** From here on, the body of the request comes without its chunks. */
  unframe(): void;
  /** Stops reading the request's body. */
  hold(): void;
  /** Reads on, after {@link Turn.isReady} has become true or after `hold`. */
  proceed(): void;
  /** The answer is written whole. @param keepAlive whether another request may follow */
  finish(keepAlive: boolean): void;
  /** Ends the connection in the middle of an answer, so that the client sees that it is cut. */
  cut(): void;
  /** Answers with a problem, and closes unless the request is whole. */
  refuse(error: SigError): void;
  /** Takes the connection over: it no longer carries HTTP. */
  detach(): Tunnel;
  /** Whether the request has been read whole. */
  readonly isRequestWhole: boolean;
  /** Whether another request is taken after this one, as far as the proxy is concerned. */
  readonly takesMore: boolean;
  readonly isClosed: boolean;
}

/** A connection that is being served. */
export interface Served {
  /** Takes no further request: it ends now, or after the answer that is under way. */
  retire(): void;
  /** Whether nothing is under way on it. */
  isIdle(): boolean;
}

/** What a client's connection is served with. */
export interface ClientOptions {
  readonly stream: ClientStream;
  readonly problem: ProxyCore['problem'];
  readonly deadline: Deadline;
  readonly times: ProxyTimes;
  /** Begins the turn of a request. */
  readonly begin: (request: ParsedRequest, client: Client) => Turn;
  /** Called once, unless the connection was detached. */
  readonly onClose: () => void;
}

/** Bytes of later requests that are read ahead, so that the end of a connection is noticed. */
const MAX_AHEAD_BYTES = 65_536;

/**
 * Reads requests from a client, one turn after the other. What is not strict HTTP/1.1 is answered once
 * and ends the connection: nothing behind it is read as a request (security cases X1 to X5, P12).
 */
export function serveClient(options: ClientOptions): Served {
  const { stream: { socket, gate }, deadline, times } = options;
  /** Made when the first byte comes: many connections wait long for it, or for ever. */
  let decoder: Decoder<ParsedRequest> | undefined;
  let turn: Turn | undefined;
  let isRequestWhole = true;
  let isHeld = false;
  let isClosed = false;
  let isEnding = false;
  let isRetired = false;
  let aheadBytes = 0;
  let isPumping = false;

  function pump(): void {
    if (isPumping) return;
    isPumping = true;
    try {
      while (!isClosed && !isEnding) {
        if (turn && (isRequestWhole || isHeld || !turn.isReady())) break;
        const event = decoder?.next();
        if (!event) break;
        if (event.kind === 'head') {
          isRequestWhole = false;
          deadline.set(Infinity);
          turn = options.begin(event.message, client);
        } else if (event.kind === 'body') turn!.body(event.bytes);
        else {
          isRequestWhole = true;
          turn!.end(event.trailers);
        }
      }
    } catch (error) {
      // Whatever it is, it is the end of this connection and not of the process (security case P8).
      turn?.abort();
      turn = undefined;
      writeProblem(asProxyError(error), true);
    } finally {
      isPumping = false;
    }
    if (turn && (isRequestWhole || isHeld || !turn.isReady())) return;
    aheadBytes = 0;
    readOn();
  }

  function readOn(): void {
    if (isClosed || !socket.isPaused()) return;
    gate?.resume();
    socket.resume();
  }

  function onData(bytes: Uint8Array): void {
    if (isEnding) return;
    if (!turn) deadline.set(times.headMs);
    else if (!isRequestWhole) deadline.set(times.stallMs);
    decoder ??= createRequestDecoder();
    decoder.push(bytes);
    pump();
    if (turn && (isRequestWhole || isHeld || !turn.isReady())) {
      aheadBytes += bytes.length;
      if (aheadBytes > MAX_AHEAD_BYTES || isHeld) {
        socket.pause();
        gate?.pause();
      }
    }
  }

  function onDrain(): void {
    if (turn) deadline.set(isRequestWhole ? Infinity : times.stallMs);
    turn?.drain();
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    deadline.clear();
    const current = turn;
    turn = undefined;
    socket.destroy();
    current?.abort();
    options.onClose();
  }

  function end(): void {
    isEnding = true;
    turn = undefined;
    deadline.set(times.headMs);
    socket.end();
  }

  function writeProblem(error: SigError, mustClose: boolean): void {
    if (isClosed || isEnding) return;
    const { status, reason, fields, body } = options.problem(error, mustClose);
    socket.write(writeResponseHead(status, reason, fields));
    socket.write(body);
    if (mustClose) end();
    else client.finish(true);
  }

  const client: Client = {
    write(bytes) {
      if (isClosed || socket.write(bytes)) return true;
      deadline.set(times.stallMs);
      return false;
    },
    unframe: () => decoder?.unframe(),
    hold() {
      isHeld = true;
    },
    proceed() {
      isHeld = false;
      // Turns call this while they begin, too.
      if (!isPumping) pump();
    },
    finish(keepAlive) {
      if (isClosed) return;
      turn = undefined;
      if (!keepAlive || !isRequestWhole || isRetired) return end();
      deadline.set(times.idleMs);
      aheadBytes = 0;
      if (isPumping) return;
      if (decoder?.hasUnread()) queueMicrotask(pump);
      else readOn();
    },
    cut: close,
    refuse: (error) => writeProblem(error, !isRequestWhole),
    detach() {
      isClosed = true;
      turn = undefined;
      socket.off('data', onData);
      socket.off('drain', onDrain);
      socket.off('close', close);
      socket.pause();
      gate?.pause();
      const rest = decoder?.rest() ?? new Uint8Array(0);
      decoder = undefined;
      return createTunnel(socket, gate, rest);
    },
    get isRequestWhole() {
      return isRequestWhole;
    },
    get takesMore() {
      return isRequestWhole && !isRetired;
    },
    get isClosed() {
      return isClosed;
    },
  };
  socket.on('data', onData);
  socket.on('drain', onDrain);
  // "end" needs no answer: without half-open sockets "close" follows, and the request is given up.
  socket.on('close', close);
  socket.on('error', ignoreError);
  deadline.set(times.headMs);
  gate?.resume();
  socket.resume();
  return {
    retire() {
      isRetired = true;
      // What was taken over has no end that could be waited for.
      if (isClosed) options.onClose();
      else if (!turn && !isEnding) close();
    },
    isIdle: () => !isClosed && !turn,
  };
}

/** "close" follows. Not a function of each connection: it stays when the connection is taken over, and all else goes. */
function ignoreError(): void {}

/** An error as the proxy answers it; a defect of ours shows nothing of itself. */
export function asProxyError(error: unknown): SigError {
  if (isSigError(error)) return error;
  if (error instanceof Http1Error) return toSigError(error, 'client');
  return new SigError('E_INTERNAL', 'The proxy failed', { cause: error });
}
