import type { ApplyRule, ExtractRule } from '../config/config.ts';
import type { RequestHead } from '../target/head.ts';
import { cookiesFor, formatCookieHeader } from './cookie.ts';
import type { Credential } from './credential.ts';

/**
 * The value of an `apply` key for one request. Plain values are what the login stored; a cookie
 * extraction is computed for the request's own URL, so that a cookie only goes where the browser
 * would send it (RFC 6265bis §5.8.3).
 *
 * @returns the value, or `undefined` when there is none for this request
 */
export function valueFor(
  credential: Credential,
  extract: readonly ExtractRule[],
  key: string,
  rule: Pick<ApplyRule, 'in' | 'name'>,
  head: Pick<RequestHead, 'target' | 'path'>,
  nowSec: number,
): string | undefined {
  const source = extract.find((candidate) => candidate.as === key);
  if (source?.from !== 'cookies' || credential.cookies === undefined) {
    return Object.hasOwn(credential.values, key) ? credential.values[key]!.reveal() : undefined;
  }
  const pattern = source.match ?? '*';
  const chosen = cookiesFor(credential.cookies.reveal(), head.target, head.path, nowSec)
    .filter((cookie) => globMatches(pattern, cookie.name));
  if (chosen.length === 0) return undefined;
  // In a Cookie header a cookie is a pair; copied elsewhere (CSRF headers) it is its value alone.
  const isPair = rule.in === 'header' && rule.name.toLowerCase() === 'cookie';
  return isPair || pattern.includes('*') ? formatCookieHeader(chosen) : chosen[0]!.value;
}

/** Whether a name fits a glob in which `*` is any text. */
export function globMatches(pattern: string, name: string): boolean {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return pattern === name;
  const last = pieces.pop()!;
  const first = pieces.shift()!;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const piece of pieces) {
    const next = name.indexOf(piece, at);
    if (next < 0) return false;
    at = next + piece.length;
  }
  return at <= name.length - last.length;
}
