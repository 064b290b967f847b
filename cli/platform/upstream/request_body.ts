import { clearTimeout, setTimeout } from 'node:timers';
import { SigError } from '../../../src/errors.ts';
import { findField } from '../../../src/http1/fields.ts';
import type { Framing } from '../../../src/http1/message.ts';
import { writeChunk, writeLastChunk } from '../../../src/http1/write.ts';
import type { Body } from '../../../src/ports.ts';
import type { RequestHead } from '../../../src/target/head.ts';
import type { Exchange } from './exchange.ts';

/** A body with its framing decided. */
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

/**
 * Decides how a body is framed: by its length when it is in memory (many servers know nothing else),
 * by the `Content-Length` that the caller gave, else in chunks.
 *
 * @throws {SigError} E_BODY when Content-Length is not a number
 */
export async function openRequestBody(head: RequestHead, body: Body | null): Promise<RequestBody> {
  if (body === null) {
    return createBody(WITH_BODY.has(head.method) ? { kind: 'length', length: 0 } : { kind: 'none' }, []);
  }
  if (Symbol.iterator in body) {
    const pieces = [...body];
    return createBody({ kind: 'length', length: lengthOf(pieces) }, pieces);
  }
  const source = body[Symbol.asyncIterator]();
  const declared = findField(head.headers, 'content-length');
  if (declared !== undefined) {
    if (!/^\d{1,15}$/.test(declared)) throw new SigError('E_BODY', 'Cannot use Content-Length: it is not a number');
    return createBody({ kind: 'length', length: Number(declared) }, [], source);
  }
  const { pieces, isWhole, pending } = await collect(source);
  if (!isWhole) return createBody({ kind: 'chunked' }, pieces, source, pending);
  return createBody({ kind: 'length', length: lengthOf(pieces) }, pieces);
}

type Read = Promise<IteratorResult<Uint8Array>>;

interface Collected {
  readonly pieces: readonly Uint8Array[];
  readonly isWhole: boolean;
  /** The read that is under way. */
  readonly pending?: Read;
}

async function collect(source: AsyncIterator<Uint8Array>): Promise<Collected> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  while (size <= MAX_COLLECTED_BYTES) {
    const pending = source.next();
    const read = await within(PATIENCE_MS, pending);
    if (read === undefined) return { pieces, isWhole: false, pending };
    if (read.done) return { pieces, isWhole: true };
    pieces.push(read.value);
    size += read.value.length;
  }
  return { pieces, isWhole: false };
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
  framing: Framing,
  pieces: readonly Uint8Array[],
  source?: AsyncIterator<Uint8Array>,
  pending?: Read,
): RequestBody {
  return {
    framing,
    async pipe(exchange, drained) {
      const isChunked = framing.kind === 'chunked';
      let left = framing.kind === 'length' ? framing.length : 0;
      const write = async (piece: Uint8Array) => {
        if (!isChunked && (left -= piece.length) < 0) throw wrongLength();
        if (piece.length > 0 && !exchange.write(isChunked ? writeChunk(piece) : piece)) await drained();
      };
      try {
        for (const piece of pieces) await write(piece);
        if (source) {
          for (let read = await (pending ?? source.next()); !read.done; read = await source.next()) {
            await write(read.value);
            // The server has answered already, or is gone.
            if (exchange.isOver()) return void await source.return?.();
          }
        }
        if (left > 0) throw wrongLength();
      } catch (error) {
        await source?.return?.();
        throw error;
      }
      if (isChunked) exchange.write(writeLastChunk());
      exchange.finish();
    },
  };
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function wrongLength(): SigError {
  return new SigError('E_BODY', 'The body is not as long as Content-Length says');
}
