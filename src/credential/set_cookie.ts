import { hostKind } from '../target/host.ts';
import type { Target } from '../target/target.ts';
import type { Cookie } from './cookie.ts';
import { parseCookieDate } from './cookie_date.ts';
import { defaultPath, domainMatches, siteOf } from './cookie_match.ts';

/** Octets of name and value together (RFC 6265bis §5.6 step 5). */
const MAX_PAIR = 4096;
/** Octets of an attribute's value (RFC 6265bis §5.6 step 6). */
const MAX_ATTRIBUTE = 1024;
/** RFC 6265bis §5.5: no cookie lives longer. */
const MAX_AGE_SEC = 400 * 86_400;

/** What `Set-Cookie` says besides name and value. */
interface Attributes {
  domain: string;
  path: string | undefined;
  secure: boolean;
  httpOnly: boolean;
  partitioned: boolean;
  sameSite: Cookie['sameSite'];
  expiresAtSec: number | undefined;
  maxAgeSec: number | undefined;
}

/**
 * Reads one `Set-Cookie` line that a target answered, by RFC 6265bis §5.6 and §5.7.
 *
 * @param line the field value, one character for each octet
 * @param path origin-form request target of the request
 * @param isPublicSuffix asked only when a `Domain` or `Partitioned` attribute is there, so that
 * the list can be loaded late
 * @returns the cookie, or `undefined` when the line must be ignored; one that is expired deletes
 * its namesake when it is stored
 */
export function parseSetCookie(
  line: string,
  target: Target,
  path: string,
  nowSec: number,
  isPublicSuffix: (host: string) => boolean,
): Cookie | undefined {
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(line)) return undefined;
  const [pair = '', ...rest] = line.split(';');
  const equals = pair.indexOf('=');
  const name = trim(equals < 0 ? '' : pair.slice(0, equals));
  const value = trim(pair.slice(equals + 1));
  const attributes = readAttributes(rest, nowSec);
  const scope = scopeOf(attributes.domain, target, isPublicSuffix);
  if (scope === undefined || (attributes.secure && target.scheme !== 'https')) return undefined;
  if (attributes.partitioned && !attributes.secure) return undefined;
  const expiresAtSec = attributes.maxAgeSec ?? attributes.expiresAtSec;
  const cookie: Cookie = {
    name,
    value,
    ...scope,
    path: attributes.path ?? defaultPath(path),
    secure: attributes.secure,
    httpOnly: attributes.httpOnly,
    ...(attributes.sameSite === undefined ? {} : { sameSite: attributes.sameSite }),
    ...(expiresAtSec === undefined ? {} : { expiresAtSec: Math.min(expiresAtSec, nowSec + MAX_AGE_SEC) }),
    ...(attributes.partitioned ? { partitionKey: siteOf(target, isPublicSuffix) } : {}),
    createdAtSec: nowSec,
  };
  return cookieFault(cookie, attributes.path !== undefined) === undefined ? cookie : undefined;
}

/**
 * Why a cookie can not be one, wherever it came from: size, characters, prefixes, `SameSite`.
 *
 * @param hasPath whether its path was stated, as `__Host-` wants it
 * @returns the reason without the cookie's value, or `undefined` when nothing is wrong
 */
export function cookieFault(cookie: Cookie, hasPath = true): string | undefined {
  const { name, value } = cookie;
  if (name === '' && value === '') return 'it has neither name nor value';
  if (name.length + value.length > MAX_PAIR) return `name and value have more than ${MAX_PAIR} octets`;
  if (/[\x00-\x08\x0a-\x1f\x7f;]|[^\x00-\xff]/.test(name + value)) return 'it has characters that no cookie can have';
  if (name.includes('=')) return 'its name has a "="';
  const prefixed = (name === '' ? value : name).toLowerCase();
  const prefix = ['__secure-', '__host-'].find((text) => prefixed.startsWith(text));
  // A nameless cookie is sent as its value, which must not look like a prefixed one.
  if (prefix !== undefined && name === '') return 'it has no name, and its value imitates one';
  if (prefix !== undefined && !cookie.secure) return 'its name demands "Secure"';
  if (prefix === '__host-' && !(cookie.hostOnly && cookie.path === '/' && hasPath)) {
    return 'its name demands one host and path "/"';
  }
  if (cookie.sameSite === 'none' && !cookie.secure) return '"SameSite=None" demands "Secure"';
  return undefined;
}

function readAttributes(parts: readonly string[], nowSec: number): Attributes {
  const found: Attributes = {
    domain: '',
    path: undefined,
    secure: false,
    httpOnly: false,
    partitioned: false,
    sameSite: undefined,
    expiresAtSec: undefined,
    maxAgeSec: undefined,
  };
  for (const part of parts) {
    const equals = part.indexOf('=');
    const value = equals < 0 ? '' : trim(part.slice(equals + 1));
    if (value.length > MAX_ATTRIBUTE) continue;
    readAttribute(found, trim(equals < 0 ? part : part.slice(0, equals)).toLowerCase(), value, nowSec);
  }
  return found;
}

/** Of an attribute that stands twice, the last counts. */
function readAttribute(found: Attributes, name: string, value: string, nowSec: number): void {
  if (name === 'domain') found.domain = value.replace(/^\./, '').toLowerCase();
  else if (name === 'path') found.path = value.startsWith('/') ? value : undefined;
  else if (name === 'secure') found.secure = true;
  else if (name === 'httponly') found.httpOnly = true;
  else if (name === 'partitioned') found.partitioned = true;
  else if (name === 'expires') found.expiresAtSec = parseCookieDate(value) ?? found.expiresAtSec;
  else if (name === 'max-age' && /^(?:\d+|-\d*)$/.test(value)) {
    const seconds = value.startsWith('-') ? 0 : Number(value);
    found.maxAgeSec = seconds <= 0 ? 0 : nowSec + seconds;
  } else if (name === 'samesite') {
    const mode = value.toLowerCase();
    found.sameSite = mode === 'strict' || mode === 'lax' || mode === 'none' ? mode : undefined;
  }
}

/** RFC 6265bis §5.7 steps 8 to 10. */
function scopeOf(
  domain: string,
  target: Target,
  isPublicSuffix: (host: string) => boolean,
): Pick<Cookie, 'domain' | 'hostOnly'> | undefined {
  const own = { domain: target.host, hostOnly: true };
  if (domain === '') return own;
  if (/[^\x21-\x7e]/.test(domain) || !domainMatches(target.host, domain)) return undefined;
  if (hostKind(target.host) !== 'name') return own;
  if (isPublicSuffix(domain)) return domain === target.host ? own : undefined;
  return { domain, hostOnly: false };
}

/** Without blanks and tabs at both ends. Not a regex: those take quadratic time on blanks within. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && (text[start] === ' ' || text[start] === '\t')) start++;
  while (end > start && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--;
  return text.slice(start, end);
}
