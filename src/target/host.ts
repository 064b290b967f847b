import { SigError } from '../errors.ts';
import { classifyAddress } from './address.ts';

/** What a canonical host is. */
export type HostKind = 'name' | 'ipv4' | 'ipv6';

const ASCII_HOST = /^[A-Za-z0-9.\-:[\]]+$/;
const NON_ASCII_HOST = /^[\p{L}\p{M}\p{N}.-]+$/u;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/**
 * Brings a host to its one canonical form: lower-case ASCII (IDN as punycode), no final dot, IPv4
 * dotted, IPv6 compressed in brackets.
 *
 * Characters are checked *before* the URL parser sees them, since it would silently drop tabs,
 * decode percent signs and map look-alikes (security case H11).
 *
 * @param raw a host without port, as written
 * @throws {SigError} E_TARGET when it is not a host in a form that everybody reads alike
 *
 * @example
 * ```ts
 * canonicalHost('EX.com.'); // "ex.com"
 * canonicalHost('0x7f.1'); // "127.0.0.1"
 * canonicalHost('bücher.example'); // "xn--bcher-kva.example"
 * ```
 */
export function canonicalHost(raw: string): string {
  if (!isPlain(raw)) throw badHost(raw, 'it has characters that do not belong in a host');
  // The URL parser would take `a:443` for the host `a`, since 443 is the port of https anyway.
  if (raw.includes(':') && !/^\[[^[\]]*\]$/.test(raw)) throw badHost(raw, 'it is more than a host');
  let host: string;
  try {
    host = new URL(`https://${raw}/`).hostname;
  } catch (cause) {
    throw badHost(raw, 'it is not a host', cause);
  }
  if (hostKind(host) !== 'name') return host;
  if (host.endsWith('.')) host = host.slice(0, -1);
  if (host.length > 253 || !host.split('.').every((label) => LABEL.test(label))) {
    throw badHost(raw, 'a label is empty, too long, or begins or ends with "-"');
  }
  return host;
}

/** Tells names from addresses, for a canonical host. */
export function hostKind(host: string): HostKind {
  if (host.startsWith('[')) return 'ipv6';
  return IPV4.test(host) ? 'ipv4' : 'name';
}

/** Whether a canonical host is this very machine: `localhost`, names below it, and loopback addresses. */
export function isLoopbackHost(host: string): boolean {
  if (hostKind(host) === 'name') return host === 'localhost' || host.endsWith('.localhost');
  return classifyAddress(host) === 'loopback';
}

function isPlain(raw: string): boolean {
  if (raw === '' || raw.length > 255) return false;
  if (ASCII_HOST.test(raw)) return true;
  // Compatibility forms (full-width letters, "ⅇ", the Kelvin sign) look like one host and become another.
  return NON_ASCII_HOST.test(raw) && raw.normalize('NFKC') === raw;
}

function badHost(raw: string, why: string, cause?: unknown): SigError {
  // JSON escapes control characters, so the text is safe to print.
  return new SigError('E_TARGET', `Cannot use host ${JSON.stringify(raw.slice(0, 255))}: ${why}`, { cause });
}
