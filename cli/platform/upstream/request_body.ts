import { clearTimeout, setTimeout } from 'node:timers';
import { SigError } from '../../../src/errors.ts';
import type { Framing } from '../../../src/http1/message.ts';
import { writeChunk, writeLastChunk } from '../../../src/http1/write.ts';
import type { Exchange } from './exchange.ts';

/** The body of a `Request`, with its framing decided. */
export interface RequestBody {
  readonly framing: Framing;
  /**
   * Writes it to an exchange, as fast as the server reads.
   *
   * @param drained waits for the exchange to drain
   * @throws {SigError} E_BODY when it is not as long as `Content-Length` said
   */
  pipe(exchange: Exchange, drained: () => Promise<void>): Promise<void>;
}

/** So long a body may take to show its end, which a body in memory does at once. */
const PATIENCE_MS = 20;
/** So much of a body is collected to know its length. */
const MAX_COLLECTED_BYTES = 1 << 20;
/** Methods whose meaning foresees a body: without one they say so (RFC 9110 §8.6). */
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

const NO_BODY: RequestBody = { framing: { kind: 'none' }, pipe: () => Promise.resolve() };
const EMPTY: RequestBody = {
  framing: { kind: 'length', length: 0 },
  pipe: (exchange) => Promise.resolve(exchange.finish()),
};

/**
 * Decides how a body is framed: by the `Content-Length` that the caller gave, by the length when the
 * body is in memory (many servers know nothing else), else in chunks.
 */
export async function openRequestBody(request: Request): Promise<RequestBody> {
  if (request.body === null) return WITH_BODY.has(request.method) ? EMPTY : NO_BODY;
  const reader = request.body.getReader();
  const declared = request.headers.get('content-length');
  if (declared !== null) {
    if (!/^\d{1,15}$/.test(declared)) throw new SigError('E_BODY', 'Cannot use Content-Length: it is not a number');
    return createBody({ kind: 'length', length: Number(declared) }, [], reader);
  }
  const collected = await collect(reader);
  if (!collected.isWhole) return createBody({ kind: 'chunked' }, collected.pieces, reader, collected.pending);
  const length = collected.pieces.reduce((sum, piece) => sum + piece.length, 0);
  return createBody({ kind: 'length', length }, collected.pieces, reader, DONE);
}

type Read = Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;

const DONE: Read = Promise.resolve({ done: true });

interface Collected {
  readonly pieces: readonly Uint8Array[];
  readonly isWhole: boolean;
  /** The read that is under way. */
  readonly pending: Read | undefined;
}

async function collect(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Collected> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  while (size <= MAX_COLLECTED_BYTES) {
    const pending: Read = reader.read();
    const read = await within(PATIENCE_MS, pending);
    if (read === undefined) return { pieces, isWhole: false, pending };
    if (read.done) return { pieces, isWhole: true, pending: undefined };
    pieces.push(read.value!);
    size += read.value!.length;
  }
  return { pieces, isWhole: false, pending: undefined };
}

async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), timeoutMs));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function createBody(
  framing: Framing & { kind: 'length' | 'chunked' },
  pieces: readonly Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
  pending?: Read,
): RequestBody {
  return {
    framing,
    async pipe(exchange, drained) {
      let length = 0;
      const write = async (piece: Uint8Array) => {
        length += piece.length;
        if (framing.kind === 'length' && length > framing.length) throw wrongLength();
        const bytes = framing.kind === 'length' ? piece : writeChunk(piece);
        if (bytes.length > 0 && !exchange.write(bytes)) await drained();
      };
      for (const piece of pieces) await write(piece);
      for (let read = await (pending ?? reader.read()); !read.done; read = await reader.read()) {
        await write(read.value!);
      }
      if (framing.kind === 'chunked') exchange.write(writeLastChunk());
      else if (length < framing.length) throw wrongLength();
      exchange.finish();
    },
  };
}

function wrongLength(): SigError {
  return new SigError('E_BODY', 'The body is not as long as Content-Length says');
}
