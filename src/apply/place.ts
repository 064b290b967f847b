import { SigError } from '../errors.ts';
import { decodeUtf8, encodeUtf8 } from '../encoding/bytes.ts';
import { isSameField } from '../target/field_name.ts';
import type { HeaderPairs, RequestHead } from '../target/head.ts';
import { isRepeated, markRepeated } from '../target/repeated.ts';
import { join, type Placement } from './placement.ts';

/**
 * Heads that come again with what was placed into their fields, by those fields as they came. For the same placements
 * only, and with their secrets in it: who keeps it forgets it together with them.
 */
export type PlacedHeaders = WeakMap<HeaderPairs, HeaderPairs>;

/**
 * Puts header and query placements into a head. The client's own order and other fields stay.
 *
 * @param known remembers what is made of fields that come again; the same pairs then give the same pairs
 */
export function placeInHead(
  head: RequestHead,
  placements: readonly Placement[],
  known?: PlacedHeaders,
): RequestHead {
  let { path } = head;
  for (const placement of placements) {
    if (placement.in === 'query') path = placeQuery(path, placement);
  }
  const headers = known ? placeRepeated(head.headers, placements, known) : placeHeaders(head.headers, placements);
  return { method: head.method, target: head.target, path, headers };
}

function placeRepeated(headers: HeaderPairs, placements: readonly Placement[], known: PlacedHeaders): HeaderPairs {
  const last = known.get(headers);
  if (last !== undefined) return last;
  const placed = placeHeaders(headers, placements);
  if (isRepeated(headers)) {
    markRepeated(placed);
    known.set(headers, placed);
  }
  return placed;
}

function placeHeaders(headers: HeaderPairs, placements: readonly Placement[]): HeaderPairs {
  let placed = headers;
  for (const placement of placements) {
    if (placement.in === 'header') placed = placeHeader(placed, placement);
  }
  return placed;
}

/**
 * Headers are compared without case, and `_` counts as `-`: servers behind CGI cannot tell the two
 * apart, so a client's `X_Csrf_Token` would stand beside the injected one (X10).
 */
function placeHeader(headers: HeaderPairs, placement: Placement): HeaderPairs {
  const placed: HeaderPairs[number][] = [];
  let own = '';
  for (const field of headers) {
    if (!isSameField(field[0], placement.name)) placed.push(field);
    else if (placement.action === 'append') own = join(placement.name, own, field[1]);
  }
  if (placement.action === 'append') placed.push([placement.name, join(placement.name, own, placement.value)]);
  else if (placement.action !== 'remove') placed.push([placement.name, placement.value]);
  return placed;
}

function placeQuery(path: string, placement: Placement): string {
  const mark = path.indexOf('?');
  const pathname = mark < 0 ? path : path.slice(0, mark);
  const query = mark < 0 ? '' : path.slice(mark + 1);
  const pairs = query === '' ? [] : query.split('&');
  const kept = placement.action === 'append' ? pairs : pairs.filter((pair) => decodeName(pair) !== placement.name);
  const added = placement.action === 'remove'
    ? []
    : [`${encodeURIComponent(placement.name)}=${encodeURIComponent(placement.value)}`];
  const joined = [...kept, ...added].join('&');
  return joined === '' ? pathname : `${pathname}?${joined}`;
}

function decodeName(pair: string): string {
  const name = pair.split('=', 1)[0]!.replaceAll('+', ' ');
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // not percent-encoding: then it is that very text
  }
}

/**
 * Puts body placements into a JSON object or a form. What is not touched keeps its bytes: numbers
 * beyond a double's precision survive.
 *
 * @param contentType the request's `Content-Type`
 * @throws {SigError} E_BODY when the body is not of a form that a field can be put into (X13)
 */
export function placeInBody(
  body: Uint8Array<ArrayBuffer>,
  contentType: string | undefined,
  placements: readonly Placement[],
): Uint8Array<ArrayBuffer> {
  const mine = placements.filter((placement) => placement.in === 'body');
  if (mine.length === 0) return body;
  const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
  let text: string;
  try {
    text = decodeUtf8(body);
  } catch (cause) {
    throw badBody(mine[0]!, 'it is not UTF-8', cause);
  }
  for (const placement of mine) {
    if (type === 'application/json' || type.endsWith('+json')) text = placeInJson(text, placement);
    else if (type === 'application/x-www-form-urlencoded') text = placeQuery(`?${text}`, placement).slice(1);
    else throw badBody(placement, `content type ${JSON.stringify(type)} has no fields`);
  }
  return encodeUtf8(text);
}

function placeInJson(text: string, placement: Placement): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw badBody(placement, 'it is not JSON', cause);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw badBody(placement, 'it is not a JSON object');
  }
  const isThere = Object.hasOwn(parsed, placement.name);
  if (!isThere && placement.action === 'remove') return text;
  if (!isThere) {
    const comma = Object.keys(parsed).length > 0 ? ',' : '';
    const member = `${JSON.stringify(placement.name)}:${JSON.stringify(placement.value)}${comma}`;
    return text.replace('{', () => `{${member}`);
  }
  if (placement.action === 'append') throw badBody(placement, `it has a field "${placement.name}" already`);
  // Rewriting would change such numbers; refuse rather than alter what the client meant.
  if (/\d{16,}|[eE][+-]?\d{3,}/.test(text)) {
    throw badBody(placement, `it has a field "${placement.name}" and numbers that cannot be kept exactly`);
  }
  const entries = Object.entries(parsed).filter(([key]) => key !== placement.name);
  if (placement.action === 'set') entries.push([placement.name, placement.value]);
  return JSON.stringify(Object.fromEntries(entries));
}

function badBody(placement: Placement, why: string, cause?: unknown): SigError {
  return new SigError('E_BODY', `Cannot put "${placement.name}" into the request body: ${why}`, {
    hint: 'send a JSON object or a form, with its Content-Type',
    provider: placement.provider,
    cause,
  });
}
