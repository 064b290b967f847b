import { isSigError } from '../errors.ts';
import { authorityOf, parseAuthority, type Target } from '../target/target.ts';
import { AUTHORITY, CLASS, consistsOf, TARGET } from './characters.ts';
import { Http1Error } from './error.ts';
import type { ParsedRequest } from './message.ts';

/** The four forms of a request target (RFC 9112 §3.2). Every `path` begins with `/`. */
export type RequestTarget =
  /** `/path?query`: to an origin server, or inside a tunnel. */
  | { readonly form: 'origin'; readonly path: string }
  /** `http://host/path`: to a proxy. */
  | { readonly form: 'absolute'; readonly target: Target; readonly path: string }
  /** `host:port`: CONNECT. The scheme is that of what tunnels carry. */
  | { readonly form: 'authority'; readonly target: Target }
  /** `*`: OPTIONS about the server as a whole. */
  | { readonly form: 'asterisk' };

const ABSOLUTE = /^(https?):\/\/([^/?]*)(.*)$/i;
const WITH_PORT = /:[0-9]{1,5}$/;
const SLASH = 47;
const BACKSLASH = 92;
const QUESTION = 63;
const ASTERISK: RequestTarget = { form: 'asterisk' };

/**
 * Reads a request target. Whatever two parsers could read as two places is refused: user names,
 * fragments, backslashes, a path that begins with `//`, bytes beyond ASCII (security cases H1, H2).
 *
 * @throws {Http1Error} target
 *
 * @example
 * ```ts
 * parseRequestTarget('GET', '/a?b'); // { form: 'origin', path: '/a?b' }
 * parseRequestTarget('GET', '@evil.example/a'); // throws
 * ```
 */
export function parseRequestTarget(method: string, text: string): RequestTarget {
  if (method === 'CONNECT') {
    // RFC 9112 §3.2.3: the port is never left out.
    if (!WITH_PORT.test(text)) throw new Http1Error('target', 'CONNECT needs "host:port"');
    return { form: 'authority', target: readAuthority(text, 'https') };
  }
  if (text.charCodeAt(0) === SLASH) return { form: 'origin', path: checkPath(text) };
  if (text === '*' && method === 'OPTIONS') return ASTERISK;
  const found = ABSOLUTE.exec(text);
  if (!found) throw new Http1Error('target');
  const target = readAuthority(found[2]!, found[1]!.toLowerCase() as 'http' | 'https');
  const rest = found[3]!;
  if (rest === '' && method === 'OPTIONS') return { form: 'absolute', target, path: '/' };
  return { form: 'absolute', target, path: checkPath(rest.startsWith('/') ? rest : `/${rest}`) };
}

/**
 * Where a request goes, once: inside a tunnel to its authority and nowhere else, outside to the
 * host of an absolute target, which beats `Host` (RFC 9112 §3.2.2).
 *
 * @param tunnel the authority of the CONNECT request that the request came through
 * @returns the target that policy, dial, TLS name and `Host` all use
 * @throws {Http1Error} misdirected when a request in a tunnel names another authority (security case H3),
 * target when a request outside does not say where it goes
 */
export function targetOf(request: ParsedRequest, tunnel: Target | undefined): Target {
  const { target } = request;
  if (!tunnel) {
    if (target.form === 'absolute' || target.form === 'authority') return target.target;
    throw new Http1Error('target', 'a request to a proxy must name its host');
  }
  if (target.form === 'authority') throw new Http1Error('target', 'CONNECT inside a tunnel');
  if (target.form === 'absolute') requireSame(target.target, tunnel);
  const { host } = request;
  // The usual spelling is compared as it stands: it is what nearly every request has.
  if (host !== undefined && host !== authorityOf(tunnel)) {
    requireSame(readAuthority(host, tunnel.scheme), tunnel);
  }
  return tunnel;
}

/**
 * Checks the value of a Host field: one host, perhaps with a port.
 *
 * @throws {Http1Error} host
 */
export function checkHost(value: string): void {
  if (!consistsOf(value, AUTHORITY)) throw new Http1Error('host');
}

function requireSame(given: Target, tunnel: Target): void {
  if (given.host !== tunnel.host || given.port !== tunnel.port || given.scheme !== tunnel.scheme) {
    throw new Http1Error('misdirected');
  }
}

function readAuthority(text: string, scheme: 'http' | 'https'): Target {
  // Before any URL parser sees it: those drop tabs, decode "%2e" and map look-alikes (security case H11).
  if (!consistsOf(text, AUTHORITY)) throw new Http1Error('target', 'the authority is not "host" or "host:port"');
  try {
    return parseAuthority(text, scheme);
  } catch (error) {
    if (isSigError(error)) throw new Http1Error('target', 'the authority is not "host" or "host:port"');
    throw error;
  }
}

function checkPath(path: string): string {
  const second = path.charCodeAt(1);
  // Both begin a host in the eyes of a URL parser.
  if (second === SLASH || second === BACKSLASH) throw new Http1Error('target', 'the path begins with two slashes');
  let inPath = true;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code > 0x7f || (CLASS[code]! & TARGET) === 0) throw new Http1Error('target');
    if (code === QUESTION) inPath = false;
    // To a URL parser it is a slash there; in a query it is a character like others.
    if (inPath && code === BACKSLASH) throw new Http1Error('target', 'the path has a backslash');
  }
  return path;
}
