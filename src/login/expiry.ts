import { cookiesExpiry } from '../credential/cookie_expiry.ts';
import { decodeBase64url } from '../encoding/base64url.ts';
import { decodeUtf8 } from '../encoding/bytes.ts';
import type { Provider } from '../provider/provider.ts';
import type { Extraction } from './extract.ts';

/** Later than this a number is one of milliseconds (the year 5138 in seconds). */
const MILLISECONDS_FROM = 1e11;

/**
 * When a login stops working: after the provider's `ttl` when it has one, else when the first of
 * its own tokens does. Cookies that only count visitors do not matter.
 *
 * @returns seconds since 1970, or `undefined` when nobody can tell before the site does
 */
export function expiryOf(provider: Provider, extraction: Extraction, nowSec: number): number | undefined {
  if (provider.config.ttlSec !== undefined) return nowSec + provider.config.ttlSec;
  const ends = [extraction.valuesExpireAtSec, cookiesExpiry(provider.extract, extraction.cookies)];
  const known = ends.filter((end) => end !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** A point in time as a token's neighbour tells it: seconds or milliseconds since 1970, or an ISO date. */
export function readTime(value: string | number): number | undefined {
  const isNumber = typeof value === 'number' || /^\d{1,16}(?:\.\d+)?$/.test(value);
  const time = isNumber ? Number(value) : Date.parse(String(value)) / 1000;
  if (!Number.isFinite(time) || time <= 0) return undefined;
  return Math.floor(isNumber && time >= MILLISECONDS_FROM ? time / 1000 : time);
}

/** When a token says itself that it ends: the `exp` of a JWT (RFC 7519 §4.1.4). It is not verified. */
export function tokenExpiry(token: string): number | undefined {
  const payload = /^(?:Bearer )?[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token)?.[1];
  if (payload === undefined) return undefined;
  try {
    const { exp } = JSON.parse(decodeUtf8(decodeBase64url(payload))) as { exp?: unknown };
    return typeof exp === 'number' && Number.isFinite(exp) && exp > 0 ? Math.floor(exp) : undefined;
  } catch {
    return undefined; // three words with dots between are no token
  }
}
