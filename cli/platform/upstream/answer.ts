import type { SigError } from '../../../src/errors.ts';
import type { WireResponse } from '../../../src/ports.ts';
import type { Exchange, ExchangeListener } from './exchange.ts';

/** Turns what an exchange reports into a response whose body is read piece by piece. */
export interface Answer extends ExchangeListener {
  /** The response, as soon as its head is there. */
  readonly response: Promise<WireResponse>;
  /** Resolves when the exchange drains, or is over. */
  drained(): Promise<void>;
  /** Connects it with its exchange, before anything has come. */
  begin(exchange: Exchange): void;
  /** Gives up for a reason of our own. */
  abandon(reason: unknown): void;
}

/** Bytes that wait for a slow reader, before the network has to. */
const HIGH_WATER_BYTES = 65_536;

/** Makes the listener. Interim responses and trailers are left out, chunks are taken off the body. */
export function createAnswer(): Answer {
  let exchange: Exchange | undefined;
  let drain: (() => void) | undefined;
  let resolve!: (response: WireResponse) => void;
  let reject!: (reason: unknown) => void;
  const response = new Promise<WireResponse>((onResponse, onError) => {
    resolve = onResponse;
    reject = onError;
  });
  const body = createBodyQueue(() => exchange!.resume(), () => exchange!.pause(), () => exchange!.abort());

  function end(reason: unknown): void {
    reject(reason);
    body.fail(reason);
    drain?.();
  }

  return {
    response,
    drained: () => new Promise((done) => drain = done),
    begin(its) {
      exchange = its;
    },
    abandon(reason) {
      exchange!.abort();
      end(reason);
    },
    head(message) {
      if (message.interim) return;
      exchange!.unframe();
      const { status, reason, fields } = message;
      resolve({ status, reason, headers: fields, body: body.iterable });
    },
    body: body.push,
    end() {
      body.end();
      drain?.();
    },
    fail: (error: SigError) => end(error),
    drain: () => drain?.(),
  };
}

/** A body that is pushed in at one end and read at the other. */
export interface QueuedBody {
  readonly iterable: AsyncIterable<Uint8Array>;
  push(bytes: Uint8Array): void;
  /** The body is whole. */
  end(): void;
  /** There is no more of it. */
  fail(reason: unknown): void;
}

/**
 * Makes the queue between the two ends. When it is full it calls `pause`, when there is room again `resume`;
 * `abort` when the reader gives up.
 */
export function createBodyQueue(resume: () => void, pause: () => void, abort: () => void): QueuedBody {
  type Result = IteratorResult<Uint8Array, undefined>;
  const DONE: Result = { done: true, value: undefined };
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let isOver = false;
  let failure: { readonly reason: unknown } | undefined;
  let waiting: { resolve(result: Result): void; reject(reason: unknown): void } | undefined;

  function settle(): void {
    isOver = true;
    const waits = waiting;
    waiting = undefined;
    if (failure) waits?.reject(failure.reason);
    else waits?.resolve(DONE);
  }

  const iterator: AsyncIterator<Uint8Array, undefined> = {
    next() {
      const bytes = queue.shift();
      if (bytes) {
        queuedBytes -= bytes.length;
        if (!isOver && queuedBytes < HIGH_WATER_BYTES) resume();
        return Promise.resolve({ done: false, value: bytes });
      }
      if (failure) return Promise.reject(failure.reason);
      if (isOver) return Promise.resolve(DONE);
      return new Promise((resolve, reject) => waiting = { resolve, reject });
    },
    return() {
      queue.length = 0;
      if (!isOver) {
        abort();
        settle();
      }
      return Promise.resolve(DONE);
    },
  };

  return {
    iterable: { [Symbol.asyncIterator]: () => iterator },
    push(bytes) {
      if (isOver) return;
      // A plain view: Node's Buffer would show through.
      const piece = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (waiting) {
        const { resolve } = waiting;
        waiting = undefined;
        return resolve({ done: false, value: piece });
      }
      queue.push(piece);
      queuedBytes += piece.length;
      if (queuedBytes >= HIGH_WATER_BYTES) pause();
    },
    end: settle,
    fail(reason) {
      if (isOver) return;
      failure = { reason };
      settle();
    },
  };
}
