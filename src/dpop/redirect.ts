import { SigError } from '../errors.ts';

/** Where a redirect leads. */
export interface NextHop {
  readonly method: string;
  readonly url: string;
  /** Whether the request loses its body, and with it the headers that describe one. */
  readonly dropsBody: boolean;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * The request that a redirect asks for (Fetch §4.4, RFC 9110 §15.4), as long as it stays at its
 * origin: a proof and the token it binds must not go anywhere else (security case D5).
 *
 * @returns `undefined` when the answer is no redirect
 * @throws {SigError} E_REDIRECT when it leads to another origin
 */
export function nextHop(method: string, url: string, response: Response): NextHop | undefined {
  const location = response.headers.get('location');
  if (!REDIRECTS.has(response.status) || location === null) return undefined;
  const from = new URL(url);
  const to = resolve(location, from);
  if (to?.origin !== from.origin || to.username !== '' || to.password !== '') {
    const where = to === undefined || to.origin === 'null' ? 'elsewhere' : `to "${to.origin}"`;
    throw new SigError('E_REDIRECT', `Server "${from.origin}" redirects ${where}, which the session must not follow`, {
      hint: 'request that URL by itself, with a login of its own',
    });
  }
  const rewrites = response.status === 303
    ? method !== 'GET' && method !== 'HEAD'
    : response.status <= 302 && method === 'POST';
  return { method: rewrites ? 'GET' : method, url: to.href, dropsBody: rewrites };
}

function resolve(location: string, base: URL): URL | undefined {
  try {
    return new URL(location, base);
  } catch {
    return undefined; // A location that is no URL leads nowhere.
  }
}
