import { type DomainPattern, parentOf } from '../target/domain.ts';
import { hostKind } from '../target/host.ts';
import type { Target } from '../target/target.ts';
import type { Cookie } from './cookie.ts';

/** Whether a host is the domain or lies under it (RFC 6265bis §5.1.3). Both canonical. */
export function domainMatches(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && hostKind(host) === 'name');
}

/** Whether a request path lies under a cookie path (RFC 6265bis §5.1.4). */
export function pathMatches(pathname: string, cookiePath: string): boolean {
  if (pathname === cookiePath) return true;
  return pathname.startsWith(cookiePath) && (cookiePath.endsWith('/') || pathname[cookiePath.length] === '/');
}

/** The path of a cookie that names none: the request's own up to its last `/` (RFC 6265bis §5.1.4). */
export function defaultPath(path: string): string {
  const pathname = path.split('?', 1)[0]!;
  const last = pathname.lastIndexOf('/');
  return pathname.startsWith('/') && last > 0 ? pathname.slice(0, last) : '/';
}

/**
 * The site of a target: scheme and registrable domain, or the host itself when it has none.
 *
 * @param isPublicSuffix the public suffix list
 *
 * @example
 * ```ts
 * siteOf(parseUrl('https://a.b.example.co.uk/').target, isPublicSuffix); // "https://example.co.uk"
 * ```
 */
export function siteOf(target: Target, isPublicSuffix: (host: string) => boolean): string {
  let site = target.host;
  for (let parent = parentOf(site); parent !== undefined && !isPublicSuffix(parent); parent = parentOf(site)) {
    site = parent;
  }
  return `${target.scheme}://${site}`;
}

/** Whether a target's own site is that partition. */
export function isWithinPartition(target: Target, partitionKey: string): boolean {
  const [scheme, host] = partitionKey.split('://', 2);
  return scheme === target.scheme && host !== undefined && domainMatches(target.host, host);
}

/**
 * Whether a cookie can be sent to any host that one of these domain entries covers. What is not
 * is no business of that provider and must not enter its vault record.
 */
export function isCookieOf(cookie: Pick<Cookie, 'domain' | 'hostOnly'>, patterns: readonly DomainPattern[]): boolean {
  const { domain, hostOnly } = cookie;
  return patterns.some((pattern) => {
    if (!pattern.wildcard) return hostOnly ? pattern.host === domain : domainMatches(pattern.host, domain);
    return parentOf(domain) === pattern.host || (!hostOnly && domainMatches(pattern.host, domain));
  });
}
