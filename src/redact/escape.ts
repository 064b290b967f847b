/**
 * Reads one character of a text that may be escaped: percent (`%41`, `%u0041`), JSON and other
 * backslash forms (`\u0041`, `\u{41}`, `\x41`, `\/`), HTML references (`&amp;`, `&#65;`, `&#x41;`)
 * and quoted-printable (`=41`), nested up to {@link MAX_DEPTH} times.
 *
 * @module
 */

import { ASCII_ENTITIES } from './entity.ts';

/** Where a read ended, and in which bytes. Reused from read to read: reads must not allocate. */
export interface Cursor {
  bytes: Uint8Array;
  /** Whether nothing follows these bytes. */
  final: boolean;
  /** Set by {@link readCode}: the position after what was read. */
  next: number;
}

/** Nothing is there: the text has ended. */
export const NONE = -1;
/** The bytes end within what may become a character: more are needed to tell. */
export const MORE = -2;
/** A quoted-printable soft line break (RFC 2045 §6.7): it stands for no character at all. */
export const SOFT_BREAK = 0x110000;
/** How many escapings of one another are undone: `%253D` is `%3D` is `=`. */
export const MAX_DEPTH = 3;
/** Leading zeros of a numeric reference may go on for ever; nobody writes this many digits. */
const MAX_DIGITS = 32;
const NAMES: readonly (readonly [name: string, code: number])[] = [...ASCII_ENTITIES];
const MAX_NAME = Math.max(...NAMES.map(([name]) => name.length));

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const PERCENT = 0x25;
const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const BACKSLASH_CONTROL: readonly (readonly [letter: number, code: number])[] = [[0x62, 8], [0x66, 12], [0x6e, LF], [
  0x72,
  CR,
], [
  0x74,
  9,
]];

/** By byte: 1 where an escape may begin, 2 where a line may break, else 0. */
export const MARKER: Uint8Array = new Uint8Array(256);
MARKER[PERCENT] =
  MARKER[AMPERSAND] =
  MARKER[EQUALS] =
  MARKER[BACKSLASH] =
    1;
MARKER[LF] = MARKER[CR] = 2;

/**
 * The bytes that may stand behind a marker in an escape, or at a line break, when only some
 * characters matter.
 *
 * @param wanted by byte: 1 for the characters that matter
 */
export function followersOf(marker: number, wanted: Uint8Array): Set<number> {
  if (marker === CR) return new Set([LF]);
  const followers = new Set([PERCENT, AMPERSAND, EQUALS, BACKSLASH]);
  for (let code = 0; code < 256; code++) {
    // What an escape stands for may also be part of another escape, or a line break.
    if (wanted[code] !== 1 && (MARKER[code] === 0 || marker === LF)) continue;
    for (const follower of followersFor(marker, code)) followers.add(follower);
  }
  if (marker === LF) followers.delete(SPACE);
  for (const always of ALWAYS_FOLLOW[marker] ?? []) followers.add(always);
  return followers;
}

/** What follows a marker whatever the escape stands for: `u`, `x`, `#`, line ends. */
const ALWAYS_FOLLOW: Readonly<Record<number, readonly number[]>> = {
  [PERCENT]: [0x75, 0x55],
  [EQUALS]: [LF, CR],
  [BACKSLASH]: [0x75, 0x78],
  [AMPERSAND]: [0x23],
};

/** What follows a marker in an escape that stands for a character. */
function followersFor(marker: number, code: number): number[] {
  switch (marker) {
    case LF:
      return [code];
    case AMPERSAND:
      return NAMES.filter((entity) => entity[1] === code).map(([name]) => name.charCodeAt(0));
    case BACKSLASH:
      return isPunctuation(code)
        ? [code]
        : BACKSLASH_CONTROL.filter((entry) => entry[1] === code).map(([letter]) => letter);
    default: {
      const digit = (code >> 4).toString(16);
      return [digit.charCodeAt(0), digit.toUpperCase().charCodeAt(0)];
    }
  }
}

/**
 * Reads the character at a position. With `depth` 0 that is the byte itself, with `depth` n what
 * undoing up to n layers of escaping yields; a byte that begins no escape stands for itself. What
 * can be read as an escape within an escape is read so, as every encoder means it.
 *
 * @returns a code point (of a byte below 256, a byte or a code point), {@link SOFT_BREAK},
 * {@link MORE} or {@link NONE}; `cursor.next` is then the position behind it
 */
export function readCode(cursor: Cursor, at: number, depth: number): number {
  const { bytes } = cursor;
  if (at >= bytes.length) return cursor.final ? NONE : MORE;
  if (depth === 0 || MARKER[bytes[at]!] !== 1) {
    cursor.next = at + 1;
    return bytes[at]!;
  }
  const first = readCode(cursor, at, depth - 1);
  if (first < 0 || first > 255 || MARKER[first] !== 1) return first;
  const { next } = cursor;
  const code = mayEscape(bytes, first, next) ? readEscape(cursor, first, next, depth - 1) : NONE;
  if (code !== NONE) return code;
  cursor.next = next;
  return first;
}

/** The first two letters of each name, of which `&page=` and `&x=` in a URL have none. */
const NAME_STARTS: ReadonlySet<number> = new Set(
  NAMES.map(([name]) => (name.charCodeAt(0) << 8) | name.charCodeAt(1)),
);

/**
 * Whether an escape can go on at a position, judged by at most two bytes there. Answers at once for
 * most of the markers that are just punctuation; says no to nothing that an encoder writes.
 */
export function mayEscape(bytes: Uint8Array, marker: number, at: number): boolean {
  if (at + 1 >= bytes.length || marker === BACKSLASH) return true;
  const second = bytes[at]!;
  const third = bytes[at + 1]!;
  if (marker === AMPERSAND) {
    // An encoder that escapes the second letter of a name has escaped the first.
    return second === 0x23 || MARKER[second] === 1 || NAME_STARTS.has((second << 8) | third);
  }
  if (MARKER[second] === 2) return true;
  return mayBeDigit(bytes, at) && (mayBeDigit(bytes, at + 1) || (second | 0x20) === 0x75);
}

/** Whether a hexadecimal digit, or the `u` of `%u`, can stand at a position, plain or escaped. */
function mayBeDigit(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at]!;
  if (MARKER[byte] !== 1) return hexValue(byte) >= 0 || (byte | 0x20) === 0x75;
  const next = bytes[at + 1] ?? PERCENT;
  if (byte === AMPERSAND) return next === 0x23 || MARKER[next] === 1;
  return byte === BACKSLASH
    ? next === 0x75 || next === 0x78 || MARKER[next] === 1
    : hexValue(next) >= 0 || MARKER[next] === 1;
}

function readEscape(cursor: Cursor, marker: number, at: number, depth: number): number {
  const first = readCode(cursor, at, depth);
  if (first < 0) return first;
  const next = cursor.next;
  switch (marker) {
    case PERCENT:
      return (first | 0x20) === 0x75 ? readHex(cursor, next, 4, depth) : readHex(cursor, at, 2, depth);
    case EQUALS:
      if (first === LF) return SOFT_BREAK;
      return first === CR ? expect(cursor, next, LF, SOFT_BREAK, depth) : readHex(cursor, at, 2, depth);
    case BACKSLASH:
      return readBackslash(cursor, first, next, depth);
    default:
      return first === 0x23 ? readNumericReference(cursor, next, depth) : readNamedReference(cursor, at, depth);
  }
}

/** Answers `result` when the character at a position is `wanted`. */
function expect(cursor: Cursor, at: number, wanted: number, result: number, depth: number): number {
  const code = readCode(cursor, at, depth);
  return code === wanted ? result : code === MORE ? MORE : NONE;
}

function readHex(cursor: Cursor, at: number, digits: number, depth: number): number {
  let value = 0;
  for (let i = 0, next = at; i < digits; i++, next = cursor.next) {
    const code = readCode(cursor, next, depth);
    const digit = hexValue(code);
    if (digit < 0) return code === MORE ? MORE : NONE;
    value = (value << 4) | digit;
  }
  return value;
}

function readBackslash(cursor: Cursor, first: number, next: number, depth: number): number {
  if (first === 0x78) return readHex(cursor, next, 2, depth);
  if (first === 0x75) return readUnicode(cursor, next, depth);
  const control = BACKSLASH_CONTROL.find(([letter]) => letter === first)?.[1];
  if (control === undefined && !isPunctuation(first)) return NONE;
  cursor.next = next;
  return control ?? first;
}

/** What follows `\u`: four digits, two surrogates, or digits in braces. */
function readUnicode(cursor: Cursor, at: number, depth: number): number {
  const first = readCode(cursor, at, depth);
  if (first === 0x7b) return readBraced(cursor, cursor.next, depth);
  const unit = readHex(cursor, at, 4, depth);
  if (unit < 0xd800 || unit > 0xdbff) return unit;
  for (const wanted of [BACKSLASH, 0x75]) {
    const code = expect(cursor, cursor.next, wanted, wanted, depth);
    if (code < 0) return code;
  }
  const low = readHex(cursor, cursor.next, 4, depth);
  if (low < 0) return low;
  return (low & 0xfc00) === 0xdc00 ? 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff) : NONE;
}

function readBraced(cursor: Cursor, at: number, depth: number): number {
  let value = 0;
  for (let i = 0, next = at; i <= 6; i++, next = cursor.next) {
    const code = readCode(cursor, next, depth);
    if (code === 0x7d) return i > 0 && value < SOFT_BREAK ? value : NONE;
    const digit = hexValue(code);
    if (digit < 0) return code === MORE ? MORE : NONE;
    value = value * 16 + digit;
  }
  return NONE;
}

/** What follows `&#`. The semicolon may be missing, as HTML parsers allow. */
function readNumericReference(cursor: Cursor, at: number, depth: number): number {
  const sign = readCode(cursor, at, depth);
  if (sign < 0) return sign;
  const base = (sign | 0x20) === 0x78 ? 16 : 10;
  let value = 0;
  for (let i = 0, next = base === 16 ? cursor.next : at; i <= MAX_DIGITS; i++) {
    const code = readCode(cursor, next, depth);
    if (code === MORE) return MORE;
    const digit = base === 16 ? hexValue(code) : code >= 0x30 && code <= 0x39 ? code - 0x30 : NONE;
    if (digit < 0) {
      if (code !== 0x3b) cursor.next = next;
      return i > 0 && value > 0 && value < SOFT_BREAK ? value : NONE;
    }
    value = value * base + digit;
    next = cursor.next;
  }
  return NONE;
}

function readNamedReference(cursor: Cursor, at: number, depth: number): number {
  let hash = 0;
  for (let i = 0, next = at; i <= MAX_NAME; i++, next = cursor.next) {
    const code = readCode(cursor, next, depth);
    if (code === MORE) return MORE;
    if (code === 0x3b) return CODE_OF_NAME.get(hash) ?? NONE;
    if (code < 0 || !isAlphanumeric(code)) return NONE;
    hash = hashName(hash, code);
  }
  return NONE;
}

function hashName(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) | 0;
}

/** Code points by the hash of their name, so that reading a name makes no text. */
const CODE_OF_NAME: ReadonlyMap<number, number> = new Map(
  NAMES.map((
    [name, code],
  ) => [[...name].reduce((hash, each) => hashName(hash, each.charCodeAt(0)), 0), code]),
);

/** The value of a hexadecimal digit, or -1. */
function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return code > 0 && letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : NONE;
}

function isAlphanumeric(code: number): boolean {
  const letter = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (letter >= 0x61 && letter <= 0x7a);
}

/** ASCII punctuation: what a backslash makes stand for itself in JSON, shells, Markdown. */
function isPunctuation(code: number): boolean {
  return code > 0x20 && code < 0x7f && !isAlphanumeric(code);
}
