/**
 * The part of DER (ITU-T X.690) that certificates need: writers for each type, and a strict reader.
 *
 * @module
 */

import { type Bytes, encodeUtf8 } from '../encoding/bytes.ts';

/** Tag bytes, class and form included. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element as it was read. */
export interface DerElement {
  readonly tag: number;
  readonly content: Bytes;
  /** Tag, length and content. */
  readonly raw: Bytes;
}

/** An element: tag, length in its shortest form, content. */
export function encodeElement(tag: number, ...content: readonly Uint8Array[]): Bytes {
  let size = 0;
  for (const part of content) size += part.length;
  const length = lengthBytes(size);
  const element = new Uint8Array(1 + length.length + size);
  element[0] = tag;
  element.set(length, 1);
  let at = 1 + length.length;
  for (const part of content) {
    element.set(part, at);
    at += part.length;
  }
  return element;
}

/** SEQUENCE of the given elements. */
export function sequence(...elements: readonly Uint8Array[]): Bytes {
  return encodeElement(TAG.sequence, ...elements);
}

/** OCTET STRING. */
export function octetString(bytes: Uint8Array): Bytes {
  return encodeElement(TAG.octetString, bytes);
}

/**
 * BIT STRING.
 *
 * @param unusedBits how many low bits of the last byte do not count, 0 to 7
 */
export function bitString(bytes: Uint8Array, unusedBits = 0): Bytes {
  return encodeElement(TAG.bitString, Uint8Array.of(unusedBits), bytes);
}

/** BOOLEAN. */
export function boolean(value: boolean): Bytes {
  return encodeElement(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
}

/** UTF8String. */
export function utf8String(text: string): Bytes {
  return encodeElement(TAG.utf8String, encodeUtf8(text));
}

/**
 * A context-specific element.
 *
 * @param form `0x80` for primitive, `0xa0` for constructed
 */
export function context(number: number, form: 0x80 | 0xa0, ...content: readonly Uint8Array[]): Bytes {
  return encodeElement(form | number, ...content);
}

/** Non-negative INTEGER from its big-endian bytes (X.690 §8.3: shortest form, top bit is the sign). */
export function integer(magnitude: Uint8Array): Bytes {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const shortest = magnitude.subarray(start);
  const isSignSet = shortest.length === 0 || (shortest[0]! & 0x80) !== 0;
  return encodeElement(TAG.integer, isSignSet ? Uint8Array.of(0) : Uint8Array.of(), shortest);
}

/**
 * OBJECT IDENTIFIER.
 *
 * @param dotted such as `2.5.29.17`
 */
export function oid(dotted: string): Bytes {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return encodeElement(TAG.oid, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

/**
 * UTCTime through 2049, GeneralizedTime from 2050 on (RFC 5280 §4.1.2.5).
 *
 * @param epochSec seconds since 1970-01-01T00:00:00Z; fractions are dropped
 */
export function time(epochSec: number): Bytes {
  const date = new Date(Math.floor(epochSec) * 1000);
  const digits = date.toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '');
  return date.getUTCFullYear() < 2050
    ? encodeElement(TAG.utcTime, encodeUtf8(digits.slice(2)))
    : encodeElement(TAG.generalizedTime, encodeUtf8(digits));
}

/**
 * Reads one element that fills the bytes exactly.
 *
 * @throws {TypeError} when it does not, or is not DER
 */
export function readElement(bytes: Bytes): DerElement {
  const element = readAt(bytes, 0);
  if (element.raw.length !== bytes.length) throw new TypeError('Invalid DER: bytes follow the element');
  return element;
}

/**
 * Reads the elements inside a constructed one.
 *
 * @param tag the tag that the outer element must have, when given
 * @throws {TypeError} when it has another tag, or its content is not DER
 */
export function readChildren(element: DerElement, tag?: number): DerElement[] {
  if (tag !== undefined && element.tag !== tag) {
    throw new TypeError(`Invalid DER: tag ${element.tag} instead of ${tag}`);
  }
  const children: DerElement[] = [];
  for (let at = 0; at < element.content.length;) {
    const child = readAt(element.content, at);
    children.push(child);
    at += child.raw.length;
  }
  return children;
}

/**
 * The dotted form of an OBJECT IDENTIFIER.
 *
 * @throws {TypeError} when it is not one
 */
export function readOid(element: DerElement): string {
  const last = element.content.at(-1);
  if (element.tag !== TAG.oid || last === undefined || last > 0x7f) throw new TypeError('Invalid DER: not an OID');
  const arcs: number[] = [];
  let value = 0;
  for (const byte of element.content) {
    value = value * 128 + (byte & 0x7f);
    if (byte > 0x7f) continue;
    arcs.push(value);
    value = 0;
  }
  const first = Math.min(2, Math.floor(arcs[0]! / 40));
  return [first, arcs[0]! - first * 40, ...arcs.slice(1)].join('.');
}

/**
 * Seconds since 1970 of a UTCTime or GeneralizedTime.
 *
 * @throws {TypeError} when it is neither
 */
export function readTime(element: DerElement): number {
  let digits = String.fromCharCode(...element.content);
  // RFC 5280 §4.1.2.5.1: two-digit years from 50 on are in the 20th century.
  if (element.tag === TAG.utcTime) digits = (digits < '50' ? '20' : '19') + digits;
  else if (element.tag !== TAG.generalizedTime) throw new TypeError('Invalid DER: not a time');
  if (!/^\d{14}Z$/.test(digits)) throw new TypeError('Invalid DER: not a time in UTC with seconds');
  const epochMs = Date.parse(digits.replace(/(....)(..)(..)(..)(..)(..)/, '$1-$2-$3T$4:$5:$6'));
  if (Number.isNaN(epochMs)) throw new TypeError('Invalid DER: no such time');
  return epochMs / 1000;
}

function readAt(bytes: Bytes, at: number): DerElement {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw new TypeError('Invalid DER: it ends too early');
  if ((tag & 0x1f) === 0x1f) throw new TypeError('Invalid DER: tag number above 30');
  let length = first;
  let start = at + 2;
  if (first > 0x7f) {
    const count = first & 0x7f;
    // Four bytes of length reach further than any certificate; 0x80 is BER's indefinite form.
    if (count === 0 || count > 4 || start + count > bytes.length) throw new TypeError('Invalid DER: length');
    length = 0;
    for (const byte of bytes.subarray(start, start + count)) length = length * 256 + byte;
    start += count;
    if (lengthBytes(length).length !== count + 1) {
      throw new TypeError('Invalid DER: length is not in its shortest form');
    }
  }
  const end = start + length;
  if (end > bytes.length) throw new TypeError('Invalid DER: it ends too early');
  return { tag, content: bytes.subarray(start, end), raw: bytes.subarray(at, end) };
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift(0x80 | (rest & 0x7f));
  return bytes;
}
