/**
 * The frames of a WebSocket as bytes (RFC 6455 §5.2), as a server writes them: unmasked.
 *
 * @module
 */

import { encodeUtf8 } from '../encoding/bytes.ts';
import { cutBytes } from '../encoding/slab.ts';

/** What a frame holds (RFC 6455 §11.8). */
export type Opcode = 0 | 1 | 2 | 8 | 9 | 10;

/** Goes on with the message of an earlier frame. */
export const CONTINUATION = 0;
/** Begins a message of UTF-8. */
export const TEXT = 1;
/** Begins a message of any bytes. */
export const BINARY = 2;
/** Ends the connection. */
export const CLOSE = 8;
/** Asks for a pong with the same payload. */
export const PING = 9;
/** Answers a ping. */
export const PONG = 10;

/** Longest payload of a close, ping or pong frame (RFC 6455 §5.5). */
export const MAX_CONTROL_BYTES = 125;

/** Set in the first byte of the last frame of a message. */
const FIN = 0x80;
/** Longest length that stands in two bytes. */
const MAX_SHORT = 0xffff;
/** Payloads up to this size are copied behind their head, so that frame after frame lies in one piece. */
const COPIED_BYTES = 4_096;

/** Bytes that are no frame which a server may send. The connection cannot go on: it is to be closed with `closeCode`. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  /** RFC 6455 §7.4.1: 1002 for a broken rule, 1007 for text that is not UTF-8, 1009 for what is too big. */
  readonly closeCode: 1002 | 1007 | 1009;

  constructor(message: string, closeCode: 1002 | 1007 | 1009 = 1002) {
    super(message);
    this.closeCode = closeCode;
  }
}

/**
 * Adds one frame to bytes that are to be written. Small ones are copied, and grow together with what was
 * added before; large payloads are added as they are.
 *
 * @param isFinal whether the message ends with it
 * @param pieces its payload
 *
 * @example
 * ```ts
 * const out: Uint8Array[] = [];
 * appendFrame(out, TEXT, true, [encodeUtf8('Hello')]); // 81 05 48 65 6c 6c 6f
 * ```
 */
export function appendFrame(
  out: Uint8Array[],
  opcode: Opcode,
  isFinal: boolean,
  pieces: readonly Uint8Array[],
): void {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const headLength = length <= MAX_CONTROL_BYTES ? 2 : length <= MAX_SHORT ? 4 : 10;
  const isCopied = length <= COPIED_BYTES;
  const bytes = cutBytes(isCopied ? headLength + length : headLength);
  bytes[0] = isFinal ? FIN | opcode : opcode;
  writeLength(bytes, length);
  if (isCopied) {
    let at = headLength;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
  }
  append(out, bytes);
  if (!isCopied) out.push(...pieces);
}

/** RFC 6455 §5.2: the shortest of the three forms. */
function writeLength(bytes: Uint8Array, length: number): void {
  if (length <= MAX_CONTROL_BYTES) {
    bytes[1] = length;
  } else if (length <= MAX_SHORT) {
    bytes[1] = 126;
    bytes[2] = length >>> 8;
    bytes[3] = length;
  } else {
    bytes[1] = 127;
    const view = new DataView(bytes.buffer, bytes.byteOffset + 2, 8);
    view.setUint32(0, Math.floor(length / 2 ** 32));
    view.setUint32(4, length >>> 0);
  }
}

/** Adds bytes, as a part of the last piece when they lie right behind it. */
function append(out: Uint8Array[], bytes: Uint8Array): void {
  const last = out.at(-1);
  if (last && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
    out[out.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + bytes.length);
  } else out.push(bytes);
}

/**
 * The payload of a close frame.
 *
 * @param reason ASCII, at most 123 characters
 */
export function closePayload(code: number, reason: string): Uint8Array {
  return Uint8Array.of(code >>> 8, code & 0xff, ...encodeUtf8(reason));
}
