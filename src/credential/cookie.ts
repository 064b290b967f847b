import type { Target } from '../target/target.ts';
import { domainMatches, isWithinPartition, pathMatches } from './cookie_match.ts';

/**
 * A cookie with everything that decides where it is sent (RFC 6265bis §5.7).
 *
 * Name and value stand as on the wire: one character for each octet.
 */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Canonical host. */
  readonly domain: string;
  /** Whether only `domain` itself gets it, not its subdomains. */
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  /** Kept for whoever exports the jar; `sig` makes no cross-site requests. */
  readonly sameSite?: 'strict' | 'lax' | 'none';
  /** Absent for a session cookie. */
  readonly expiresAtSec?: number;
  /** Top-level site of a partitioned cookie, such as `https://example.com`. */
  readonly partitionKey?: string;
  readonly createdAtSec: number;
}

/**
 * The cookies that belong to a request, in the order they are sent (RFC 6265bis §5.8.3): longer
 * paths first, then older ones; what was stored first when both are equal.
 *
 * A partitioned cookie is sent only where its own partition is the top-level site, since a request
 * by `sig` has no other site around it.
 *
 * @param path origin-form request target; a query is ignored
 */
export function cookiesFor(cookies: readonly Cookie[], target: Target, path: string, nowSec: number): Cookie[] {
  const pathname = path.split('?', 1)[0]!;
  return cookies
    .filter((cookie) =>
      !isExpiredCookie(cookie, nowSec) &&
      (!cookie.secure || target.scheme === 'https') &&
      (cookie.hostOnly ? target.host === cookie.domain : domainMatches(target.host, cookie.domain)) &&
      pathMatches(pathname, cookie.path) &&
      (cookie.partitionKey === undefined || isWithinPartition(target, cookie.partitionKey))
    )
    .sort((a, b) => b.path.length - a.path.length || a.createdAtSec - b.createdAtSec);
}

/** Whether a cookie's time is over. A session cookie's never is. */
export function isExpiredCookie(cookie: Cookie, nowSec: number): boolean {
  return cookie.expiresAtSec !== undefined && cookie.expiresAtSec <= nowSec;
}

/** The value of a `Cookie` header (RFC 6265bis §5.8.3). */
export function formatCookieHeader(cookies: readonly Cookie[]): string {
  return cookies.map((cookie) => (cookie.name === '' ? cookie.value : `${cookie.name}=${cookie.value}`)).join('; ');
}
