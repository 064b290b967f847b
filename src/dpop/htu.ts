import { SigError } from '../errors.ts';

const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

/**
 * The `htu` claim for a URL: exactly what a client sends, without query and fragment
 * (RFC 9449 §4.2). Nothing else is normalised, since some servers compare letter by letter.
 *
 * @throws {SigError} E_TARGET when it is not an absolute http or https URL, or carries userinfo
 *
 * @example
 * ```ts
 * htuOf('https://EX.com:443/a%2fb?q#f'); // "https://ex.com/a%2fb"
 * ```
 */
export function htuOf(url: string | URL): string {
  let parsed: URL;
  try {
    parsed = typeof url === 'string' ? new URL(url) : url;
  } catch (cause) {
    throw new SigError('E_TARGET', 'Cannot sign a request without an absolute URL', { cause });
  }
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') {
    throw new SigError('E_TARGET', 'Cannot sign a request to a URL that is neither http nor https');
  }
  // It would go out in clear to whoever sees the proof, and no server would compare it equal.
  if (parsed.username !== '' || parsed.password !== '') {
    throw new SigError('E_TARGET', 'Cannot sign a request to a URL that carries a user name or password');
  }
  return parsed.origin + parsed.pathname;
}

/**
 * A form in which two `htu` are equal when they name the same resource: syntax-based and
 * scheme-based normalisation (RFC 9449 §4.3, RFC 3986 §6.2.2 and §6.2.3).
 *
 * @throws {SigError} E_TARGET as {@link htuOf}
 */
export function normaliseHtu(url: string | URL): string {
  return htuOf(url).replace(ESCAPE, (escape, hex) => {
    const character = String.fromCharCode(parseInt(hex, 16));
    return UNRESERVED.test(character) ? character : escape.toUpperCase();
  });
}
