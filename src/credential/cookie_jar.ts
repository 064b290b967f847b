import type { Target } from '../target/target.ts';
import { type Cookie, isExpiredCookie } from './cookie.ts';
import { domainMatches, pathMatches } from './cookie_match.ts';
import { parseSetCookie } from './set_cookie.ts';

/** Cookies that one domain may hold, and that a jar may hold, as browsers do it. */
const MAX_PER_DOMAIN = 180;
const MAX_IN_ALL = 3000;

/**
 * Puts a cookie into a jar by RFC 6265bis §5.7: it takes the place of its namesake of the same
 * domain, path and partition; an expired one only removes it. What is expired leaves the jar.
 *
 * @param scheme how the cookie was received; over plain http it cannot replace or shadow a secure one
 * @returns the new jar, or the very same one when the cookie is refused
 */
export function storeCookie(jar: readonly Cookie[], cookie: Cookie, scheme: Target['scheme'] = 'https'): Cookie[] {
  const nowSec = cookie.createdAtSec;
  if (scheme !== 'https' && !cookie.secure && jar.some((old) => shadows(cookie, old))) return jar as Cookie[];
  const kept = jar.filter((old) => !isExpiredCookie(old, nowSec));
  const at = kept.findIndex((old) => isSameCookie(old, cookie));
  if (isExpiredCookie(cookie, nowSec)) return kept.filter((_, i) => i !== at);
  // Step 23: a replaced cookie keeps its age, and so its place in the header.
  if (at >= 0) return kept.with(at, { ...cookie, createdAtSec: kept[at]!.createdAtSec });
  return evict([...kept, cookie], cookie);
}

/**
 * Takes the `Set-Cookie` lines of one response into a jar, in their order.
 *
 * @param path origin-form request target of the request
 * @returns the new jar, or the very same one when no line counted
 */
export function receiveCookies(
  jar: readonly Cookie[],
  lines: readonly string[],
  target: Target,
  path: string,
  nowSec: number,
  isPublicSuffix: (host: string) => boolean,
): readonly Cookie[] {
  return lines.reduce<readonly Cookie[]>((now, line) => {
    const cookie = parseSetCookie(line, target, path, nowSec, isPublicSuffix);
    return cookie === undefined ? now : storeCookie(now, cookie, target.scheme);
  }, jar);
}

function isSameCookie(a: Cookie, b: Cookie): boolean {
  return a.name === b.name && a.domain === b.domain && a.hostOnly === b.hostOnly && a.path === b.path &&
    a.partitionKey === b.partitionKey;
}

/** RFC 6265bis §5.7 step 16: "leave secure cookies alone". */
function shadows(cookie: Cookie, old: Cookie): boolean {
  return old.secure && old.name === cookie.name && pathMatches(cookie.path, old.path) &&
    (domainMatches(old.domain, cookie.domain) || domainMatches(cookie.domain, old.domain));
}

/** RFC 6265bis §5.7, "remove excess cookies": the insecure first, then the oldest; never the new one. */
function evict(jar: Cookie[], added: Cookie): Cookie[] {
  const rivals = jar.filter((cookie) => cookie !== added && cookie.domain === added.domain);
  let victim: Cookie | undefined;
  if (rivals.length >= MAX_PER_DOMAIN) victim = rivals.find((cookie) => !cookie.secure) ?? rivals[0];
  else if (jar.length > MAX_IN_ALL) victim = jar[0];
  return victim === undefined ? jar : jar.filter((cookie) => cookie !== victim);
}
