import type { ExtractRule } from '../config/config.ts';
import { Secret } from '../secret.ts';
import type { HeaderPairs, RequestHead } from '../target/head.ts';
import type { Cookie } from './cookie.ts';
import { cookiesExpiry } from './cookie_expiry.ts';
import { receiveCookies } from './cookie_jar.ts';
import type { Credential } from './credential.ts';

/**
 * Takes the cookies that a site set in an answer into the login, as a browser would: sessions that
 * rotate or slide stay alive.
 *
 * @param head the request that was answered
 * @param headers of the answer
 * @returns the new login, or the very same one when nothing is worth being stored
 */
export async function rollCookies(
  credential: Credential,
  extract: readonly ExtractRule[],
  head: Pick<RequestHead, 'target' | 'path'>,
  headers: HeaderPairs,
  nowSec: number,
): Promise<Credential> {
  const lines = headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
  if (credential.cookies === undefined || lines.length === 0) return credential;
  // Loaded late: the list is large, and most answers set no cookie.
  const { isPublicSuffix } = await import('../target/public_suffix.ts');
  const before = credential.cookies.reveal();
  const after = receiveCookies(before, lines, head.target, head.path, nowSec, isPublicSuffix);
  if (!isWorthStoring(before, after, nowSec)) return credential;
  const { expiresAtSec, ...rest } = credential;
  // An end that was that of the cookies moves with them; a ttl or a token's own does not.
  const end = expiresAtSec === cookiesExpiry(extract, before) ? cookiesExpiry(extract, after) : expiresAtSec;
  return { ...rest, ...(end === undefined ? {} : { expiresAtSec: end }), cookies: new Secret(after) };
}

/** An end that moves by less than a tenth of what is left is not worth a write for every answer. */
function isWorthStoring(before: readonly Cookie[], after: readonly Cookie[], nowSec: number): boolean {
  if (after === before) return false;
  if (after.length !== before.length) return true;
  return after.some((cookie, i) => {
    const { expiresAtSec: newEnd, ...now } = cookie;
    const { expiresAtSec: oldEnd, ...then } = before[i]!;
    if (JSON.stringify(now) !== JSON.stringify(then)) return true;
    if (newEnd === undefined || oldEnd === undefined) return newEnd !== oldEnd;
    return Math.abs(newEnd - oldEnd) * 10 > newEnd - nowSec;
  });
}
