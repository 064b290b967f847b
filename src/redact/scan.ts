import { MARKER, MAX_DEPTH, mayEscape, MORE, readCode, SOFT_BREAK } from './escape.ts';
import { LINE_BREAK_AFTER, type MatchCursor, matchNeedle } from './match.ts';
import type { Needle } from './needle.ts';
import { ANCHOR, FIRST, INNER, MARK, type NeedleIndex, type Occurrence, pairOf, tripleOf } from './needle_index.ts';

/** Where a needle is spelled. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly needle: Needle;
}

/** What a scan found. */
export interface Findings {
  /** In no order; may overlap and repeat. Complete for all that begins before `pending`. */
  readonly spans: readonly Span[];
  /** Where the first needle may begin that the bytes do not decide; their length when none may. */
  readonly pending: number;
  /** What is left of the budget. */
  readonly budget: number;
}

/** A scan under way. */
interface Scan extends MatchCursor {
  readonly index: NeedleIndex;
  /** Where the starts end that a marker has been tried for, so that the next one need not. */
  triedTo: number;
  readonly spans: Span[];
  pending: number;
}

const LF = 0x0a;
const CR = 0x0d;
const HOT = ANCHOR | MARK;

/** The budget of a text at its beginning, and at most. */
export const MAX_BUDGET = 1_048_576;
/** What the budget grows by for each byte: several times what a text full of secrets needs. */
const BUDGET_FOR_BYTE = 32;

/**
 * Finds every needle in some bytes.
 *
 * Complete by two cases. Say a needle begins at `q`, and `x` is its first escape or skipped line
 * break. If the anchor lies before `x`, or there is no `x`, one of the anchor's pairs is scanned and
 * the needle tried at `q`. Else `x` is less than `reach` bytes behind `q`; its marker is scanned,
 * and every needle tried whose first bytes stand that shortly before it.
 *
 * @param final whether nothing follows these bytes
 * @param budget what the last scan of the same text left over; see {@link MatchCursor}
 */
export function scan(index: NeedleIndex, bytes: Uint8Array, final: boolean, budget: number = MAX_BUDGET): Findings {
  const found: Scan = {
    bytes,
    final,
    next: 0,
    budget: Math.min(MAX_BUDGET, budget + BUDGET_FOR_BYTE * bytes.length),
    index,
    triedTo: 0,
    spans: [],
    pending: bytes.length,
  };
  const { flags } = index;
  const odd = bytes.byteOffset & 1;
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset + odd, Math.max(0, bytes.length - odd) >> 1);
  if (odd === 1) inspectByte(found, 0);
  let i = 0;
  // Four pairs at a time: in clean text this loop is all that runs.
  for (const stop = words.length - 3; i < stop; i += 4) {
    const a = flags[words[i]!]!;
    const b = flags[words[i + 1]!]!;
    const c = flags[words[i + 2]!]!;
    const d = flags[words[i + 3]!]!;
    if (((a | b | c | d) & HOT) === 0) continue;
    const at = 2 * i + odd;
    if ((a & HOT) !== 0) inspectPair(found, at, words[i]!);
    if ((b & HOT) !== 0) inspectPair(found, at + 2, words[i + 1]!);
    if ((c & HOT) !== 0) inspectPair(found, at + 4, words[i + 2]!);
    if ((d & HOT) !== 0) inspectPair(found, at + 6, words[i + 3]!);
  }
  for (; i < words.length; i++) inspectPair(found, 2 * i + odd, words[i]!);
  inspectByte(found, 2 * words.length + odd);
  if (!final) inspectEnd(found);
  return found;
}

/** A byte that belongs to no aligned pair: the first or last one, if it is there. */
function inspectByte(found: Scan, at: number): void {
  if (at < found.bytes.length && MARKER[found.bytes[at]!] !== 0) inspectMarker(found, at);
}

function inspectPair(found: Scan, at: number, pair: number): void {
  const flags = found.index.flags[pair]!;
  if ((flags & ANCHOR) !== 0 && at + 2 < found.bytes.length) {
    const occurrences = found.index.anchors.get(tripleOf(pair, found.bytes[at + 2]!));
    if (occurrences) tryOccurrences(found, occurrences, at);
  }
  if ((flags & MARK) !== 0) {
    inspectByte(found, at);
    inspectByte(found, at + 1);
  }
}

function tryOccurrences(found: Scan, occurrences: readonly Occurrence[], at: number): void {
  for (const { needle, offset } of occurrences) {
    if (offset <= at) tryNeedle(found, needle, at - offset);
  }
}

function tryNeedle(found: Scan, needle: Needle, start: number): void {
  const end = matchNeedle(needle, found, start);
  if (end === MORE) found.pending = Math.min(found.pending, start);
  else if (end >= 0) found.spans.push({ start, end, needle });
}

/** Tries the needles that begin with a byte, or a pair of bytes, at a position where they are spelled. */
function tryByte(found: Scan, at: number, byte: number): void {
  for (const needle of found.index.byByte[byte]!) tryNeedle(found, needle, at);
}

function tryPair(found: Scan, at: number, pair: number): void {
  if ((found.index.flags[pair]! & FIRST) === 0) return;
  for (const needle of found.index.byPair.get(pair)!) tryNeedle(found, needle, at);
}

/** Tries the needles that begin at one of some positions, with three plain bytes before `end` or two at it. */
function tryRange(found: Scan, from: number, to: number, end: number): void {
  const { bytes, index } = found;
  for (let at = from; at < to; at++) {
    const pair = pairOf(bytes[at]!, bytes[at + 1]!);
    if ((index.flags[pair]! & FIRST) === 0) continue;
    const needles = at + 2 < end ? index.byTriple.get(tripleOf(pair, bytes[at + 2]!)) : index.byPair.get(pair);
    if (needles) { for (const needle of needles) tryNeedle(found, needle, at); }
  }
}

/** Tries the needles whose first escape, or first skipped line break, stands at a marker. */
function inspectMarker(found: Scan, at: number): void {
  const { bytes, index } = found;
  if (at + 1 < bytes.length && (index.flags[pairOf(bytes[at]!, bytes[at + 1]!)]! & MARK) === 0) return;
  const plain = bytes[at]!;
  const before = MARKER[plain] === 2 ? continueBreak(found, at, plain, at + 1) : inspectEscape(found, at, plain);
  if (before === Infinity) return;
  tryRange(found, Math.max(found.triedTo, at - index.reach + 1), at - before + 1, at);
  found.triedTo = at - before + 1;
}

/**
 * Tries the needles that begin with the escape at a marker, or one character before it.
 *
 * @returns with how many plain characters before it at the least others are still to be tried
 */
function inspectEscape(found: Scan, at: number, plain: number): number {
  if (!mayEscape(found.bytes, plain, at + 1)) return Infinity;
  let least = Infinity;
  let lastCode = plain;
  let lastNext = at + 1;
  for (let depth = 1; depth <= MAX_DEPTH; depth++) {
    const code = readCode(found, at, depth);
    if (code === lastCode && found.next === lastNext) continue;
    lastCode = code;
    lastNext = found.next;
    least = Math.min(least, continueCode(found, at, code, lastNext));
    // What begins no escape is the same at every further depth.
    if (code < 0 || MARKER[code] !== 1 || !mayEscape(found.bytes, code, lastNext)) break;
  }
  return least;
}

function continueCode(found: Scan, at: number, code: number, next: number): number {
  if (code === MORE) {
    // A cut escape may become any character, the first of a needle as well.
    found.pending = Math.min(found.pending, at);
    if (at > 0) tryByte(found, at - 1, found.bytes[at - 1]!);
    return 2;
  }
  if (code === LF || code === CR || code === SOFT_BREAK) return continueBreak(found, at, code, next);
  if (code < 128) return continueByte(found, at, code);
  // Beyond ASCII a character may stand for itself in Latin-1, and begin with another byte in UTF-8.
  const lead = code < 0x800 ? 0xc0 | (code >> 6) : code < 0x10000 ? 0xe0 | (code >> 12) : 0xf0 | (code >> 18);
  return Math.min(continueByte(found, at, lead), code < 256 ? continueByte(found, at, code) : Infinity);
}

function continueByte(found: Scan, at: number, byte: number): number {
  tryByte(found, at, byte);
  if (at === 0) return Infinity;
  const pair = pairOf(found.bytes[at - 1]!, byte);
  tryPair(found, at - 1, pair);
  return (found.index.flags[pair]! & INNER) === 0 ? Infinity : 2;
}

/** Answers for a line break, when the characters around it may be neighbours in a needle. */
function continueBreak(found: Scan, at: number, code: number, next: number): number {
  if (at === 0) return Infinity;
  const { bytes } = found;
  const isPair = code === CR && bytes[next] === LF;
  const follower = bytes[isPair ? next + 1 : next];
  const before = bytes[at - 1]!;
  const isDecided = follower !== undefined && (code !== CR || isPair) && MARKER[follower] === 0;
  if (isDecided && (found.index.flags[pairOf(before, follower)]! & INNER) === 0) return Infinity;
  if (code !== SOFT_BREAK) return LINE_BREAK_AFTER;
  tryByte(found, at - 1, before);
  return 2;
}

/** Looks for needles that begin within the last bytes, before an anchor could have shown them. */
function inspectEnd(found: Scan): void {
  const end = found.bytes.length;
  const last = end - 1;
  tryRange(found, Math.max(0, end + 1 - found.index.reach), last, end);
  if (last >= 0 && found.index.byByte[found.bytes[last]!]!.length > 0) found.pending = Math.min(found.pending, last);
}
