import type { ExtractRule } from '../config/config.ts';
import type { Cookie } from './cookie.ts';
import { globMatches } from './value_for.ts';

/**
 * When the cookies of a login stop working, as far as they say themselves: the end of the first
 * cookie extraction to end. Cookies that only count visitors do not matter.
 *
 * @returns seconds since 1970, or `undefined` when nobody can tell before the site does
 */
export function cookiesExpiry(extract: readonly ExtractRule[], cookies: readonly Cookie[]): number | undefined {
  const ends = extract.filter((rule) => rule.from === 'cookies').flatMap((rule) => {
    const pattern = rule.match ?? '*';
    const chosen = cookies.filter((cookie) => globMatches(pattern, cookie.name));
    return (pattern.includes('*') ? sessionExpiry(chosen) : lastExpiry(chosen)) ?? [];
  });
  return ends.length === 0 ? undefined : Math.min(...ends);
}

/**
 * Of many cookies, those that scripts cannot read are the login; what counts visitors is made by
 * scripts. Which of them is the one that matters nobody can tell, so the login lives as long as
 * the longest: if that is too long, the site says so and the login is renewed then.
 */
function sessionExpiry(cookies: readonly Cookie[]): number | undefined {
  return lastExpiry(cookies.filter((cookie) => cookie.httpOnly));
}

/** The latest end; none when there is no cookie or one of them has none. */
function lastExpiry(cookies: readonly Cookie[]): number | undefined {
  let last: number | undefined;
  for (const { expiresAtSec } of cookies) {
    if (expiresAtSec === undefined) return undefined;
    last = Math.max(last ?? 0, expiresAtSec);
  }
  return last;
}
