import { followersOf, MARKER } from './escape.ts';
import type { Needle } from './needle.ts';

/** Flags of a pair of adjacent bytes, as they stand in the text. */
export const ANCHOR = 1;
/** The pair holds a byte where an escape or a line break may begin. */
export const MARK = 2;
/** Some needle begins with the pair. */
export const FIRST = 4;
/** The pair stands within the first {@link NeedleIndex.reach} bytes of some needle. */
export const INNER = 8;

/** Anchors are chosen among this many first bytes of a needle. */
const ANCHOR_REACH = 20;

/** A needle, and at which of its bytes three bytes of the text stand. */
export interface Occurrence {
  readonly needle: Needle;
  readonly offset: number;
}

/**
 * Needles, found by pairs of bytes.
 *
 * Each needle has an anchor: four adjacent bytes near its beginning, chosen to be rare in text.
 * Whatever the alignment, the first or the second of its pairs lies on an even address, so a scan
 * that looks at every other pair only finds each needle that is spelled plainly so far. Escaped
 * spellings hold a marker, and all pairs with markers are flagged as well.
 */
export interface NeedleIndex {
  /** Flags by {@link pairOf}. */
  readonly flags: Uint8Array;
  /** By {@link tripleOf} of such a pair and the byte behind it. */
  readonly anchors: ReadonlyMap<number, readonly Occurrence[]>;
  /** Needles by the {@link tripleOf} their first three bytes. */
  readonly byTriple: ReadonlyMap<number, readonly Needle[]>;
  /** Needles by the {@link pairOf} their first two bytes. */
  readonly byPair: ReadonlyMap<number, readonly Needle[]>;
  /** Needles by their first byte. */
  readonly byByte: readonly (readonly Needle[])[];
  /** Where the last anchor ends: no anchor lies further from the beginning of its needle. */
  readonly reach: number;
}

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** The number that a `Uint16Array` shows for two adjacent bytes. */
export function pairOf(first: number, second: number): number {
  return IS_LITTLE_ENDIAN ? first | (second << 8) : (first << 8) | second;
}

/** A key for three adjacent bytes: a {@link pairOf} and the byte behind it. */
export function tripleOf(pair: number, third: number): number {
  return pair | (third << 16);
}

/** Builds the index. Each needle has at least four bytes. */
export function indexNeedles(needles: readonly Needle[]): NeedleIndex {
  const flags = new Uint8Array(65_536);
  flagMarkers(flags, needles);
  const anchors = new Map<number, Occurrence[]>();
  const byTriple = new Map<number, Needle[]>();
  const byPair = new Map<number, Needle[]>();
  const byByte = Array.from({ length: 256 }, (): Needle[] => []);
  let reach = 0;
  for (const needle of needles) {
    const anchor = chooseAnchor(needle);
    reach = Math.max(reach, anchor + 4);
    for (const offset of [anchor, anchor + 1]) {
      eachPair(needle, offset, (pair) => {
        flags[pair]! |= ANCHOR;
        for (const third of spellings(needle, offset + 2)) add(anchors, tripleOf(pair, third), { needle, offset });
      });
    }
    eachPair(needle, 0, (pair) => {
      flags[pair]! |= FIRST;
      add(byPair, pair, needle);
      for (const third of spellings(needle, 2)) add(byTriple, tripleOf(pair, third), needle);
    });
    for (const byte of spellings(needle, 0)) byByte[byte]!.push(needle);
  }
  const flagInner = (pair: number): void => {
    flags[pair]! |= INNER;
  };
  for (const needle of needles) {
    const last = Math.min(reach, needle.bytes.length - 2);
    for (let offset = 0; offset <= last; offset++) eachPair(needle, offset, flagInner);
  }
  return { flags, anchors, byTriple, byPair, byByte, reach };
}

/** Flags where an escape or a line break may matter. */
function flagMarkers(flags: Uint8Array, needles: readonly Needle[]): void {
  const wanted = wantedBytes(needles);
  for (let marker = 0; marker < 256; marker++) {
    if (MARKER[marker] === 0) continue;
    for (const follower of followersOf(marker, wanted)) flags[pairOf(marker, follower)] = MARK;
    for (let before = 0; before < 256; before++) {
      // No needle is wrapped beside a blank.
      const isWanted = MARKER[marker] === 1 || (wanted[before] === 1 && before !== 0x20);
      if (isWanted) flags[pairOf(before, marker)] = MARK;
    }
  }
}

/** By byte: 1 for those that stand in some needle, in any spelling. */
function wantedBytes(needles: readonly Needle[]): Uint8Array {
  const wanted = new Uint8Array(256);
  for (const { bytes, alphabet } of needles) {
    const within = new Uint8Array(256);
    for (let i = 0; i < bytes.length; i++) within[bytes[i]!] = 1;
    for (let byte = 0; byte < 256; byte++) {
      if (within[byte] === 1) { for (const same of alphabet.spellings[byte]!) wanted[same] = 1; }
    }
  }
  return wanted;
}

function add<Value>(map: Map<number, Value[]>, key: number, value: Value): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

/** Visits the pairs that may stand for two bytes of a needle. */
function eachPair(needle: Needle, offset: number, visit: (pair: number) => void): void {
  for (const first of spellings(needle, offset)) {
    for (const second of spellings(needle, offset + 1)) visit(pairOf(first, second));
  }
}

function spellings(needle: Needle, offset: number): readonly number[] {
  return needle.alphabet.spellings[needle.bytes[offset]!]!;
}

/** Where the anchor begins whose two pairs are rarest in text. */
function chooseAnchor(needle: Needle): number {
  const last = Math.min(needle.bytes.length, ANCHOR_REACH) - 4;
  let best = 0;
  let least = Infinity;
  for (let offset = 0; offset <= last; offset++) {
    // Both pairs have the middle byte.
    const common = commonness(needle, offset + 1) * (commonness(needle, offset) + commonness(needle, offset + 2));
    if (common < least) {
      least = common;
      best = offset;
    }
  }
  return best;
}

function commonness(needle: Needle, offset: number): number {
  let sum = 0;
  for (const byte of spellings(needle, offset)) sum += COMMONNESS[byte]!;
  return sum;
}

/** How often a byte stands in a thousand of text, roughly: English, HTML and JSON taken together. */
const COMMONNESS: Float32Array = new Float32Array(256).fill(0.5);
COMMONNESS.fill(0.1, 0, 32);
COMMONNESS.fill(3, 0x20, 0x30);
COMMONNESS.fill(12, 0x30, 0x3a);
COMMONNESS.fill(3, 0x3a, 0x41);
COMMONNESS.fill(4, 0x41, 0x5b);
COMMONNESS.fill(3, 0x5b, 0x61);
COMMONNESS.fill(20, 0x61, 0x7b);
for (const letter of 'etaoinsr') COMMONNESS[letter.charCodeAt(0)] = 55;
for (const letter of 'jqxzkvw') COMMONNESS[letter.charCodeAt(0)] = 6;
for (const character of '",:/<>\n=') COMMONNESS[character.charCodeAt(0)] = 25;
COMMONNESS[0x20] = 120;
