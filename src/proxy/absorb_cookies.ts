import type { Cookie } from '../credential/cookie.ts';
import type { Credential } from '../credential/credential.ts';
import { receiveCookies } from '../credential/cookie_jar.ts';
import { Secret } from '../secret.ts';
import type { HeaderPairs, RequestHead } from '../target/head.ts';
import type { OpenCredentials } from './credential_cache.ts';

/** A new expiry alone is stored only when it differs by this much, in seconds: sites send one with each answer. */
const EXPIRY_STEP_SEC = 300;

/** The `Set-Cookie` lines of a response. */
export function setCookieLines(fields: HeaderPairs): string[] {
  return fields.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
}

/**
 * Takes the cookies of an answer into the login's jar, if it has one: a site that rotates its session
 * goes on knowing us.
 *
 * @param head the request that was answered
 */
export async function absorbCookies(
  credentials: OpenCredentials,
  credential: Credential,
  lines: readonly string[],
  head: RequestHead,
  nowSec: number,
): Promise<void> {
  if (lines.length === 0 || credential.cookies === undefined) return;
  // The list is loaded only when a site sets a cookie.
  const { isPublicSuffix } = await import('../target/public_suffix.ts');
  const receive = (jar: readonly Cookie[]) =>
    receiveCookies(jar, lines, head.target, head.path, nowSec, isPublicSuffix);
  if (!isChanged(credential.cookies.reveal(), receive(credential.cookies.reveal()))) return;
  await credentials.update(credential.provider, (stored) => {
    // A logout meanwhile stays one.
    if (stored?.cookies === undefined) return Promise.resolve(undefined);
    return Promise.resolve({ ...stored, cookies: new Secret(receive(stored.cookies.reveal())) });
  });
}

function isChanged(before: readonly Cookie[], after: readonly Cookie[]): boolean {
  if (before === after) return false;
  const spell = (jar: readonly Cookie[]) =>
    JSON.stringify(
      jar.map(({ name, value, domain, path, expiresAtSec }) => [
        name,
        value,
        domain,
        path,
        Math.round((expiresAtSec ?? 0) / EXPIRY_STEP_SEC),
      ]),
    );
  return spell(before) !== spell(after);
}
