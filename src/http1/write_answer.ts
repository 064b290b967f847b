import type { Bytes } from '../encoding/bytes.ts';
import { cutBytes } from '../encoding/slab.ts';
import type { HeaderPairs } from '../target/head.ts';
import type { ParsedResponse } from './message.ts';
import { lengthOfFields, responseLine, writeEnd, writeField, writeText } from './write.ts';

const CR = 13;
const LF = 10;
const SP = 32;
const ONE = 49;
/** Shorter pieces are copied faster by hand. */
const MIN_SET = 32;

/**
 * Writes an answer that was read, its body behind its head in one piece. What of the head is as it came goes as the
 * bytes that came, which the decoder has checked; every character of the rest is checked as {@link writeResponseHead}
 * does it (security case X11).
 *
 * @param reason may be empty
 * @param fields those that are the very pairs of `response.fields` go as they came
 * @param body its pieces, framed as the fields say
 * @returns the same bytes as a head written anew would have
 * @throws {Http1Error} unwritable, naming the field and not its value
 */
export function writeAnswer(
  response: ParsedResponse,
  reason: string,
  fields: HeaderPairs,
  body: readonly Uint8Array[] = [],
): Bytes {
  const line = response.raw === undefined || !isLineKept(response.raw, response, reason)
    ? responseLine(response.status, reason)
    : undefined;
  // "HTTP/1.1 200 ", the reason, CR and LF; and at the end another CR and LF.
  let length = 15 + reason.length + lengthOfFields(fields) + 2;
  for (const piece of body) length += piece.length;
  const bytes = cutBytes(length);
  let at = response.raw === undefined
    ? writeAnew(bytes, line!, fields)
    : copyHead(bytes, response.raw, response, line, fields);
  for (const piece of body) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function writeAnew(bytes: Uint8Array, line: string, fields: HeaderPairs): number {
  let at = writeText(bytes, 0, line);
  for (const field of fields) at = writeField(bytes, at, field);
  return writeEnd(bytes, at);
}

function isLineKept(raw: Uint8Array, response: ParsedResponse, reason: string): boolean {
  return reason === response.reason && raw[7] === ONE && raw[12] === SP;
}

/** Copies lines that stand together at once: mostly that is the whole head. */
function copyHead(
  bytes: Uint8Array,
  raw: Uint8Array,
  response: ParsedResponse,
  line: string | undefined,
  fields: HeaderPairs,
): number {
  const source = response.fields;
  // Where `source[next]` stands. A status line without a reason may lack the space, too.
  let place = raw[12] === SP ? 15 + response.reason.length : 14;
  let next = 0;
  let at = line === undefined ? 0 : writeText(bytes, 0, line);
  // What is still to be copied.
  let from = line === undefined ? 0 : place;
  let to = place;
  for (const field of fields) {
    let found = next;
    while (found < source.length && source[found] !== field) found++;
    if (found < source.length) {
      for (; next < found; next++) place = nextLine(raw, place, source[next]!);
      const end = endOfPlain(raw, place, field);
      if (end > 0) {
        if (place !== to) {
          at = copy(bytes, at, raw, from, to);
          from = place;
        }
        to = place = end;
        next++;
        continue;
      }
    }
    at = copy(bytes, at, raw, from, to);
    from = to = 0;
    at = writeField(bytes, at, field);
  }
  if (to === raw.length - 2) return copy(bytes, at, raw, from, raw.length);
  return writeEnd(bytes, copy(bytes, at, raw, from, to));
}

/**
 * Where the line of a field ends if it is spelled as we would write it, with one space before the value and none behind
 * it; else 0. A value has no CR, so that the first one ends the line.
 */
function endOfPlain(raw: Uint8Array, start: number, field: HeaderPairs[number]): number {
  const colon = start + field[0].length;
  const end = colon + 2 + field[1].length;
  return raw[colon + 1] === SP && raw[end] === CR ? end + 2 : 0;
}

function nextLine(raw: Uint8Array, start: number, field: HeaderPairs[number]): number {
  return endOfPlain(raw, start, field) || raw.indexOf(LF, start) + 1;
}

function copy(bytes: Uint8Array, at: number, raw: Uint8Array, from: number, to: number): number {
  if (to - from >= MIN_SET) bytes.set(raw.subarray(from, to), at);
  else for (let i = from; i < to; i++) bytes[at + i - from] = raw[i]!;
  return at + to - from;
}
