import { SigError } from '../errors.ts';
import { canonicalHost } from './host.ts';

/**
 * Where a request goes, parsed once. The same object feeds policy, dial, TLS name, `Host`, DPoP
 * `htu` and audit; nothing is rebuilt by joining strings.
 */
export interface Target {
  readonly scheme: 'https' | 'http';
  /** Canonical host: lower-case ASCII name, dotted IPv4, or IPv6 in brackets. */
  readonly host: string;
  readonly port: number;
}

/** A URL and where it goes. */
export interface ParsedUrl {
  readonly target: Target;
  /** Origin-form request target: path and query, beginning with `/`. */
  readonly path: string;
  /** Canonical URL, without fragment and userinfo. */
  readonly href: string;
}

const URL_SHAPE = /^(https?):\/\/([^/?#\\]*)([^#]*)(?:#.*)?$/is;
const AUTHORITY = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{0,5}))?$/s;
const DEFAULT_PORT = { https: 443, http: 80 } as const;

/**
 * Parses an absolute http or https URL, strictly.
 *
 * @throws {SigError} E_TARGET for another scheme, userinfo, control characters, backslashes, a bad host or port
 *
 * @example
 * ```ts
 * parseUrl('https://EX.com./a?b#c').href; // "https://ex.com/a?b"
 * ```
 */
export function parseUrl(text: string): ParsedUrl {
  const found = URL_SHAPE.exec(text);
  if (!found) {
    const hint = /^[\w.-]+(?::\d+)?(?:\/|$)/.test(text) ? 'write it with its scheme, https://' : undefined;
    throw badUrl('it is not an absolute http or https URL', hint);
  }
  const [, scheme, authority, rest] = found;
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x20\x7f\\]/.test(text)) throw badUrl('it has white space, control characters or a backslash');
  if (authority!.includes('@')) throw badUrl('it carries a user name or password', 'leave out everything before "@"');
  const target = parseAuthority(authority!, scheme!.toLowerCase() as 'https' | 'http');
  const url = new URL(`${originOf(target)}${rest!.startsWith('/') ? '' : '/'}${rest}`);
  const path = url.pathname + url.search;
  return { target, path, href: originOf(target) + path };
}

/**
 * Parses `host` or `host:port`, as in `Host` and CONNECT.
 *
 * @throws {SigError} E_TARGET for a bad host or port
 */
export function parseAuthority(text: string, scheme: 'https' | 'http'): Target {
  const found = AUTHORITY.exec(text);
  if (!found) throw new SigError('E_TARGET', `Cannot use authority ${JSON.stringify(text.slice(0, 255))}`);
  const host = canonicalHost(found[1]!);
  const port = found[2] === undefined || found[2] === '' ? DEFAULT_PORT[scheme] : Number(found[2]);
  if (port < 1 || port > 65535) throw new SigError('E_TARGET', `Cannot use port ${port}: ports are 1 to 65535`);
  return { scheme, host, port };
}

/** By target, since one serves all requests of a tunnel, and is asked for its authority several times in each. */
const authorities = new WeakMap<Target, string>();

/** The authority as it stands in `Host`: the port only when it is not the scheme's own. */
export function authorityOf(target: Target): string {
  const { scheme, host, port } = target;
  if (port === DEFAULT_PORT[scheme]) return host;
  let authority = authorities.get(target);
  if (authority === undefined) authorities.set(target, authority = `${host}:${port}`);
  return authority;
}

/** The origin (RFC 6454): scheme, host, and the port when it is not the scheme's own. */
export function originOf(target: Target): string {
  return `${target.scheme}://${authorityOf(target)}`;
}

function badUrl(why: string, hint?: string): SigError {
  // The URL itself stays out of the message: its query may hold a secret.
  return new SigError('E_TARGET', `Cannot use the URL: ${why}`, { hint });
}
