import { CLASS, OBS_TEXT, TEXT } from './characters.ts';
import { Http1Error } from './error.ts';
import { frameResponse, outlives, readFramingFields } from './framing.ts';
import { decodeText, type HeadScan, readFields } from './head_scan.ts';
import type { Limits } from './limits.ts';
import type { ParsedResponse } from './message.ts';

/** What a response answers: its framing depends on it. */
export interface Asked {
  readonly method: string;
  /** Whether the request asked to switch protocols, so that 101 is an answer. */
  readonly upgrade: boolean;
}

const SP = 32;
const ZERO = 48;

/**
 * Judges a status line: `HTTP/1.x SP 3DIGIT [SP reason]` (RFC 9112 §4). The space after the number
 * may be missing along with the reason, as many servers have it.
 *
 * @throws {Http1Error} status_line, version
 */
export function checkStatusLine(bytes: Uint8Array, start: number, end: number): void {
  const isDigit = (at: number) => bytes[at]! >= ZERO && bytes[at]! <= ZERO + 9;
  const isVersion = bytes[start] === 72 && bytes[start + 1] === 84 && bytes[start + 2] === 84 &&
    bytes[start + 3] === 80 && bytes[start + 4] === 47 && isDigit(start + 5) && bytes[start + 6] === 46 &&
    isDigit(start + 7) && bytes[start + 8] === SP;
  const isStatus = bytes[start + 9]! > ZERO && isDigit(start + 9) && isDigit(start + 10) && isDigit(start + 11);
  const isWhole = end - start === 12 || (end - start > 12 && bytes[start + 12] === SP);
  if (!isVersion || !isStatus || !isWhole) throw new Http1Error('status_line');
  if (bytes[start + 5] !== ZERO + 1 || bytes[start + 7]! > ZERO + 1) throw new Http1Error('version');
}

/**
 * Reads the head of a response from a complete scan.
 *
 * @throws {Http1Error} for everything that is wrong with it
 */
export function readResponseHead(
  scan: HeadScan,
  bytes: Uint8Array,
  start: number,
  asked: Asked,
  limits: Limits,
): ParsedResponse {
  const raw = bytes.subarray(start, start + scan.position);
  const text = decodeText(scan, raw);
  const minor = raw[7] === ZERO ? 0 : 1;
  const status = 100 * (raw[9]! - ZERO) + 10 * (raw[10]! - ZERO) + raw[11]! - ZERO;
  const reason = text.slice(13, scan.lineEnd);
  const fields = readFields(scan, text);
  const said = readFramingFields(fields, minor);
  const framing = frameResponse(asked.method, asked.upgrade, status, said, limits);
  // RFC 9112 §6.1: these have neither field. A server that sends one may also send the body.
  const isDoubtful = (status < 200 || status === 204) && (said.chunked || (said.length ?? '0') !== '0');
  const keepAlive = !isDoubtful && outlives(said, minor, framing);
  return { status, reason, minor, fields, framing, keepAlive, interim: status < 200 && status !== 101, raw };
}

/** Whether a text can stand as a reason phrase (RFC 9112 §4). */
export function isReason(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff || (CLASS[code]! & (TEXT | OBS_TEXT)) === 0) return false;
  }
  return true;
}
