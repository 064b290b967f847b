import { isNamed } from '../target/field_name.ts';
import type { HeaderPairs } from '../target/head.ts';
import { rememberRepeated } from '../target/repeated.ts';
import { listField } from './fields.ts';
import type { Framing, ParsedRequest, ParsedResponse } from './message.ts';

/** Fields that `Connection` may not take away: without them the message is another one. */
const PROTECTED = ['host', 'content-length', 'transfer-encoding', 'trailer', 'expect', 'cache-control'];

type Field = HeaderPairs[number];

const SAYS_CLOSE: Field = ['Connection', 'close'];
const SAYS_KEEP_ALIVE: Field = ['Connection', 'keep-alive'];
const SAYS_UPGRADE: Field = ['Connection', 'Upgrade'];
const LETTER_P = 112;
const TO_LOWER = 32;

/**
 * The fields of a request as they go upstream: those of the client's connection are gone, `Host`
 * says where the request really goes, everything else stays as it was written.
 *
 * What `Connection` nominates is removed *here*, before credentials are placed, and no nomination of
 * the client's is passed on, so that no later hop can be told to drop one (security cases P5, X9).
 *
 * @param authority as `Host` has it: of the target that the connection is opened to
 * @returns the very same pairs for the same `fields` and authority, when those come again
 */
export function forwardRequestFields(request: ParsedRequest, authority: string): HeaderPairs {
  const { fields, upgrade } = request;
  return upgrade === 'websocket' ? forwardFields(fields, authority, true) : forwardPlain(fields, authority);
}

const forwardPlain = rememberRepeated((fields, authority: string) => forwardFields(fields, authority, false));

function forwardFields(fields: HeaderPairs, authority: string, isWebSocket: boolean): HeaderPairs {
  const nominated = listField(fields, 'connection');
  // Trailers pass through us, so the client's wish for them may too (RFC 9110 §10.1.4).
  const wantsTrailers = listField(fields, 'te').includes('trailers');
  const kept: Field[] = [];
  let hasHost = false;
  for (const field of fields) {
    const name = field[0];
    if (isNamed(name, 'host')) {
      hasHost = true;
      kept.push([name, authority]);
    } else if (!isOfConnection(name, nominated)) kept.push(field);
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
export function forwardResponseFields(response: ParsedResponse, to: ForwardTo): HeaderPairs {
  const { fields, status } = response;
  const nominated = listField(fields, 'connection');
  // RFC 9110 §15.2.2, §15.5.22: with these, Upgrade is the answer. Elsewhere it offers what we would not pass.
  const keepsUpgrade = status === 101 || status === 426;
  // RFC 9112 §6.1, §6.2: neither field belongs there, and a client might believe it.
  const isBodiless = status < 200 || status === 204;
  const kept: Field[] = [];
  for (const field of fields) {
    const name = field[0];
    if (isBodiless && isFraming(name)) continue;
    if (!isOfConnection(name, nominated) || (keepsUpgrade && isNamed(name, 'upgrade'))) kept.push(field);
  }
  if (keepsUpgrade) kept.push(SAYS_UPGRADE);
  else if (response.interim) return kept;
  else if (!to.keepAlive) kept.push(SAYS_CLOSE);
  else if (to.minor === 0) kept.push(SAYS_KEEP_ALIVE);
  return kept;
}

/**
 * The fields with a framing of our own: for a body that is written anew rather than passed through. What
 * says it now stands where the old framing stood.
 *
 * @param hasTrailers whether trailers are written, so that `Trailer` stays. Default false
 */
export function withFraming(fields: HeaderPairs, framing: Framing, hasTrailers = false): HeaderPairs {
  const kept: Field[] = [];
  let wanted: Field | undefined;
  if (framing.kind === 'length') wanted = ['Content-Length', String(framing.length)];
  else if (framing.kind === 'chunked') wanted = ['Transfer-Encoding', 'chunked'];
  for (const field of fields) {
    const name = field[0];
    if (isFraming(name)) {
      if (!wanted) continue;
      // The spelling stays where the framing does.
      kept.push(name.length === wanted[0].length ? [name, wanted[1]] : wanted);
      wanted = undefined;
    } else if (hasTrailers || !isNamed(name, 'trailer')) kept.push(field);
  }
  if (wanted) kept.push(wanted);
  return kept;
}

function isFraming(name: string): boolean {
  return isNamed(name, 'content-length') || isNamed(name, 'transfer-encoding');
}

/** Whether a field is one of the connection, and never passed on (RFC 9110 §7.6.1). */
function isOfConnection(name: string, nominated: readonly string[]): boolean {
  switch (name.length) {
    case 2:
      if (isNamed(name, 'te')) return true;
      break;
    case 7:
      if (isNamed(name, 'upgrade')) return true;
      break;
    case 10:
      if (isNamed(name, 'connection') || isNamed(name, 'keep-alive')) return true;
      break;
    case 14:
      if (isNamed(name, 'http2-settings')) return true;
      break;
  }
  if ((name.charCodeAt(0) | TO_LOWER) === LETTER_P && isNamed(name.slice(0, 6), 'proxy-')) return true;
  for (const member of nominated) {
    if (isNamed(name, member)) return !PROTECTED.includes(member);
  }
  return false;
}
