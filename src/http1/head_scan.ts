import { CLASS, OBS_TEXT, skipBytes, TEXT, TOKEN } from './characters.ts';
import { Http1Error } from './error.ts';
import { findKnownBlock, type KnownHead } from './known_head.ts';
import type { Limits } from './limits.ts';

const CR = 13;
const LF = 10;
const SP = 32;
const TAB = 9;
const COLON = 58;

const START = 0;
const LEADING_LF = 1;
const LINE = 2;
const LINE_LF = 3;
const FIELD = 4;
const NAME = 5;
const SPACE = 6;
const VALUE = 7;
const VALUE_LF = 8;
const LAST_LF = 9;

/**
 * A scan over the bytes of one head: it stops where the bytes do and goes on with the next ones, so
 * that how a head is cut into packets makes no difference. Positions count from the head's first byte.
 */
export interface HeadScan {
  state: number;
  position: number;
  /** Where the first line begins and ends. */
  lineStart: number;
  lineEnd: number;
  /** Start and end of each name and value: four numbers a field. */
  marks: Int32Array;
  fieldCount: number;
  /** Whether there is any byte beyond ASCII. */
  hasObsText: boolean;
  /** The head before, on a connection where heads are remembered. */
  readonly known: KnownHead | undefined;
  /** Where the fields begin. */
  fieldsStart: number;
  /** Whether the fields are those of {@link HeadScan.known}: they are then not scanned again. */
  isKnown: boolean;
}

/** Judges a first line as soon as it is complete, so that garbage is not waited on. */
export type LineCheck = (bytes: Uint8Array, start: number, end: number) => void;

/** What is scanned: the head of a request or of a response, or trailers, which have no first line. */
export type Scanned = 'request' | 'response' | 'trailers';

/** A fresh scan. */
export function createHeadScan(of: Scanned, known?: KnownHead): HeadScan {
  const scan: HeadScan = {
    state: START,
    position: 0,
    lineStart: 0,
    lineEnd: 0,
    marks: new Int32Array(4 * 16),
    fieldCount: 0,
    hasObsText: false,
    known,
    fieldsStart: 0,
    isKnown: false,
  };
  resetHeadScan(scan, of);
  return scan;
}

/** Makes a scan ready for the next head or trailers. */
export function resetHeadScan(scan: HeadScan, of: Scanned): void {
  scan.state = of === 'request' ? START : of === 'response' ? LINE : FIELD;
  scan.position = 0;
  scan.fieldCount = 0;
  scan.lineStart = 0;
  scan.lineEnd = 0;
  scan.hasObsText = false;
  scan.fieldsStart = 0;
  scan.isKnown = false;
}

/**
 * Scans on. Every byte is looked at once.
 *
 * @param start where the head begins in `bytes`
 * @param end where the bytes at hand end
 * @param checkLine judges the first line
 * @returns whether the head is complete; its length is then `scan.position`
 * @throws {Http1Error} for what no two parsers read alike (RFC 9112 §2.2, §5)
 */
export function scanHead(
  scan: HeadScan,
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: Limits,
  checkLine: LineCheck,
): boolean {
  const stop = Math.min(end, start + limits.maxHeadBytes);
  let at = start + scan.position;
  let state = scan.state;
  while (at < stop) {
    switch (state) {
      case START:
        // RFC 9112 §2.2: one empty line before a request is to be ignored.
        if (bytes[at] === CR) {
          at++;
          state = LEADING_LF;
        } else state = LINE;
        break;
      case LEADING_LF:
        if (bytes[at] !== LF) throw new Http1Error('line_ending');
        at++;
        scan.lineStart = at - start;
        state = LINE;
        break;
      case LINE:
        at = skipText(scan, bytes, at, stop);
        if (at === stop) break;
        if (bytes[at] !== CR) throw unexpected(bytes[at]!);
        scan.lineEnd = at - start;
        at++;
        state = LINE_LF;
        break;
      case LINE_LF:
        if (bytes[at] !== LF) throw new Http1Error('line_ending');
        at++;
        checkLine(bytes, start + scan.lineStart, start + scan.lineEnd);
        scan.fieldsStart = at - start;
        if (scan.known !== undefined) {
          const length = findKnownBlock(scan.known, bytes, at, stop);
          if (length > 0) {
            scan.isKnown = true;
            scan.position = at + length - start;
            return true;
          }
        }
        state = FIELD;
        break;
      case FIELD: {
        const byte = bytes[at]!;
        if (byte === CR) {
          at++;
          state = LAST_LF;
        } else if (isBlank(byte)) throw new Http1Error('fold');
        else {
          const next = takeField(scan, bytes, start, at, stop, limits);
          if (next > 0) {
            at = next;
            break;
          }
          beginField(scan, at - start, limits);
          state = NAME;
        }
        break;
      }
      case NAME: {
        at = skipBytes(bytes, at, stop, TOKEN);
        if (at === stop) break;
        const mark = scan.fieldCount * 4;
        if (bytes[at] !== COLON || at - start === scan.marks[mark]) throw badName(bytes[at]!);
        scan.marks[mark + 1] = at - start;
        at++;
        state = SPACE;
        break;
      }
      case SPACE:
        while (at < stop && isBlank(bytes[at]!)) at++;
        if (at === stop) break;
        scan.marks[scan.fieldCount * 4 + 2] = at - start;
        state = VALUE;
        break;
      case VALUE:
        at = skipText(scan, bytes, at, stop);
        if (at === stop) break;
        if (bytes[at] !== CR) throw unexpected(bytes[at]!);
        endField(scan, bytes, start, at - start);
        at++;
        state = VALUE_LF;
        break;
      case VALUE_LF:
        if (bytes[at] !== LF) throw new Http1Error('line_ending');
        at++;
        state = FIELD;
        break;
      case LAST_LF:
        if (bytes[at] !== LF) throw new Http1Error('line_ending');
        scan.position = at + 1 - start;
        return true;
    }
  }
  scan.state = state;
  scan.position = at - start;
  if (scan.position >= limits.maxHeadBytes) throw new Http1Error('head_too_large');
  return false;
}

/** The fields of a complete scan. */
export function readFields(scan: HeadScan, text: string): [string, string][] {
  const { marks, fieldCount } = scan;
  const fields: [string, string][] = new Array(fieldCount);
  for (let i = 0, mark = 0; i < fieldCount; i++, mark += 4) {
    fields[i] = [
      text.substring(marks[mark]!, marks[mark + 1]!),
      text.substring(marks[mark + 2]!, marks[mark + 3]!),
    ];
  }
  return fields;
}

const ascii = new TextDecoder();

/** The first line of a complete scan whose line is ASCII. */
export function readLine(scan: HeadScan, bytes: Uint8Array, start: number): string {
  return ascii.decode(bytes.subarray(start + scan.lineStart, start + scan.lineEnd));
}

/** The bytes of a complete scan as text, one character a byte. */
export function readText(scan: HeadScan, bytes: Uint8Array, start: number): string {
  return decodeText(scan, bytes.subarray(start, start + scan.position));
}

/** The bytes of a complete scan, as {@link readText} has them. */
export function decodeText(scan: HeadScan, head: Uint8Array): string {
  // What the web calls "latin1" is windows-1252, so only ASCII can take the fast way.
  if (!scan.hasObsText) return ascii.decode(head);
  let text = '';
  for (let i = 0; i < head.length; i += 4096) text += String.fromCharCode(...head.subarray(i, i + 4096));
  return text;
}

/**
 * Takes a field that is there as a whole, as nearly all are: `name: value`, CR and LF. It refuses nothing: whatever
 * else it is, the states of {@link scanHead} judge it.
 *
 * @returns where the next line begins, or 0
 */
function takeField(
  scan: HeadScan,
  bytes: Uint8Array,
  start: number,
  nameStart: number,
  stop: number,
  limits: Limits,
): number {
  const { marks } = scan;
  const mark = scan.fieldCount * 4;
  if (mark >= marks.length || scan.fieldCount >= limits.maxFields) return 0;
  const colon = skipBytes(bytes, nameStart, stop, TOKEN);
  const first = colon + 2;
  if (colon === nameStart || first >= stop || bytes[colon] !== COLON || bytes[colon + 1] !== SP) return 0;
  const end = skipBytes(bytes, first, stop, TEXT);
  if (end === first || end + 1 >= stop || bytes[end] !== CR || bytes[end + 1] !== LF) return 0;
  if (isBlank(bytes[first]!) || isBlank(bytes[end - 1]!)) return 0;
  marks[mark] = nameStart - start;
  marks[mark + 1] = colon - start;
  marks[mark + 2] = first - start;
  marks[mark + 3] = end - start;
  scan.fieldCount++;
  return end + 2;
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === TAB;
}

/** Where a text of values ends, which may have bytes beyond ASCII. */
function skipText(scan: HeadScan, bytes: Uint8Array, start: number, stop: number): number {
  let at = skipBytes(bytes, start, stop, TEXT);
  while (at < stop && (CLASS[bytes[at]!]! & OBS_TEXT) !== 0) {
    scan.hasObsText = true;
    at = skipBytes(bytes, at + 1, stop, TEXT);
  }
  return at;
}

function beginField(scan: HeadScan, position: number, limits: Limits): void {
  if (scan.fieldCount >= limits.maxFields) throw new Http1Error('too_many_fields');
  const mark = scan.fieldCount * 4;
  if (mark >= scan.marks.length) {
    const wider = new Int32Array(scan.marks.length * 2);
    wider.set(scan.marks);
    scan.marks = wider;
  }
  scan.marks[mark] = position;
}

function endField(scan: HeadScan, bytes: Uint8Array, start: number, position: number): void {
  const mark = scan.fieldCount * 4;
  const first = scan.marks[mark + 2]!;
  let last = position;
  while (last > first && isBlank(bytes[start + last - 1]!)) last--;
  scan.marks[mark + 3] = last;
  scan.fieldCount++;
}

function unexpected(byte: number): Http1Error {
  return new Http1Error(byte === LF ? 'line_ending' : 'character');
}

function badName(byte: number): Http1Error {
  if (byte === LF) return new Http1Error('line_ending');
  if (isBlank(byte)) return new Http1Error('field', 'white space stands before the colon of a field');
  return new Http1Error('field');
}
