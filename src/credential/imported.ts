import { octetsOf } from '../encoding/bytes.ts';
import { isSigError, SigError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { canonicalHost, hostKind } from '../target/host.ts';
import { type Cookie, isExpiredCookie } from './cookie.ts';
import { domainMatches } from './cookie_match.ts';
import { cookieFault } from './set_cookie.ts';

/** A value of a page's storage, or of a request header, that came with the cookies. */
export interface ImportedValue {
  readonly origin: string;
  readonly name: string;
  readonly value: Secret;
}

/** A login that a person took out of a browser by hand. */
export interface ImportedLogin {
  readonly format: 'netscape' | 'json' | 'curl' | 'har';
  readonly cookies: readonly Cookie[];
  /** localStorage, as Playwright's storage state holds it. */
  readonly storage: readonly ImportedValue[];
  /** Request headers besides `Cookie` that may carry a login, such as `authorization`. */
  readonly headers: readonly ImportedValue[];
  /** What was left out: where it stands and why, without values. */
  readonly skipped: readonly string[];
}

/** What an import needs to know of the world. */
export interface ImportContext {
  readonly nowSec: number;
  isPublicSuffix(host: string): boolean;
}

/** A cookie as a file states it: nothing checked yet. */
export interface CookieDraft {
  readonly name: string;
  readonly value: string;
  /** A leading dot is dropped. */
  readonly domain: string;
  readonly hostOnly: boolean;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite?: Cookie['sameSite'];
  readonly expiresAtSec?: number | undefined;
  readonly partitionKey?: string | undefined;
}

/** Gathers what an importer finds: the last of equal cookies counts, unusable ones are skipped. */
export interface ImportDraft {
  /** @param where such as `line 12`, for the skip list */
  add(draft: CookieDraft, where: string): void;
  /** Adds a cookie that is checked already. */
  addChecked(cookie: Cookie): void;
  /** A cookie of that name that is sent to that host. */
  find(name: string, host: string): Cookie | undefined;
  readonly cookies: ReadonlyMap<string, Cookie>;
  readonly storage: ImportedValue[];
  readonly headers: ImportedValue[];
  readonly skipped: string[];
}

/** Cookies that one file may hold. */
const MAX_COOKIES = 20_000;

/** Begins an import. */
export function draftImport(context: ImportContext): ImportDraft {
  const cookies = new Map<string, Cookie>();
  const byName = new Map<string, Map<string, Cookie>>();
  const skipped: string[] = [];
  const addChecked = (cookie: Cookie) => {
    if (cookies.size >= MAX_COOKIES) throw badImport(`it holds more than ${MAX_COOKIES} cookies`);
    const { name, domain, hostOnly, path, partitionKey } = cookie;
    const key = JSON.stringify([name, domain, hostOnly, path, partitionKey]);
    const namesakes = byName.get(name) ?? new Map<string, Cookie>();
    byName.set(name, namesakes);
    for (const map of [cookies, namesakes]) {
      if (isExpiredCookie(cookie, context.nowSec)) map.delete(key);
      else map.set(key, cookie);
    }
  };
  return {
    cookies,
    storage: [],
    headers: [],
    skipped,
    addChecked,
    find: (name, host) => [...byName.get(name)?.values() ?? []].find((cookie) => reaches(cookie, host)),
    add(draft, where) {
      const cookie = checkDraft(draft, context);
      if (typeof cookie === 'string') skipped.push(`${where}: ${cookie}`);
      else addChecked(cookie);
    },
  };
}

function reaches(cookie: Cookie, host: string): boolean {
  return cookie.hostOnly ? cookie.domain === host : domainMatches(host, cookie.domain);
}

/** The cookie of a draft, or why it cannot be used. */
function checkDraft(draft: CookieDraft, context: ImportContext): Cookie | string {
  let domain: string;
  try {
    domain = canonicalHost(draft.domain.replace(/^\./, ''));
  } catch (error) {
    if (!isSigError(error)) throw error;
    return 'its domain is not a host';
  }
  const hostOnly = draft.hostOnly || hostKind(domain) !== 'name';
  if (!hostOnly && context.isPublicSuffix(domain)) return `its domain "${domain}" is a public suffix`;
  const expiresAtSec = draft.expiresAtSec === undefined ? undefined : Math.floor(draft.expiresAtSec);
  // Firefox writes "no restriction" for cookies that said nothing.
  const sameSite = draft.sameSite === 'none' && !draft.secure ? undefined : draft.sameSite;
  const cookie: Cookie = {
    name: octetsOf(draft.name),
    value: octetsOf(draft.value),
    domain,
    hostOnly,
    path: draft.path.startsWith('/') ? octetsOf(draft.path) : '/',
    secure: draft.secure,
    httpOnly: draft.httpOnly,
    ...(sameSite === undefined ? {} : { sameSite }),
    ...(expiresAtSec === undefined ? {} : { expiresAtSec }),
    ...(draft.partitionKey === undefined ? {} : { partitionKey: draft.partitionKey }),
    createdAtSec: context.nowSec,
  };
  if (isExpiredCookie(cookie, context.nowSec)) return 'it has expired';
  return cookieFault(cookie) ?? cookie;
}

/**
 * Adds the pairs of a `Cookie` header that a browser sent to a host. The header tells no
 * attributes; those of a cookie that is known already stay, otherwise only that host gets it.
 */
export function addCookieHeader(
  into: ImportDraft,
  header: string,
  target: { readonly scheme: string; readonly host: string },
  where: string,
): void {
  for (const pair of header.split(';').map((text) => text.trim()).filter((text) => text !== '')) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? '' : pair.slice(0, equals);
    const value = pair.slice(equals + 1);
    const known = into.find(octetsOf(name), target.host);
    if (known) into.addChecked({ ...known, value: octetsOf(value) });
    else {
      const secure = target.scheme === 'https';
      into.add({ name, value, domain: target.host, hostOnly: true, path: '/', secure, httpOnly: true }, where);
    }
  }
}

/** Headers that describe a browser or a connection and never carry a login. */
const PLAIN_HEADER =
  /^(?:cookie|host|connection|content-.*|accept(?:-.*)?|sec-.*|origin|referer|cache-control|pragma|te|dnt|priority|upgrade-insecure-requests|if-.*|range|:.*)$/;

/** Whether a request header may belong to a login. */
export function isLoginHeader(name: string): boolean {
  return !PLAIN_HEADER.test(name.toLowerCase());
}

/** An E_IMPORT error. Reasons name lines and fields, never values. */
export function badImport(why: string, hint?: string, cause?: unknown): SigError {
  return new SigError('E_IMPORT', `Cannot import the login: ${why}`, { hint, cause });
}
