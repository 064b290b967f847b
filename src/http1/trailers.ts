import type { HeaderPairs } from '../target/head.ts';
import { Http1Error } from './error.ts';
import { type HeadScan, readFields, readText } from './head_scan.ts';

/**
 * Fields that would change a message which is already under way: framing, routing, authentication,
 * and how content is to be read (RFC 9110 §6.5.1). Some servers merge trailers into the head.
 */
const FORBIDDEN = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Reads trailers from a complete scan.
 *
 * @throws {Http1Error} trailer
 */
export function readTrailers(scan: HeadScan, bytes: Uint8Array, start: number): HeaderPairs {
  const fields = readFields(scan, readText(scan, bytes, start));
  checkTrailers(fields);
  return fields;
}

/**
 * Checks that no field is among those that cannot be trailers.
 *
 * @throws {Http1Error} trailer
 */
export function checkTrailers(fields: HeaderPairs): void {
  for (const [name] of fields) {
    if (FORBIDDEN.has(name.toLowerCase().replaceAll('_', '-'))) {
      throw new Http1Error('trailer', `field "${name}" cannot be a trailer`);
    }
  }
}
