import type { Bytes } from './bytes.ts';

/** Bytes of a slab. */
const SLAB = 65_536;
/** What is larger gets memory of its own. */
const MAX_PIECE = SLAB / 8;

let slab: Bytes = new Uint8Array(SLAB);
let used = 0;

/**
 * Short-lived bytes, all zero, cut from a larger piece of memory: to allocate each message head by itself takes
 * longer than to write it. The memory is given back when none of its pieces is used any more, so nothing that
 * stays should be kept in it.
 *
 * @param length in bytes
 */
export function cutBytes(length: number): Bytes {
  if (length > MAX_PIECE) return new Uint8Array(length);
  if (used + length > SLAB) {
    slab = new Uint8Array(SLAB);
    used = 0;
  }
  const piece = slab.subarray(used, used + length);
  used += length;
  return piece;
}
