import type { HeaderPairs } from '../target/head.ts';
import { listField } from './fields.ts';
import type { Framing, ParsedRequest, ParsedResponse } from './message.ts';

/** Fields of one connection, which are never passed on (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'te', 'upgrade', 'http2-settings']);

/** Fields that `Connection` may not take away: without them the message is another one. */
const PROTECTED = new Set(['host', 'content-length', 'transfer-encoding', 'trailer', 'expect', 'cache-control']);

/**
 * The fields of a request as they go upstream: those of the client's connection are gone, `Host`
 * says where the request really goes, everything else stays as it was written.
 *
 * What `Connection` nominates is removed *here*, before credentials are placed, and no nomination of
 * the client's is passed on, so that no later hop can be told to drop one (security cases P5, X9).
 *
 * @param authority as `Host` has it: of the target that the connection is opened to
 */
export function forwardRequestFields(request: ParsedRequest, authority: string): [string, string][] {
  const { fields } = request;
  const nominated = listField(fields, 'connection');
  const isWebSocket = request.upgrade === 'websocket';
  // Trailers pass through us, so the client's wish for them may too (RFC 9110 §10.1.4).
  const wantsTrailers = listField(fields, 'te').includes('trailers');
  const kept: [string, string][] = [];
  let hasHost = false;
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (key === 'host') {
      hasHost = true;
      kept.push([name, authority]);
    } else if (!isOfConnection(key, nominated)) kept.push([name, value]);
  }
  if (!hasHost) kept.unshift(['Host', authority]);
  const connection: string[] = [];
  if (isWebSocket) {
    connection.push('Upgrade');
    kept.push(['Upgrade', 'websocket']);
  }
  if (wantsTrailers) {
    connection.push('TE');
    kept.push(['TE', 'trailers']);
  }
  if (connection.length > 0) kept.push(['Connection', connection.join(', ')]);
  return kept;
}

/** What a response is forwarded to. */
export interface ForwardTo {
  /** Minor version of the client's request. */
  readonly minor: 0 | 1;
  /** Whether the client's connection stays open after it. */
  readonly keepAlive: boolean;
}

/** The fields of a response as they go to the client: those of the server's connection are gone. */
export function forwardResponseFields(response: ParsedResponse, to: ForwardTo): [string, string][] {
  const { fields, status } = response;
  const nominated = listField(fields, 'connection');
  // RFC 9110 §15.2.2, §15.5.22: with these, Upgrade is the answer. Elsewhere it offers what we would not pass.
  const keepsUpgrade = status === 101 || status === 426;
  // RFC 9112 §6.1, §6.2: neither field belongs there, and a client might believe it.
  const isBodiless = status < 200 || status === 204;
  const kept: [string, string][] = [];
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (isBodiless && (key === 'content-length' || key === 'transfer-encoding')) continue;
    if (!isOfConnection(key, nominated) || (keepsUpgrade && key === 'upgrade')) kept.push([name, value]);
  }
  if (keepsUpgrade) kept.push(['Connection', 'Upgrade']);
  else if (response.interim) return kept;
  else if (!to.keepAlive) kept.push(['Connection', 'close']);
  else if (to.minor === 0) kept.push(['Connection', 'keep-alive']);
  return kept;
}

/**
 * The fields with a framing of our own: for a body that is written anew rather than passed through. What
 * says it now stands where the old framing stood.
 *
 * @param hasTrailers whether trailers are written, so that `Trailer` stays. Default false
 */
export function withFraming(fields: HeaderPairs, framing: Framing, hasTrailers = false): [string, string][] {
  const kept: [string, string][] = [];
  let wanted: [string, string] | undefined;
  if (framing.kind === 'length') wanted = ['Content-Length', String(framing.length)];
  else if (framing.kind === 'chunked') wanted = ['Transfer-Encoding', 'chunked'];
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (key === 'content-length' || key === 'transfer-encoding') {
      if (!wanted) continue;
      kept.push(key === wanted[0].toLowerCase() ? [name, wanted[1]] : wanted);
      wanted = undefined;
    } else if (key !== 'trailer' || hasTrailers) kept.push([name, value]);
  }
  if (wanted) kept.push(wanted);
  return kept;
}

function isOfConnection(key: string, nominated: readonly string[]): boolean {
  if (HOP_BY_HOP.has(key) || key.startsWith('proxy-')) return true;
  return nominated.length > 0 && nominated.includes(key) && !PROTECTED.has(key);
}
