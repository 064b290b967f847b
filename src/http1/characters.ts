/**
 * What each byte may be part of, as one table: a scan of a head is one look-up per byte.
 *
 * @module
 */

/** `tchar` of RFC 9110 §5.6.2: field names. */
export const TOKEN = 1;
/** HTAB, SP and VCHAR: what a field value holds in ASCII (RFC 9110 §5.5). */
export const TEXT = 2;
/** `obs-text`: 0x80 to 0xFF. Legal in values, kept as latin-1. */
export const OBS_TEXT = 4;
/** What a request-target may hold: VCHAR but `#`, since a fragment is never sent (RFC 9112 §3.2). */
export const TARGET = 8;
/** Letters, `-` and `_`: every method ever registered, and no more. */
export const METHOD = 16;
/** Letters, digits and the marks of a host with port: `.-:[]`. */
export const AUTHORITY = 32;

/** The bits above for each byte value. */
export const CLASS: Uint8Array = buildTable();

function buildTable(): Uint8Array {
  const table = new Uint8Array(256);
  const mark = (bits: number, text: string) => {
    for (let i = 0; i < text.length; i++) table[text.charCodeAt(i)]! |= bits;
  };
  for (let byte = 0x20; byte < 0x7f; byte++) table[byte] = byte === 0x20 || byte === 0x23 ? TEXT : TEXT | TARGET;
  table[0x09] = TEXT;
  for (let byte = 0x80; byte <= 0xff; byte++) table[byte] = OBS_TEXT;
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  mark(TOKEN | METHOD | AUTHORITY, letters);
  mark(TOKEN | AUTHORITY, '0123456789');
  mark(TOKEN, "!#$%&'*+-.^_`|~");
  mark(METHOD, '-_');
  mark(AUTHORITY, '.-:[]');
  return table;
}

/** Whether every character of a text is of one of these classes, and the text is not empty. */
export function consistsOf(text: string, bits: number): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff || (CLASS[code]! & bits) === 0) return false;
  }
  return text.length > 0;
}

/**
 * Where the first byte stands that is not of a class; `end` when all are.
 *
 * @param bit one class
 */
export function skipBytes(bytes: Uint8Array, start: number, end: number, bit: number): number {
  const table = CLASS;
  let at = start;
  // Four at a time take half as long as one by one: heads are most of what is looked at byte by byte.
  for (const stop = end - 3; at < stop; at += 4) {
    const all = table[bytes[at]!]! & table[bytes[at + 1]!]! & table[bytes[at + 2]!]! & table[bytes[at + 3]!]!;
    if ((all & bit) === 0) break;
  }
  while (at < end && (table[bytes[at]!]! & bit) !== 0) at++;
  return at;
}
