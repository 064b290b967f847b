import type { Bytes } from '../encoding/bytes.ts';
import { cutBytes } from '../encoding/slab.ts';
import type { HeaderPairs } from '../target/head.ts';
import { isRepeated } from '../target/repeated.ts';
import { CLASS, consistsOf, OBS_TEXT, TARGET, TEXT, TOKEN } from './characters.ts';
import { Http1Error } from './error.ts';
import { isMethod } from './request_head.ts';
import { isReason } from './response_head.ts';
import { checkTrailers } from './trailers.ts';

const CR = 13;
const LF = 10;
const COLON = 58;
const SP = 32;

/**
 * Writes the head of a request. Every character is checked once more: whatever the fields came from,
 * nothing in them can begin a line of its own (security case X11).
 *
 * @param requestTarget as it stands in the request line
 * @returns the bytes up to and with the empty line, values as latin-1
 * @throws {Http1Error} unwritable, naming the field and not its value
 *
 * @example
 * ```ts
 * writeRequestHead('GET', '/', [['Host', 'example.com']]);
 * ```
 */
export function writeRequestHead(method: string, requestTarget: string, fields: HeaderPairs): Bytes {
  if (!isMethod(method)) throw new Http1Error('unwritable', 'the method is not one');
  if (!consistsOf(requestTarget, TARGET)) throw new Http1Error('unwritable', 'the request target has a bad character');
  const written = writtenFields(fields);
  if (written === undefined) return writeHead(`${method} ${requestTarget} HTTP/1.1\r\n`, fields);
  const bytes = cutBytes(method.length + requestTarget.length + 12 + written.length);
  let at = writeText(bytes, 0, method);
  bytes[at++] = SP;
  at = writeText(bytes, at, requestTarget);
  at = writeText(bytes, at, ' HTTP/1.1\r\n');
  bytes.set(written, at);
  return bytes;
}

/** Fields that come again and again, as they were written and checked. They go when the pairs themselves do. */
const known = new WeakMap<HeaderPairs, Bytes>();

/** Fields and the empty line behind them, if they are such that come again. */
function writtenFields(fields: HeaderPairs): Bytes | undefined {
  const written = known.get(fields);
  if (written !== undefined || !isRepeated(fields)) return written;
  const bytes = new Uint8Array(lengthOfFields(fields) + 2);
  writeEnd(bytes, writeFields(bytes, 0, fields));
  known.set(fields, bytes);
  return bytes;
}

/**
 * Writes the head of a response.
 *
 * @param status 100 to 999
 * @param reason may be empty
 * @returns the bytes up to and with the empty line, values as latin-1
 * @throws {Http1Error} unwritable, naming the field and not its value
 */
export function writeResponseHead(status: number, reason: string, fields: HeaderPairs): Bytes {
  return writeHead(responseLine(status, reason), fields);
}

/** The first line of a response. @throws {Http1Error} unwritable */
export function responseLine(status: number, reason: string): string {
  if (!Number.isInteger(status) || status < 100 || status > 999) throw new RangeError('status: must be 100 to 999');
  if (!isReason(reason)) throw new Http1Error('unwritable', 'the reason phrase has a bad character');
  return `HTTP/1.1 ${status} ${reason}\r\n`;
}

/** Writes one chunk (RFC 9112 §7.1). An empty one would end the body, so nothing is written for it. */
export function writeChunk(content: Uint8Array): Bytes {
  if (content.length === 0) return new Uint8Array(0);
  const size = content.length.toString(16);
  const bytes = new Uint8Array(size.length + content.length + 4);
  let at = writeText(bytes, 0, `${size}\r\n`);
  bytes.set(content, at);
  at += content.length;
  bytes[at++] = CR;
  bytes[at] = LF;
  return bytes;
}

/**
 * Writes the end of a chunked body.
 *
 * @throws {Http1Error} unwritable, trailer
 */
export function writeLastChunk(trailers: HeaderPairs = []): Bytes {
  checkTrailers(trailers);
  return writeHead('0\r\n', trailers);
}

function writeHead(line: string, fields: HeaderPairs): Bytes {
  const bytes = cutBytes(line.length + lengthOfFields(fields) + 2);
  writeEnd(bytes, writeFields(bytes, writeText(bytes, 0, line), fields));
  return bytes;
}

/** How many bytes the lines of fields take. */
export function lengthOfFields(fields: HeaderPairs): number {
  let length = 0;
  for (const field of fields) length += field[0].length + field[1].length + 4;
  return length;
}

function writeFields(bytes: Uint8Array, start: number, fields: HeaderPairs): number {
  let at = start;
  for (const field of fields) at = writeField(bytes, at, field);
  return at;
}

/** Writes the line of a field, and answers with where it ends. @throws {Http1Error} unwritable */
export function writeField(bytes: Uint8Array, start: number, field: HeaderPairs[number]): number {
  const name = field[0];
  const value = field[1];
  let at = start;
  if (!writeChecked(bytes, at, name, TOKEN) || name.length === 0) {
    throw new Http1Error('unwritable', 'a field name is not one');
  }
  at += name.length;
  bytes[at++] = COLON;
  bytes[at++] = SP;
  if (!writeChecked(bytes, at, value, TEXT | OBS_TEXT)) {
    throw new Http1Error('unwritable', `the value of field "${name}" has a character that cannot be in one`);
  }
  at += value.length;
  return writeEnd(bytes, at);
}

/** Writes CR and LF, and answers with where they end. */
export function writeEnd(bytes: Uint8Array, at: number): number {
  bytes[at] = CR;
  bytes[at + 1] = LF;
  return at + 2;
}

/** Writes text of one byte a character, and answers with where it ends. */
export function writeText(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}

function writeChecked(bytes: Uint8Array, at: number, text: string, bits: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff || (CLASS[code]! & bits) === 0) return false;
    bytes[at + i] = code;
  }
  return true;
}
