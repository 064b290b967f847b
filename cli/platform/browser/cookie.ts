import type { Cookie } from '../../../src/credential/cookie.ts';
import { decodeUtf8, octetsOf } from '../../../src/encoding/bytes.ts';

/** A cookie as the DevTools protocol gives it (`Network.Cookie`). */
export interface DevtoolsCookie {
  readonly name: string;
  readonly value: string;
  /** With a leading dot unless it is for one host only. */
  readonly domain: string;
  readonly path: string;
  /** Seconds; -1 for a session cookie. */
  readonly expires: number;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  readonly sameSite?: 'Strict' | 'Lax' | 'None';
  readonly partitionKey?: { readonly topLevelSite: string; readonly hasCrossSiteAncestor: boolean };
  readonly partitionKeyOpaque?: boolean;
}

/** A cookie as the DevTools protocol takes it (`Network.CookieParam`). */
export interface DevtoolsCookieParam {
  name: string;
  value: string;
  url?: string;
  domain?: string;
  path: string;
  expires?: number;
  httpOnly: boolean;
  secure: boolean;
  sameSite?: 'Strict' | 'Lax' | 'None';
  partitionKey?: { topLevelSite: string; hasCrossSiteAncestor: boolean };
}

/**
 * The browser's cookie as ours, every attribute kept.
 *
 * @returns `undefined` for a cookie that only exists within another site's frames
 */
export function fromDevtools(cookie: DevtoolsCookie, nowSec: number): Cookie | undefined {
  if (cookie.partitionKeyOpaque || cookie.partitionKey?.hasCrossSiteAncestor) return undefined;
  const isDomainWide = cookie.domain.startsWith('.');
  return {
    name: octetsOf(cookie.name),
    value: octetsOf(cookie.value),
    domain: isDomainWide ? cookie.domain.slice(1) : cookie.domain,
    hostOnly: !isDomainWide,
    path: octetsOf(cookie.path),
    secure: cookie.secure,
    httpOnly: cookie.httpOnly,
    ...(cookie.sameSite === undefined ? {} : { sameSite: cookie.sameSite.toLowerCase() as 'strict' | 'lax' | 'none' }),
    ...(cookie.expires > 0 ? { expiresAtSec: Math.floor(cookie.expires) } : {}),
    ...(cookie.partitionKey === undefined ? {} : { partitionKey: cookie.partitionKey.topLevelSite }),
    createdAtSec: nowSec,
  };
}

/** Our cookie as the browser takes it. */
export function toDevtools(cookie: Cookie): DevtoolsCookieParam {
  const { sameSite, expiresAtSec, partitionKey } = cookie;
  return {
    name: textOf(cookie.name),
    value: textOf(cookie.value),
    // Only a cookie that is set by URL, without a domain, stays with its host.
    ...(cookie.hostOnly
      ? { url: `${cookie.secure ? 'https' : 'http'}://${cookie.domain}/` }
      : { domain: `.${cookie.domain}` }),
    path: textOf(cookie.path),
    httpOnly: cookie.httpOnly,
    secure: cookie.secure,
    ...(sameSite === undefined
      ? {}
      : { sameSite: ({ strict: 'Strict', lax: 'Lax', none: 'None' } as const)[sameSite] }),
    ...(expiresAtSec === undefined ? {} : { expires: expiresAtSec }),
    ...(partitionKey === undefined
      ? {}
      : { partitionKey: { topLevelSite: partitionKey, hasCrossSiteAncestor: false } }),
  };
}

/** The text behind octets; octets that are no UTF-8 stay as they are. */
function textOf(octets: string): string {
  try {
    return decodeUtf8(Uint8Array.from(octets, (octet) => octet.charCodeAt(0)));
  } catch {
    return octets;
  }
}
