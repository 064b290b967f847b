/**
 * Files of lines, by descriptor: what only their owner may read, and where their lines end.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { closeSync, constants, fchmodSync, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { SigError } from '../../src/errors.ts';
import { requirePrivate } from './private_path.ts';

const CHUNK = 64 * 1024;

/**
 * Opens or makes a file that only its owner may read and write, never through a symbolic link.
 *
 * @param append whether writes go to its end
 * @throws {SigError} E_PERMISSIONS when it is not a file, not one's own, or open to others
 */
export function openPrivate(path: string, append: boolean): number {
  // O_NOFOLLOW is absent on Windows, where making a link needs a privilege.
  const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0) | (append ? constants.O_APPEND : 0);
  const fd = openSync(path, flags, 0o600);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new SigError('E_PERMISSIONS', `Refuse to use "${path}": it is not a file`);
    requirePrivate(stats, path);
    // A umask can take away even what the owner needs.
    if ((stats.mode & 0o600) !== 0o600) fchmodSync(fd, 0o600);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Reads with a file that is closed afterwards; nothing when there is none. */
export function withFile<T>(path: string, use: (fd: number) => T): T | undefined {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
  const fd = openSync(path, constants.O_RDONLY);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** How many of the first `size` bytes of a file are whole lines. */
export function countWholeBytes(fd: number, size: number): number {
  for (let end = size; end > 0; end -= CHUNK) {
    const start = Math.max(0, end - CHUNK);
    const newline = readAt(fd, start, end - start).lastIndexOf(0x0a);
    if (newline >= 0) return start + newline + 1;
  }
  return 0;
}

/**
 * The last line, without its end.
 *
 * @param whole how many bytes are whole lines
 */
export function readLastLine(fd: number, whole: number): string | undefined {
  if (whole === 0) return undefined;
  const start = countWholeBytes(fd, whole - 1);
  return readAt(fd, start, whole - 1 - start).toString('utf8');
}

/** The first line, without its end; nothing when there is no whole line. */
export function readFirstLine(fd: number): string | undefined {
  const pieces: Buffer[] = [];
  for (let at = 0;; at += CHUNK) {
    const piece = readAt(fd, at, CHUNK);
    const newline = piece.indexOf(0x0a);
    if (newline < 0 && piece.length < CHUNK) return undefined;
    pieces.push(newline < 0 ? piece : piece.subarray(0, newline));
    if (newline >= 0) return Buffer.concat(pieces).toString('utf8');
  }
}

/**
 * The last lines, without their ends, in file order.
 *
 * @param whole how many bytes are whole lines
 * @param count at most so many
 */
export function readLastLines(fd: number, whole: number, count: number): string[] {
  for (let span = CHUNK;; span *= 4) {
    const start = Math.max(0, whole - span);
    const lines = [...readLinesBetween(fd, start, whole)].map(([line]) => line);
    // The first line of a span that begins somewhere is seldom whole.
    const sure = start === 0 ? lines : lines.slice(1);
    if (start === 0 || sure.length >= count) return sure.slice(-count);
  }
}

/**
 * The whole lines between two offsets, and how many bytes each takes with its end.
 *
 * @param to not beyond the end of the file
 */
export function* readLinesBetween(
  fd: number,
  from: number,
  to: number,
): Generator<[line: string, bytes: number], void> {
  let rest: Buffer = Buffer.alloc(0);
  for (let at = from; at < to;) {
    const piece = readAt(fd, at, Math.min(CHUNK, to - at));
    if (piece.length === 0) return;
    at += piece.length;
    const bytes = Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, start)) {
      yield [bytes.toString('utf8', start, end), end + 1 - start];
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
}

/** The bytes at a position; fewer at the end of the file. */
export function readAt(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(fd, buffer, filled, length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

/**
 * Writes all of a text.
 *
 * @param position where in the file; where writes go by themselves when absent
 * @returns how many bytes that were
 */
export function writeText(fd: number, text: string, position?: number): number {
  const length = Buffer.byteLength(text);
  // As text it is written without a copy, and only a disk that is nearly full takes a part. Not to a position, which
  // Deno 2.9 takes no notice of for text (seen on 2026-11-22).
  let at = position === undefined ? writeSync(fd, text) : 0;
  if (at === length) return length;
  const bytes = Buffer.from(text);
  while (at < length) at += writeSync(fd, bytes, at, length - at, position === undefined ? null : position + at);
  return length;
}
