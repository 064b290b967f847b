import http2, { type ServerHttp2Session, type ServerHttp2Stream, type ServerOptions } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { ClientOptions, Served } from './client.ts';
import type { DeadlineClock, ProxyTimes } from './deadline.ts';
import { serveStream } from './http2_client.ts';

/** What a connection of HTTP/2 is served with. */
export interface SessionOptions extends Pick<ClientOptions, 'problem' | 'begin' | 'onClose'> {
  readonly socket: TLSSocket;
  readonly clock: DeadlineClock;
  readonly times: ProxyTimes;
}

/** Requests at the same time on one connection. */
const MAX_STREAMS = 100;
/** Streams that a client may give up at once, and how many more each second (CVE-2023-44487, CVE-2025-8671). */
const CANCEL_BURST = 200;
const CANCELS_PER_SEC = 20;

/**
 * How much of each kind a client may send (security cases P9, P11). Fields beyond the 100 of a request are
 * let in because cookies come in crumbs; they are counted when those are joined.
 */
const LIMITS: ServerOptions = {
  settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: 65_536, enablePush: false },
  maxHeaderListPairs: 400,
  maxSessionInvalidFrames: 100,
  maxSessionRejectedStreams: 100,
  maxSettings: 32,
  maxOutstandingPings: 4,
};

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_FLAG_END_STREAM } = http2.constants;

/** Serves a client that chose HTTP/2: each of its streams is a request for itself. */
export function serveSession(options: SessionOptions): Served {
  const { socket, clock, times } = options;
  const server = http2.createServer(LIMITS);
  const idle = clock.start(close);
  let session: ServerHttp2Session | undefined;
  let streams = 0;
  let isClosed = false;
  let cancels = CANCEL_BURST;
  let cancelledAtMs = performance.now();

  /** No input ends the process (security case P8): what goes wrong with a session ends the session. */
  function close(): void {
    if (isClosed) return;
    isClosed = true;
    idle.clear();
    session?.destroy();
    socket.destroy();
    options.onClose();
  }

  function onStream(stream: ServerHttp2Stream, flags: number, rawHeaders: readonly string[]): void {
    if (isClosed || streams >= MAX_STREAMS) {
      stream.on('error', () => {});
      // Not "close", which on Bun 1.4.5 ends the stream before it has begun (2026-11-22).
      return void stream.destroy(new Error('Too many streams'));
    }
    streams++;
    idle.set(Infinity);
    const deadline = clock.start(() => stream.destroy(new Error('The stream is too slow')));
    serveStream({
      stream,
      rawHeaders,
      hasBody: (flags & NGHTTP2_FLAG_END_STREAM) === 0,
      deadline,
      times,
      problem: options.problem,
      begin: options.begin,
      onClose(wasCancelled) {
        if (--streams === 0) idle.set(times.idleMs);
        if (wasCancelled) spendCancel();
      },
    });
  }

  function spendCancel(): void {
    const now = performance.now();
    cancels = Math.min(CANCEL_BURST, cancels + (now - cancelledAtMs) / 1000 * CANCELS_PER_SEC);
    cancelledAtMs = now;
    if (--cancels >= 0 || isClosed) return;
    if (session && !session.destroyed) session.goaway(NGHTTP2_ENHANCE_YOUR_CALM);
    // After what says why has gone out.
    setImmediate(close);
  }

  server.on('session', (made) => {
    session = made;
    made.on('error', close);
    made.on('close', close);
  });
  server.on('sessionError', close);
  server.on('stream', (stream: ServerHttp2Stream, _headers: unknown, flags: number, raw: readonly string[]) => {
    onStream(stream, flags, raw);
  });
  const served: Served = {
    retire() {
      // Until the streams that are open are over.
      if (session && streams > 0) session.close();
      else close();
    },
    isIdle: () => streams === 0,
  };
  if (socket.destroyed) {
    close();
    return served;
  }
  socket.once('close', close);
  idle.set(times.headMs);
  // Node 20 to 24 wait for an event of tls.Server otherwise, which this socket never was in (2026-11-22).
  (socket as { secureConnecting?: boolean }).secureConnecting = false;
  server.emit('connection', socket);
  return served;
}
