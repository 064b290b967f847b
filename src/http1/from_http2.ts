import type { HeaderPairs } from '../target/head.ts';
import { CLASS, OBS_TEXT, TEXT, TOKEN } from './characters.ts';
import { Http1Error } from './error.ts';
import { frameRequest, frameResponse, type FramingFields, readFramingFields } from './framing.ts';
import { type Limits, REQUEST_LIMITS, RESPONSE_LIMITS, TRAILER_LIMITS } from './limits.ts';
import type { Framing, ParsedRequest, ParsedResponse } from './message.ts';
import { isMethod } from './request_head.ts';
import { checkHost, parseRequestTarget } from './request_target.ts';
import { checkTrailers } from './trailers.ts';

/** Fields that a message of HTTP/2 cannot have (RFC 9113 §8.2.2). */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

const SP = 32;
const HTAB = 9;
const UPPER_A = 65;
const UPPER_Z = 90;

/**
 * Turns the fields of a request of HTTP/2 into the request that HTTP/1.1 would have had (RFC 9113 §8.3.1),
 * so that it takes the path of every other: a body whose length is not said has chunks, `Host` is the
 * authority, crumbs of cookies are one field. It is as strict as the parser of HTTP/1.1, whatever the
 * library in front of it lets through.
 *
 * @param fields as they came, pseudo-fields included
 * @param hasBody whether the stream goes on behind them
 * @throws {Http1Error} misdirected when `:authority`, `Host` or `:scheme` say different things (security
 * case H6); target for CONNECT and for a path that is none; field, host, length and others as in HTTP/1.1
 *
 * @example
 * ```ts
 * readHttp2Request([[':method', 'GET'], [':scheme', 'https'], [':authority', 'a.test'], [':path', '/']], false);
 * ```
 */
export function readHttp2Request(fields: HeaderPairs, hasBody: boolean): ParsedRequest {
  const { pseudo, rest } = splitFields(fields, [':method', ':scheme', ':authority', ':path', ':protocol']);
  const method = pseudo.get(':method') ?? '';
  if (!isMethod(method)) throw new Http1Error('method');
  // RFC 8441, too: what runs in such a tunnel would be judged by nobody.
  if (method === 'CONNECT' || pseudo.has(':protocol')) throw new Http1Error('target', 'CONNECT inside a tunnel');
  if (pseudo.get(':scheme') !== 'https') throw new Http1Error('misdirected');
  const target = parseRequestTarget(method, pseudo.get(':path') ?? '');
  if (target.form !== 'origin' && target.form !== 'asterisk') throw new Http1Error('target');
  const host = readHost(pseudo.get(':authority'), rest);
  const joined = joinCookies(rest.filter(([name]) => name !== 'host'));
  checkSize([['host', host], ...joined], REQUEST_LIMITS);
  const said = readFramingFields(joined, 1);
  const framing = readRequestFraming(method, said, hasBody);
  return {
    method,
    target,
    minor: 1,
    fields: [['host', host], ...joined, ...CHUNKS.filter(() => framing.kind === 'chunked')],
    host,
    framing,
    keepAlive: true,
    expectsContinue: expectsContinue(joined) && framing.kind !== 'none',
    upgrade: undefined,
  };
}

/**
 * Turns the fields of a response of HTTP/2 into the response that HTTP/1.1 would have had.
 *
 * @param method of the request that it answers
 * @param hasBody whether the stream goes on behind them
 * @throws {Http1Error} status_line, framing, length, field and others
 */
export function readHttp2Response(fields: HeaderPairs, method: string, hasBody: boolean): ParsedResponse {
  const { pseudo, rest } = splitFields(fields, [':status']);
  const status = Number(/^[1-9]\d\d$/.exec(pseudo.get(':status') ?? '')?.[0]);
  if (Number.isNaN(status)) throw new Http1Error('status_line');
  checkSize(rest, RESPONSE_LIMITS);
  const said = readFramingFields(rest, 1);
  const framing = frameResponse(method, false, status, said, RESPONSE_LIMITS);
  const message = { status, reason: '', minor: 1, keepAlive: true, interim: status < 200 } as const;
  if (framing.kind === 'none') return { ...message, fields: rest, framing };
  if (hasBody) {
    if (framing.kind === 'length') return { ...message, fields: rest, framing };
    return { ...message, fields: [...rest, ...CHUNKS], framing: { kind: 'chunked' } };
  }
  if (framing.kind === 'length') throw new Http1Error('length', 'Content-Length promises a body that does not come');
  return { ...message, fields: [...rest, ['content-length', '0']], framing: { kind: 'none' } };
}

/**
 * Reads the trailers of a message of HTTP/2.
 *
 * @throws {Http1Error} trailer, field
 */
export function readHttp2Trailers(fields: HeaderPairs): HeaderPairs {
  const { rest } = splitFields(fields, []);
  checkTrailers(rest);
  checkSize(rest, TRAILER_LIMITS);
  return rest;
}

const CHUNKS: HeaderPairs = [['transfer-encoding', 'chunked']];

interface Split {
  readonly pseudo: ReadonlyMap<string, string>;
  readonly rest: HeaderPairs;
}

/** RFC 9113 §8.2.1 and §8.3: known pseudo-fields first and once each, then names in lower case. */
function splitFields(fields: HeaderPairs, known: readonly string[]): Split {
  const pseudo = new Map<string, string>();
  const rest: (readonly [string, string])[] = [];
  for (const field of fields) {
    const [name, value] = field;
    if (!isValue(value)) throw new Http1Error('character');
    if (name.startsWith(':')) {
      if (rest.length > 0 || pseudo.has(name) || !known.includes(name)) {
        throw new Http1Error('field', 'a pseudo-field is unknown, repeated or out of place');
      }
      pseudo.set(name, value);
      continue;
    }
    if (!isName(name)) throw new Http1Error('field', 'a field name is not one in lower case');
    if (OF_CONNECTION.has(name) || (name === 'te' && value.toLowerCase() !== 'trailers')) {
      throw new Http1Error('field', `field "${name}" has no place in HTTP/2`);
    }
    rest.push(field);
  }
  return { pseudo, rest };
}

function isName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code > 0x7f || (CLASS[code]! & TOKEN) === 0 || (code >= UPPER_A && code <= UPPER_Z)) return false;
  }
  return name.length > 0;
}

function isValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code > 0xff || (CLASS[code]! & (TEXT | OBS_TEXT)) === 0) return false;
  }
  return !isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1));
}

function isBlank(code: number): boolean {
  return code === SP || code === HTAB;
}

function readHost(authority: string | undefined, fields: HeaderPairs): string {
  const hosts = fields.filter(([name]) => name === 'host').map(([, value]) => value);
  if (hosts.length > 1) throw new Http1Error('host');
  const [host = authority] = hosts;
  if (host === undefined) throw new Http1Error('host');
  checkHost(host);
  // Two parsers behind us could each believe another one.
  if (authority !== undefined && authority.toLowerCase() !== host.toLowerCase()) throw new Http1Error('misdirected');
  return host;
}

/** RFC 9113 §8.2.3: other versions of HTTP know one field. It stands where the first crumb stood. */
function joinCookies(fields: HeaderPairs): HeaderPairs {
  const crumbs = fields.filter(([name]) => name === 'cookie').map(([, value]) => value);
  if (crumbs.length < 2) return fields;
  let isPlaced = false;
  return fields.flatMap((field) => {
    if (field[0] !== 'cookie') return [field];
    if (isPlaced) return [];
    isPlaced = true;
    return [['cookie', crumbs.join('; ')] as const];
  });
}

function checkSize(fields: HeaderPairs, limits: Limits): void {
  if (fields.length > limits.maxFields) throw new Http1Error('too_many_fields');
  let size = 0;
  for (const [name, value] of fields) size += name.length + value.length + 4;
  if (size > limits.maxHeadBytes) throw new Http1Error('head_too_large');
}

function readRequestFraming(method: string, said: FramingFields, hasBody: boolean): Framing {
  const framing = frameRequest(method, said, REQUEST_LIMITS);
  if (!hasBody && framing.kind === 'length') {
    throw new Http1Error('length', 'Content-Length promises a body that does not come');
  }
  return hasBody && said.length === undefined ? { kind: 'chunked' } : framing;
}

function expectsContinue(fields: HeaderPairs): boolean {
  const values = fields.filter(([name]) => name === 'expect').map(([, value]) => value.toLowerCase());
  if (values.some((value) => value !== '100-continue')) throw new Http1Error('expectation');
  return values.length > 0;
}
