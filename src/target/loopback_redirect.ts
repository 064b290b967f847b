import { SigError } from '../errors.ts';
import { type ParsedUrl, parseUrl } from './target.ts';

/** The redirect URI of a program on this machine that was registered with any port (RFC 8252 §7.3). */
export const LOOPBACK_REDIRECT = 'http://127.0.0.1/callback';

/** A redirect URI that ends on this machine. */
export interface LoopbackRedirect extends ParsedUrl {
  /** Whether it names no port: any free one is taken then, as servers must allow (RFC 8252 §7.3). */
  readonly anyPort: boolean;
}

/**
 * Parses a redirect URI that ends on this machine: plain http, to `127.0.0.1` or `localhost`, with
 * a path and nothing behind it.
 *
 * @throws {SigError} E_TARGET
 */
export function parseLoopbackRedirect(text: string): LoopbackRedirect {
  const parsed = parseUrl(text);
  const { target, path } = parsed;
  const isOurs = target.scheme === 'http' && ['127.0.0.1', 'localhost'].includes(target.host);
  if (isOurs && !/[?#]/.test(text) && !path.includes('?')) return { ...parsed, anyPort: target.port === 80 };
  throw new SigError('E_TARGET', 'Cannot use the redirect URI: it does not end on this machine', {
    hint: `write it as ${LOOPBACK_REDIRECT}, or with the port that is registered with the server`,
  });
}
