import { CLASS, TOKEN } from './characters.ts';
import { Http1Error } from './error.ts';
import { MAX_CHUNK_EXTENSION_BYTES } from './limits.ts';

const CR = 13;
const LF = 10;
const SEMICOLON = 59;
const EQUALS = 61;

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;

/** Digits of a chunk size: 2 GiB in one chunk is more than anybody sends. */
const MAX_SIZE_DIGITS = 8;
const MAX_SIZE = 0x7fff_ffff;

/** Follows the framing of a chunked body (RFC 9112 §7.1), however it is cut into packets. */
export interface ChunkScan {
  state: number;
  size: number;
  digits: number;
  /** Bytes of the current chunk that are still to come. */
  left: number;
  extensionBytes: number;
  /** Bytes of content so far. */
  contentBytes: number;
  /** Whether the last chunk's line is read, so that trailers or the final empty line follow. */
  atTrailers: boolean;
}

/** A fresh scan. */
export function createChunkScan(): ChunkScan {
  return { state: SIZE, size: 0, digits: 0, left: 0, extensionBytes: 0, contentBytes: 0, atTrailers: false };
}

/**
 * Scans on until content is found, the trailers begin, or the bytes end.
 *
 * @param content receives where a piece of content begins and ends; both equal when there is none
 * @param maxBodyBytes limit of the content
 * @returns where the scan stands
 * @throws {Http1Error} chunk for what no two parsers read alike, body_too_large
 */
export function scanChunks(
  scan: ChunkScan,
  bytes: Uint8Array,
  start: number,
  end: number,
  content: { start: number; end: number },
  maxBodyBytes: number,
): number {
  let at = start;
  content.start = content.end = start;
  while (at < end) {
    const byte = bytes[at]!;
    switch (scan.state) {
      case SIZE: {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          if (++scan.digits > MAX_SIZE_DIGITS) throw new Http1Error('chunk', 'a chunk is too large');
          scan.size = scan.size * 16 + digit;
        } else {
          if (scan.digits === 0 || scan.size > MAX_SIZE) throw new Http1Error('chunk');
          if (byte === CR) scan.state = SIZE_LF;
          else if (byte === SEMICOLON) scan.state = EXTENSION;
          else throw new Http1Error('chunk');
        }
        at++;
        break;
      }
      case EXTENSION:
        // Quotes and white space are legal here (RFC 9112 §7.1.1) and read differently by everybody.
        if (byte === CR) scan.state = SIZE_LF;
        else if (byte !== SEMICOLON && byte !== EQUALS && (CLASS[byte]! & TOKEN) === 0) throw new Http1Error('chunk');
        else if (++scan.extensionBytes > MAX_CHUNK_EXTENSION_BYTES) {
          throw new Http1Error('chunk', 'the chunk extensions are too long');
        }
        at++;
        break;
      case SIZE_LF:
        if (byte !== LF) throw new Http1Error('chunk');
        at++;
        scan.contentBytes += scan.size;
        if (scan.contentBytes > maxBodyBytes) throw new Http1Error('body_too_large');
        scan.left = scan.size;
        scan.state = DATA;
        scan.digits = 0;
        if (scan.size === 0) {
          scan.atTrailers = true;
          return at;
        }
        scan.size = 0;
        break;
      case DATA: {
        const stop = Math.min(end, at + scan.left);
        scan.left -= stop - at;
        if (scan.left === 0) scan.state = DATA_CR;
        content.start = at;
        content.end = stop;
        return stop;
      }
      case DATA_CR:
        if (byte !== CR) throw new Http1Error('chunk', 'a chunk is longer than its size says');
        at++;
        scan.state = DATA_LF;
        break;
      case DATA_LF:
        if (byte !== LF) throw new Http1Error('chunk');
        at++;
        scan.state = SIZE;
        break;
    }
  }
  return at;
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
