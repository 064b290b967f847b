import { CLASS, OBS_TEXT, TEXT, TOKEN } from './characters.ts';
import { Http1Error } from './error.ts';
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
  /** Union of the classes seen in values: tells whether there is any byte beyond ASCII. */
  classes: number;
}

/** Judges a first line as soon as it is complete, so that garbage is not waited on. */
export type LineCheck = (bytes: Uint8Array, start: number, end: number) => void;

/** What is scanned: the head of a request or of a response, or trailers, which have no first line. */
export type Scanned = 'request' | 'response' | 'trailers';

/** A fresh scan. */
export function createHeadScan(of: Scanned): HeadScan {
  const marks = new Int32Array(4 * 32);
  const scan = { state: START, position: 0, lineStart: 0, lineEnd: 0, marks, fieldCount: 0, classes: 0 };
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
  scan.classes = 0;
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
      case LINE: {
        let of = 0;
        while (at < stop && ((of = CLASS[bytes[at]!]!) & (TEXT | OBS_TEXT)) !== 0) {
          scan.classes |= of;
          at++;
        }
        if (at === stop) break;
        if (bytes[at] !== CR) throw unexpected(bytes[at]!);
        scan.lineEnd = at - start;
        at++;
        state = LINE_LF;
        break;
      }
      case LINE_LF:
        if (bytes[at] !== LF) throw new Http1Error('line_ending');
        at++;
        checkLine(bytes, start + scan.lineStart, start + scan.lineEnd);
        state = FIELD;
        break;
      case FIELD: {
        const byte = bytes[at]!;
        if (byte === CR) {
          at++;
          state = LAST_LF;
        } else if (byte === SP || byte === TAB) throw new Http1Error('fold');
        else {
          beginField(scan, at - start, limits);
          state = NAME;
        }
        break;
      }
      case NAME: {
        while (at < stop && (CLASS[bytes[at]!]! & TOKEN) !== 0) at++;
        if (at === stop) break;
        const mark = scan.fieldCount * 4;
        if (bytes[at] !== COLON || at - start === scan.marks[mark]) throw badName(bytes[at]!);
        scan.marks[mark + 1] = at - start;
        at++;
        state = SPACE;
        break;
      }
      case SPACE:
        while (at < stop && (bytes[at] === SP || bytes[at] === TAB)) at++;
        if (at === stop) break;
        scan.marks[scan.fieldCount * 4 + 2] = at - start;
        state = VALUE;
        break;
      case VALUE: {
        let classes = scan.classes;
        let of = 0;
        while (at < stop && ((of = CLASS[bytes[at]!]!) & (TEXT | OBS_TEXT)) !== 0) {
          classes |= of;
          at++;
        }
        scan.classes = classes;
        if (at === stop) break;
        if (bytes[at] !== CR) throw unexpected(bytes[at]!);
        endField(scan, bytes, start, at - start);
        at++;
        state = VALUE_LF;
        break;
      }
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

/** The bytes of a complete scan as text, one character a byte. */
export function readText(scan: HeadScan, bytes: Uint8Array, start: number): string {
  const head = bytes.subarray(start, start + scan.position);
  // What the web calls "latin1" is windows-1252, so only ASCII can take the fast way.
  if ((scan.classes & OBS_TEXT) === 0) return ascii.decode(head);
  let text = '';
  for (let i = 0; i < head.length; i += 4096) text += String.fromCharCode(...head.subarray(i, i + 4096));
  return text;
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
  while (last > first && (bytes[start + last - 1] === SP || bytes[start + last - 1] === TAB)) last--;
  scan.marks[mark + 3] = last;
  scan.fieldCount++;
}

function unexpected(byte: number): Http1Error {
  return new Http1Error(byte === LF ? 'line_ending' : 'character');
}

function badName(byte: number): Http1Error {
  if (byte === LF) return new Http1Error('line_ending');
  if (byte === SP || byte === TAB) return new Http1Error('field', 'white space stands before the colon of a field');
  return new Http1Error('field');
}
