import { isNamed } from '../target/field_name.ts';
import { markRepeated } from '../target/repeated.ts';
import { CLASS, consistsOf, METHOD, TOKEN } from './characters.ts';
import { Http1Error } from './error.ts';
import { frameRequest, outlives, readFramingFields } from './framing.ts';
import { type HeadScan, readFields, readLine, readText } from './head_scan.ts';
import { isKnownLine, keepBlock, keepLine, type KnownHead } from './known_head.ts';
import type { Limits } from './limits.ts';
import type { ParsedRequest } from './message.ts';
import { checkHost, parseRequestTarget } from './request_target.ts';

/** Longest method: `UPDATEREDIRECTREF`, the longest registered one, has 17 letters. */
const MAX_METHOD = 20;
const SP = 32;
const ZERO = 48;

/**
 * Judges a request line: `method SP target SP HTTP/1.x`, in ASCII, with exactly these two spaces.
 *
 * @throws {Http1Error} request_line, method, version
 */
export function checkRequestLine(bytes: Uint8Array, start: number, end: number): void {
  let at = start;
  while (at < end && (CLASS[bytes[at]!]! & METHOD) !== 0) at++;
  if (at === start || bytes[at] !== SP || at - start > MAX_METHOD) throw badMethod(bytes, start, end);
  const target = at + 1;
  at = end - 9;
  // " HTTP/1.x" as bytes.
  const isVersion = bytes[at] === SP && bytes[at + 1] === 72 && bytes[at + 2] === 84 && bytes[at + 3] === 84 &&
    bytes[at + 4] === 80 && bytes[at + 5] === 47 && bytes[at + 7] === 46;
  if (at <= target || !isVersion) throw new Http1Error('request_line');
  const major = bytes[at + 6]!;
  const minor = bytes[at + 8]!;
  if (major !== ZERO + 1 || (minor !== ZERO && minor !== ZERO + 1)) throw badVersion(bytes, start, major, minor);
}

/**
 * Reads the head of a request from a complete scan.
 *
 * @throws {Http1Error} for everything that is wrong with it
 */
export function readRequestHead(scan: HeadScan, bytes: Uint8Array, start: number, limits: Limits): ParsedRequest {
  const text = readText(scan, bytes, start);
  const space = text.indexOf(' ', scan.lineStart);
  const method = text.substring(scan.lineStart, space);
  const minor = text.charCodeAt(scan.lineEnd - 1) === ZERO ? 0 : 1;
  const target = parseRequestTarget(method, text.substring(space + 1, scan.lineEnd - 9));
  const fields = readFields(scan, text);
  const said = readFramingFields(fields, minor);
  const framing = frameRequest(method, said, limits);
  let host: string | undefined;
  let expectsContinue = false;
  let upgrade: string | undefined;
  for (const field of fields) {
    const name = field[0];
    const value = field[1];
    switch (name.length) {
      case 4:
        if (!isNamed(name, 'host')) break;
        if (host !== undefined) throw new Http1Error('host');
        checkHost(value);
        host = value;
        break;
      case 6:
        if (!isNamed(name, 'expect')) break;
        // RFC 9110 §10.1.1: the only expectation there is.
        if (!isNamed(value, '100-continue')) throw new Http1Error('expectation');
        expectsContinue = minor === 1 && framing.kind !== 'none';
        break;
      case 7:
        if (said.connection.length === 0 || !isNamed(name, 'upgrade')) break;
        if (said.connection.includes('upgrade') && minor === 1) upgrade = value.toLowerCase();
        break;
    }
  }
  // RFC 9112 §3.2: every HTTP/1.1 request has exactly one.
  if (host === undefined && minor === 1) throw new Http1Error('host');
  const keepAlive = outlives(said, minor, framing);
  return { method, target, minor, fields, host, framing, keepAlive, expectsContinue, upgrade };
}

/**
 * Remembers a head that was read, for {@link readKnownHead}. None that the line takes part in: HTTP/1.0 and CONNECT
 * read the same fields in another way.
 */
export function keepHead(
  known: KnownHead,
  message: ParsedRequest,
  scan: HeadScan,
  bytes: Uint8Array,
  start: number,
): void {
  if (!keepBlock(known, bytes, start + scan.fieldsStart, start + scan.position)) return;
  if (message.minor === 0 || message.method === 'CONNECT') return;
  keepLine(known, message, bytes, start + scan.lineStart, start + scan.lineEnd);
}

/**
 * Reads the head of a request whose fields are those of the request before.
 *
 * @returns the very same message when all of it is the same, and always the very same `fields`; `undefined` when the
 * line gives the fields another meaning
 * @throws {Http1Error} target
 */
export function readKnownHead(
  known: KnownHead,
  scan: HeadScan,
  bytes: Uint8Array,
  start: number,
): ParsedRequest | undefined {
  const last = known.message!;
  if (!known.isRepeated) {
    known.isRepeated = true;
    markRepeated(last.fields);
  }
  const lineStart = start + scan.lineStart;
  const lineEnd = start + scan.lineEnd;
  if (isKnownLine(known, bytes, lineStart, lineEnd)) return last;
  if (bytes[lineEnd - 1] === ZERO) return undefined;
  const line = readLine(scan, bytes, start);
  const space = line.indexOf(' ');
  const method = line.substring(0, space);
  if (method === 'CONNECT') return undefined;
  const { fields, host, framing, keepAlive, expectsContinue, upgrade } = last;
  const target = parseRequestTarget(method, line.substring(space + 1, line.length - 9));
  const message: ParsedRequest = {
    method,
    target,
    minor: 1,
    fields,
    host,
    framing,
    keepAlive,
    expectsContinue,
    upgrade,
  };
  keepLine(known, message, bytes, lineStart, lineEnd);
  return message;
}

function badMethod(bytes: Uint8Array, start: number, end: number): Http1Error {
  let at = start;
  while (at < end && (CLASS[bytes[at]!]! & TOKEN) !== 0) at++;
  return new Http1Error(at > start && bytes[at] === SP ? 'method' : 'request_line');
}

function badVersion(bytes: Uint8Array, start: number, major: number, minor: number): Http1Error {
  const isDigit = (byte: number) => byte >= ZERO && byte <= ZERO + 9;
  // RFC 9113 §3.4: "PRI" is the preface of HTTP/2, which is spoken elsewhere.
  const isPreface = String.fromCharCode(...bytes.subarray(start, start + 4)) === 'PRI ';
  return new Http1Error(isDigit(major) && isDigit(minor) && !isPreface ? 'version' : 'request_line');
}

/** Whether a text is a method that may be written. */
export function isMethod(text: string): boolean {
  return text.length <= MAX_METHOD && consistsOf(text, METHOD);
}
