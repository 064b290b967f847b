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

/**
 * Tries a needle at a position: each of its characters stands there plain or escaped, in any
 * mixture, with a single line break between any two after the fourth (wrapped base64).
 *
 * @returns the end of its longest spelling there, {@link NONE}, or {@link MORE} when the bytes end
 * before it is certain
 */
export function matchNeedle(needle: Needle, cursor: Cursor, start: number): number {
  const { bytes } = cursor;
  const wanted = needle.bytes;
  const { fold } = needle.alphabet;
  const stop = Math.min(wanted.length, bytes.length - start);
  let i = 0;
  // Almost every attempt ends here: plain characters, compared one by one.
  while (i < stop) {
    const byte = bytes[start + i]!;
    if (MARKER[byte] !== 0) return follow(needle, cursor, i, start + i);
    if (fold[byte] !== wanted[i]) return NONE;
    i++;
  }
  return i === wanted.length ? start + i : cursor.final ? NONE : MORE;
}

/** A place in the search: the needle's first `index` bytes are spelled by the text before `at`. */
interface Step {
  readonly index: number;
  readonly at: number;
  /** Whether a line break was skipped just before. */
  readonly broken: boolean;
}

/** The general search, from a place where the text has a marker. Visits each place once. */
function follow(needle: Needle, cursor: Cursor, index: number, at: number): number {
  const steps: Step[] = [{ index, at, broken: false }];
  const seen = new Set<number>();
  let end = NONE;
  let undecided = false;
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if (step.index === needle.bytes.length) {
      end = Math.max(end, step.at);
      continue;
    }
    const place = (step.at * needle.bytes.length + step.index) * 2 + (step.broken ? 1 : 0);
    if (seen.has(place)) continue;
    seen.add(place);
    if (advance(needle, cursor, step, steps)) undecided = true;
  }
  return undecided ? MORE : end;
}

/**
 * Adds the places that one character leads to.
 *
 * @returns whether the bytes end here and may go on as the needle does
 */
function advance(needle: Needle, cursor: Cursor, step: Step, steps: Step[]): boolean {
  const isMarker = MARKER[cursor.bytes[step.at] ?? 0] !== 0;
  let lastCode = NONE;
  let lastNext = -1;
  let undecided = false;
  for (let depth = 0; depth <= (isMarker ? MAX_DEPTH : 0); depth++) {
    const code = readCode(cursor, step.at, depth);
    if (code === MORE) undecided = true;
    if (code < 0 || (code === lastCode && cursor.next === lastNext)) continue;
    lastCode = code;
    lastNext = cursor.next;
    const length = spelledLength(needle, step.index, code);
    if (length > 0) steps.push({ index: step.index + length, at: lastNext, broken: false });
    else if (!step.broken) undecided = skipBreak(needle, cursor, step, code, depth, steps) || undecided;
  }
  return undecided;
}

/** Adds the place behind a line break; answers as {@link advance} does. */
function skipBreak(
  needle: Needle,
  cursor: Cursor,
  step: Step,
  code: number,
  depth: number,
  steps: Step[],
): boolean {
  if (code !== SOFT_BREAK && (step.index < LINE_BREAK_AFTER || (code !== LF && code !== CR))) return false;
  if (step.index === 0 || needle.bytes[step.index - 1] === SPACE) return false;
  if (code === CR) {
    const second = readCode(cursor, cursor.next, depth);
    if (second !== LF) return second === MORE;
  }
  // Indented text follows, not the rest of a wrapped one.
  if (cursor.bytes[cursor.next] === SPACE) return false;
  steps.push({ index: step.index, at: cursor.next, broken: true });
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
