import { type Cursor, MARKER, MAX_DEPTH, MORE, NONE, readCode, SOFT_BREAK } from './escape.ts';
import type { Needle } from './needle.ts';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/**
 * How many bytes of a needle stand before a line break that is skipped. Fewer would hold back the
 * last characters of almost every line, since almost every character begins some needle.
 */
export const LINE_BREAK_AFTER = 4;

/** A cursor that pays for what it looks at. */
export interface MatchCursor extends Cursor {
  /**
   * How many bytes may still be compared. When it is used up, attempts succeed without a look: a
   * server that sends what is almost its cookie, over and over, mars its own answer and costs
   * nobody's time.
   */
  budget: number;
}

/** What it costs to read a character at a marker, in plain ones. */
const MARKER_COST = 16;

/**
 * Tries a needle at a position: each of its characters stands there plain or escaped, in any
 * mixture, with a single line break between any two after the fourth (wrapped base64).
 *
 * @returns the end of its longest spelling there, {@link NONE}, or {@link MORE} when the bytes end
 * before it is certain
 */
export function matchNeedle(needle: Needle, cursor: MatchCursor, start: number): number {
  const { bytes } = cursor;
  const wanted = needle.bytes;
  const { fold } = needle.alphabet;
  const stop = Math.min(wanted.length, bytes.length - start);
  if (cursor.budget <= 0) return start + stop;
  let i = 0;
  // Almost every attempt ends here: plain characters, compared one by one.
  while (i < stop) {
    const byte = bytes[start + i]!;
    if (MARKER[byte] !== 0) return follow(needle, cursor, i, start + i);
    if (fold[byte] !== wanted[i]) {
      cursor.budget -= i;
      return NONE;
    }
    i++;
  }
  cursor.budget -= i;
  return i === wanted.length ? start + i : cursor.final ? NONE : MORE;
}

/** A place in the search: the needle's first `index` bytes are spelled by the text before `at`. */
interface Place {
  readonly index: number;
  readonly at: number;
  /** Whether a line break was skipped just before. */
  readonly isBroken: boolean;
}

/** The general search, from a place where the text has a marker. */
function follow(needle: Needle, cursor: MatchCursor, index: number, at: number): number {
  const places: Place[] = [{ index, at, isBroken: false }];
  // Where spellings part, they may meet again: then each place is visited once.
  let seen: Set<number> | undefined;
  let end = NONE;
  let isUndecided = false;
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const key = (place.at * (needle.bytes.length + 1) + place.index) * 2 + (place.isBroken ? 1 : 0);
    if (seen?.has(key)) continue;
    seen?.add(key);
    const next = skipPlain(needle, cursor, place);
    if (next === undefined) continue;
    if (next.index === needle.bytes.length) {
      end = Math.max(end, next.at);
      continue;
    }
    cursor.budget -= MARKER_COST;
    if (cursor.budget <= 0) return next.at;
    if (advance(needle, cursor, next, places)) isUndecided = true;
    if (places.length > 1) seen ??= new Set();
  }
  return isUndecided ? MORE : end;
}

/** The place behind the plain characters that fit; `undefined` when one does not. */
function skipPlain(needle: Needle, cursor: MatchCursor, place: Place): Place | undefined {
  const { bytes } = cursor;
  const { fold } = needle.alphabet;
  let { index, at } = place;
  while (index < needle.bytes.length && at < bytes.length && MARKER[bytes[at]!] === 0) {
    if (fold[bytes[at]!] !== needle.bytes[index]) return undefined;
    index++;
    at++;
  }
  cursor.budget -= at - place.at;
  return at === place.at ? place : { index, at, isBroken: false };
}

/**
 * Adds the places that one character, at a marker or where the bytes end, leads to.
 *
 * @returns whether the bytes end here and may go on as the needle does
 */
function advance(needle: Needle, cursor: Cursor, place: Place, places: Place[]): boolean {
  let lastCode = NONE;
  let lastNext = -1;
  let isUndecided = false;
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    const code = readCode(cursor, place.at, depth);
    if (code === MORE) isUndecided = true;
    if (code < 0 || (code === lastCode && cursor.next === lastNext)) continue;
    lastCode = code;
    lastNext = cursor.next;
    const length = spelledLength(needle, place.index, code);
    if (length > 0) places.push({ index: place.index + length, at: lastNext, isBroken: false });
    else if (!place.isBroken && skipBreak(needle, cursor, place, code, depth, places)) isUndecided = true;
  }
  return isUndecided;
}

/** Adds the place behind a line break; answers as {@link advance} does. */
function skipBreak(
  needle: Needle,
  cursor: Cursor,
  place: Place,
  code: number,
  depth: number,
  places: Place[],
): boolean {
  const least = code === SOFT_BREAK ? 1 : code === LF || code === CR ? LINE_BREAK_AFTER : Infinity;
  if (place.index < least || needle.bytes[place.index - 1] === SPACE) return false;
  if (code === CR) {
    const second = readCode(cursor, cursor.next, depth);
    if (second !== LF) return second === MORE;
  }
  // Indented text follows, not the rest of a wrapped one.
  if (cursor.bytes[cursor.next] === SPACE) return false;
  places.push({ index: place.index, at: cursor.next, isBroken: true });
  return false;
}

/** How many bytes of the needle, from `index` on, a character stands for; 0 when it does not fit. */
function spelledLength(needle: Needle, index: number, code: number): number {
  const wanted = needle.bytes;
  if (code < 256 && needle.alphabet.fold[code] === wanted[index]) return 1;
  if (code < 128 || code >= SOFT_BREAK) return 0;
  // A code point of an escape, as UTF-8.
  const tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const lead = ((0xff00 >> (tail + 1)) & 0xff) | (code >> (6 * tail));
  if (wanted[index] !== lead) return 0;
  for (let i = 1; i <= tail; i++) {
    if (wanted[index + i] !== (0x80 | ((code >> (6 * (tail - i))) & 0x3f))) return 0;
  }
  return tail + 1;
}
