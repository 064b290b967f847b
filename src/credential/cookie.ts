import type { Target } from '../target/target.ts';

/** A cookie with everything that decides where it is sent (RFC 6265bis §5.6). */
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
  readonly sameSite?: 'strict' | 'lax' | 'none';
  /** Absent for a session cookie. */
  readonly expiresAtSec?: number;
  /** Top-level site of a partitioned cookie. */
  readonly partitionKey?: string;
  readonly createdAtSec: number;
}

/**
 * The cookies that belong to a request, in the order they are sent (RFC 6265bis §5.8.3).
 *
 * @param path origin-form request target; a query is ignored
 */
export function cookiesFor(cookies: readonly Cookie[], target: Target, path: string, nowSec: number): Cookie[] {
  const pathname = path.split('?', 1)[0]!;
  return cookies
    .filter((cookie) =>
      (cookie.expiresAtSec === undefined || cookie.expiresAtSec > nowSec) &&
      (!cookie.secure || target.scheme === 'https') &&
      (cookie.hostOnly ? target.host === cookie.domain : domainMatches(target.host, cookie.domain)) &&
      pathMatches(pathname, cookie.path)
    )
    .sort((a, b) => b.path.length - a.path.length || a.createdAtSec - b.createdAtSec);
}

/** The value of a `Cookie` header. */
export function formatCookieHeader(cookies: readonly Cookie[]): string {
  return cookies.map((cookie) => (cookie.name === '' ? cookie.value : `${cookie.name}=${cookie.value}`)).join('; ');
}

function domainMatches(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !/^[\d.]+$|^\[/.test(host));
}

function pathMatches(pathname: string, cookiePath: string): boolean {
  if (pathname === cookiePath) return true;
  return pathname.startsWith(cookiePath) && (cookiePath.endsWith('/') || pathname[cookiePath.length] === '/');
}
