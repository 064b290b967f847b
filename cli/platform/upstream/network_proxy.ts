import { Buffer } from 'node:buffer';
import { SigError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';
import { canonicalHost, hostKind } from '../../../src/target/host.ts';
import type { Target } from '../../../src/target/target.ts';
import { bareHost } from './route.ts';

/** A proxy on the way to the server. */
export interface NetworkProxy {
  /** `socks5h` leaves the look-up of names to the proxy, `socks5` does not. */
  readonly scheme: 'http' | 'https' | 'socks5' | 'socks5h';
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: Secret | undefined;
  /** Tells proxies apart in a pool; holds the credentials. Not for printing. */
  readonly key: string;
}

const DEFAULT_PORT = { http: 80, https: 443, socks5: 1080, socks5h: 1080 } as const;
const SHAPE =
  /^(http|https|socks5|socks5h):\/\/(?:([^:@/?#]*)(?::([^@/?#]*))?@)?(\[[^\]]*\]|[^:[\]/?#@]+)(?::(\d{1,5}))?\/?$/i;

/**
 * Parses the URL of a proxy: `http`, `https`, `socks5` or `socks5h`, perhaps with user and password.
 *
 * @throws {SigError} E_TARGET when it is anything else; the URL is not shown, since it may hold a password
 *
 * @example
 * ```ts
 * parseNetworkProxy('socks5h://user:secret@proxy.example:1080');
 * ```
 */
export function parseNetworkProxy(url: string): NetworkProxy {
  const found = SHAPE.exec(url);
  if (!found) throw badProxy('it is not "scheme://[user:password@]host[:port]"');
  const scheme = found[1]!.toLowerCase() as NetworkProxy['scheme'];
  const host = canonicalHost(found[4]!);
  const port = found[5] === undefined ? DEFAULT_PORT[scheme] : Number(found[5]);
  if (port < 1 || port > 65535) throw badProxy(`port ${port} is not between 1 and 65535`);
  const user = decode(found[2]);
  const password = decode(found[3]);
  const key = JSON.stringify([scheme, host, port, user, password]);
  return { scheme, host, port, user, password: password === undefined ? undefined : new Secret(password), key };
}

/** The value of `Proxy-Authorization` (RFC 7617), or `undefined` when the proxy's URL names no user. */
export function proxyAuthorization(proxy: NetworkProxy): string | undefined {
  if (proxy.user === undefined) return undefined;
  return `Basic ${Buffer.from(`${proxy.user}:${proxy.password?.reveal() ?? ''}`, 'utf8').toString('base64')}`;
}

/**
 * Whether `NO_PROXY` exempts a target: `*`, `host`, `.suffix`, `host:port`, an address, or a CIDR block
 * of IPv4 addresses, separated by commas or spaces. A name covers its sub-domains too, as everywhere.
 */
export function isExempt(noProxy: string | undefined, target: Target): boolean {
  const entries = (noProxy ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  return entries.some((entry) => covers(entry.toLowerCase(), target));
}

/**
 * The proxy that the environment asks for: `HTTPS_PROXY` or `HTTP_PROXY`, else `ALL_PROXY`, lower-case
 * names first as curl has it. Never for loopback, nor for what `NO_PROXY` exempts.
 *
 * @throws {SigError} E_TARGET when the variable holds no proxy's URL
 */
export function environmentProxy(
  env: (name: string) => string | undefined,
  target: Target,
): NetworkProxy | undefined {
  const read = (name: string) => env(name.toLowerCase()) || env(name);
  // Upper-case HTTP_PROXY is what a CGI server makes of a "Proxy:" header (httpoxy).
  const own = target.scheme === 'https' ? read('HTTPS_PROXY') : env('http_proxy');
  const url = own || read('ALL_PROXY');
  if (!url || isLoopbackName(target.host) || isExempt(read('NO_PROXY'), target)) return undefined;
  return parseNetworkProxy(/^[a-z0-9]+:\/\//i.test(url) ? url : `http://${url}`);
}

function isLoopbackName(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || host.startsWith('127.');
}

function covers(entry: string, target: Target): boolean {
  if (entry === '*') return true;
  const block = /^(\d+\.\d+\.\d+\.\d+)\/(\d{1,2})$/.exec(entry);
  if (block) {
    return hostKind(target.host) === 'ipv4' && sameBlock(block[1]!, target.host, Number(block[2]));
  }
  const found = /^(?:\*?\.)?(\[[^\]]*\]|[^:]+?)\.?(?::(\d+))?$/.exec(entry) ?? /^([0-9a-f:]+)()$/.exec(entry);
  if (!found) return false;
  if (found[2] && Number(found[2]) !== target.port) return false;
  const name = found[1]!;
  const bare = bareHost(target.host);
  if (name === target.host || name === bare) return true;
  return hostKind(target.host) === 'name' && target.host.endsWith(`.${name}`);
}

function sameBlock(a: string, b: string, bits: number): boolean {
  const number = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Math.min(32, bits));
  return Math.floor(number(a) / size) === Math.floor(number(b) / size);
}

function decode(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    // The cause would show the text.
    throw badProxy('its user name or password has a stray "%"');
  }
  // RFC 7617 §2: neither may hold control characters, and SOCKS has one byte for a length.
  if (/[\x00-\x1f\x7f]/.test(decoded) || Buffer.byteLength(decoded) > 255) {
    throw badProxy('its user name or password cannot be sent');
  }
  return decoded;
}

function badProxy(why: string): SigError {
  return new SigError('E_TARGET', `Cannot use the network proxy: ${why}`, {
    hint: 'write http://, https://, socks5:// or socks5h://host:port',
  });
}
