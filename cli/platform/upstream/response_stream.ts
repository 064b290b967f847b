import { SigError } from '../../../src/errors.ts';
import type { WireResponse } from '../../../src/http1/message.ts';
import type { Exchange, ExchangeListener } from './exchange.ts';

/** Turns an exchange into a `Response`. */
export interface ResponseStream extends ExchangeListener {
  /** The response, as soon as its head is there. */
  readonly response: Promise<Response>;
  /** Resolves when the exchange drains. */
  drained(): Promise<void>;
  /** Connects it with its exchange, before anything has come. */
  begin(exchange: Exchange): void;
  /** Gives up for a reason of our own. */
  abandon(reason: unknown): void;
}

/** Statuses whose responses have no body, as `Response` insists. */
const BODILESS = new Set([204, 205, 304]);
/** Bytes that wait for a slow reader. */
const HIGH_WATER_BYTES = 65_536;

/**
 * Makes the listener whose `response` has the body as a stream: not decoded, not read ahead of its
 * reader by more than 64 KiB.
 */
export function createResponseStream(): ResponseStream {
  let exchange: Exchange | undefined;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let drain: (() => void) | undefined;
  let resolve!: (response: Response) => void;
  let reject!: (reason: unknown) => void;
  const response = new Promise<Response>((onResponse, onError) => {
    resolve = onResponse;
    reject = onError;
  });

  function createBody(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      start: (its) => {
        controller = its;
      },
      pull: () => exchange!.resume(),
      cancel: () => exchange!.abort(),
    }, { highWaterMark: HIGH_WATER_BYTES, size: (bytes) => bytes!.byteLength });
  }

  function end(reason: unknown): void {
    reject(reason);
    controller?.error(reason);
    drain?.();
  }

  return {
    response,
    drained: () => new Promise((done) => drain = done),
    begin: (its) => {
      exchange = its;
    },
    abandon(reason) {
      exchange?.abort();
      end(reason);
    },
    head(message) {
      if (message.interim) return;
      exchange!.unframe();
      try {
        resolve(createResponse(message, createBody));
      } catch (cause) {
        const status = String(message.status);
        this.abandon(new SigError('E_UPSTREAM', `Cannot use the answer of the server: status ${status}`, { cause }));
      }
    },
    body(bytes) {
      if (!controller) return;
      // A plain view: Node's Buffer would show through.
      controller.enqueue(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      if (controller.desiredSize! <= 0) exchange!.pause();
    },
    end() {
      controller?.close();
      drain?.();
    },
    fail: end,
    drain: () => drain?.(),
  };
}

function createResponse(message: WireResponse, createBody: () => ReadableStream<Uint8Array>): Response {
  const headers = new Headers();
  for (const [name, value] of message.fields) headers.append(name, value);
  const isBodiless = message.framing.kind === 'none' || BODILESS.has(message.status);
  return new Response(isBodiless ? null : createBody(), {
    status: message.status,
    statusText: message.reason,
    headers,
  });
}
