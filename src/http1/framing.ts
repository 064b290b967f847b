import { isNamed, isSameField } from '../target/field_name.ts';
import type { HeaderPairs } from '../target/head.ts';
import { Http1Error } from './error.ts';
import { listField } from './fields.ts';
import type { Limits } from './limits.ts';
import type { Framing } from './message.ts';

/** The fields that decide how a message is framed, and how long its connection lives. */
export interface FramingFields {
  readonly length: string | undefined;
  readonly chunked: boolean;
  readonly connection: readonly string[];
}

const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const CLOSE: Framing = { kind: 'close' };
const TUNNEL: Framing = { kind: 'tunnel' };
const NO_MEMBERS: readonly string[] = [];
const MAX_LENGTH_DIGITS = 16;
const ZERO = 48;

/**
 * Reads the framing fields. There is one way to say how long a message is, and one spelling of it
 * (security cases X1, X2): RFC 9112 §6.1 and §6.3 let a recipient refuse the rest.
 *
 * @throws {Http1Error} coding, length, framing
 */
export function readFramingFields(fields: HeaderPairs, minor: 0 | 1): FramingFields {
  let length: string | undefined;
  let chunked = false;
  let connection = NO_MEMBERS;
  for (const field of fields) {
    const name = field[0];
    const value = field[1];
    switch (name.length) {
      case 10:
        if (connection === NO_MEMBERS && isNamed(name, 'connection')) {
          connection = listField(fields, 'connection');
        }
        break;
      case 14:
        // Servers behind CGI or WSGI read `Content_Length` as `Content-Length`, so we do too, and refuse it.
        if (!isSameField(name, 'content-length')) break;
        if (length !== undefined || !isLength(value) || name.includes('_')) throw new Http1Error('length');
        length = value;
        break;
      case 17:
        if (!isSameField(name, 'transfer-encoding')) break;
        // RFC 9112 §6.1: a coding in HTTP/1.0 is faulty framing.
        if (chunked || minor === 0 || !isNamed(value, 'chunked') || name.includes('_')) {
          throw new Http1Error('coding');
        }
        chunked = true;
        break;
    }
  }
  if (chunked && length !== undefined) throw new Http1Error('framing');
  return { length, chunked, connection };
}

/** One decimal number, and one way to write it: no sign, no zero before it. */
function isLength(value: string): boolean {
  if (value.length === 0 || value.length > MAX_LENGTH_DIGITS) return false;
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return false;
  }
  return value.length === 1 || value.charCodeAt(0) !== ZERO;
}

/**
 * Framing of a request (RFC 9112 §6.3): without a field that says otherwise there is no body.
 *
 * @throws {Http1Error} framing, body_too_large
 */
export function frameRequest(method: string, said: FramingFields, limits: Limits): Framing {
  if (method === 'CONNECT') {
    if (said.chunked || said.length !== undefined) throw new Http1Error('framing', 'CONNECT has no body');
    return TUNNEL;
  }
  return framed(said, limits) ?? NONE;
}

/**
 * Framing of a response (RFC 9112 §6.3): by the request's method, the status, then the fields.
 *
 * @param method of the request that it answers
 * @param upgrade whether that request asked for another protocol
 * @throws {Http1Error} framing, body_too_large
 */
export function frameResponse(
  method: string,
  upgrade: boolean,
  status: number,
  said: FramingFields,
  limits: Limits,
): Framing {
  if (status === 101) {
    if (!upgrade) throw new Http1Error('framing', 'the server switches protocols, which nobody asked for');
    return TUNNEL;
  }
  if (status < 200 || status === 204 || status === 304 || method === 'HEAD') return NONE;
  if (method === 'CONNECT' && status < 300) return TUNNEL;
  return framed(said, limits) ?? CLOSE;
}

function framed(said: FramingFields, limits: Limits): Framing | undefined {
  if (said.chunked) return CHUNKED;
  if (said.length === undefined) return undefined;
  const length = Number(said.length);
  if (!Number.isSafeInteger(length)) throw new Http1Error('length');
  if (length > limits.maxBodyBytes) throw new Http1Error('body_too_large');
  return length === 0 ? NONE : { kind: 'length', length };
}

/** Whether the connection outlives the message (RFC 9112 §9.3). */
export function outlives(said: FramingFields, minor: 0 | 1, framing: Framing): boolean {
  if (framing.kind === 'close' || framing.kind === 'tunnel' || said.connection.includes('close')) return false;
  return minor === 1 || said.connection.includes('keep-alive');
}
