import type { ParsedRequest } from './message.ts';

/** Longer heads are read anew each time: what is kept counts for every idle connection. */
const MAX_KEPT_BYTES = 4_096;
/** Memory for a head is a multiple of this, so that the next one often fits. */
const GRAIN = 256;

/**
 * The head that a client sent last on its connection. Most clients send the same fields again, and often the same
 * line: whatever is read out of the same bytes is the same, so it need not be read again.
 */
export interface KnownHead {
  /** What was read out of the bytes; `undefined` when nothing is known. */
  message: ParsedRequest | undefined;
  /** Whether it came a second time. */
  isRepeated: boolean;
  line: Uint8Array;
  lineLength: number;
  /** All from the first field up to and with the empty line. */
  block: Uint8Array;
  blockLength: number;
}

const NOTHING = new Uint8Array(0);

/** Of a connection on which nothing has come. */
export function createKnownHead(): KnownHead {
  return {
    message: undefined,
    isRepeated: false,
    line: NOTHING,
    lineLength: 0,
    block: NOTHING,
    blockLength: 0,
  };
}

/**
 * The length of the known fields when they stand at `at` again, byte for byte, with the empty line behind them; else 0.
 *
 * @param stop where the bytes end, or the room that a head has
 */
export function findKnownBlock(known: KnownHead, bytes: Uint8Array, at: number, stop: number): number {
  const { block, blockLength } = known;
  if (known.message === undefined || stop - at < blockLength) return 0;
  return isSame(block, blockLength, bytes, at) ? blockLength : 0;
}

/** Whether the known line stands in `bytes` from `start` to `end`. */
export function isKnownLine(known: KnownHead, bytes: Uint8Array, start: number, end: number): boolean {
  return known.lineLength > 0 && known.lineLength === end - start && isSame(known.line, end - start, bytes, start);
}

/** Remembers a line with what it means, beside the fields that are known. */
export function keepLine(
  known: KnownHead,
  message: ParsedRequest,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  known.message = message;
  // A line of no length is known of no request.
  known.lineLength = end - start > MAX_KEPT_BYTES ? 0 : end - start;
  known.line = keep(known.line, bytes, start, start + known.lineLength);
}

/**
 * Remembers fields.
 *
 * @returns whether they are short enough for that
 */
export function keepBlock(known: KnownHead, bytes: Uint8Array, start: number, end: number): boolean {
  known.message = undefined;
  known.isRepeated = false;
  if (end - start > MAX_KEPT_BYTES) return false;
  known.block = keep(known.block, bytes, start, end);
  known.blockLength = end - start;
  return true;
}

function keep(room: Uint8Array, bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  const kept = length <= room.length ? room : new Uint8Array(Math.ceil(length / GRAIN) * GRAIN);
  kept.set(bytes.subarray(start, end));
  return kept;
}

function isSame(kept: Uint8Array, length: number, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < length; i++) {
    if (kept[i] !== bytes[at + i]) return false;
  }
  return true;
}
