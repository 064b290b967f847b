import { Secret } from '../secret.ts';
import type { Cookie } from './cookie.ts';
import { badImport, type CookieDraft, type ImportDraft } from './imported.ts';

const SAME_SITE: Readonly<Record<string, Cookie['sameSite']>> = {
  strict: 'strict',
  lax: 'lax',
  none: 'none',
  no_restriction: 'none',
};
const NO_SAME_SITE = new Set(['', 'unspecified', 'default', 'undefined']);
/** Later than this a number of seconds is one of milliseconds (the year 5138). */
const MILLISECONDS_FROM = 1e11;

/**
 * Reads the JSON of browser extensions (EditThisCookie, Cookie-Editor and their kin: a list of
 * cookies) and of Playwright's storage state (`{cookies, origins}`).
 *
 * @throws {SigError} E_IMPORT when it is neither, or a field is not of its kind
 */
export function importJson(json: unknown, into: ImportDraft): void {
  const state = Array.isArray(json) ? { cookies: json } : asRecord(json, 'the file');
  if (!Array.isArray(state.cookies)) throw badImport('the JSON is neither a list of cookies nor has one in "cookies"');
  for (const [i, entry] of state.cookies.entries()) {
    const where = `cookie ${i + 1}`;
    const draft = readCookie(asRecord(entry, where), where);
    if (typeof draft === 'string') into.skipped.push(`${where}: ${draft}`);
    else into.add(draft, where);
  }
  if ('origins' in state && Array.isArray(state.origins)) readOrigins(state.origins, into);
}

function readCookie(entry: Record<string, unknown>, where: string): CookieDraft | string {
  const text = (field: string): string => {
    const value = entry[field];
    if (typeof value !== 'string') throw badImport(`field "${field}" of ${where} is not a text`);
    return value;
  };
  const flag = (field: string): boolean | undefined => {
    const value = entry[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'boolean') throw badImport(`field "${field}" of ${where} is neither true nor false`);
    return value;
  };
  const domain = text('domain');
  const partition = readPartition(entry.partitionKey, where);
  if (partition === null) return 'it belongs to a frame within another site';
  return {
    name: text('name'),
    value: text('value'),
    domain,
    hostOnly: flag('hostOnly') ?? !domain.startsWith('.'),
    path: entry.path === undefined ? '/' : text('path'),
    secure: flag('secure') ?? false,
    httpOnly: flag('httpOnly') ?? false,
    sameSite: readSameSite(entry.sameSite, where),
    expiresAtSec: flag('session') === true ? undefined : readExpiry(entry, where),
    partitionKey: partition,
  };
}

function readSameSite(value: unknown, where: string): Cookie['sameSite'] {
  if (value === undefined || value === null) return undefined;
  const mode = typeof value === 'string' ? value.toLowerCase() : undefined;
  if (mode !== undefined && NO_SAME_SITE.has(mode)) return undefined;
  if (mode !== undefined && Object.hasOwn(SAME_SITE, mode)) return SAME_SITE[mode];
  throw badImport(`field "sameSite" of ${where} is not one of its words`);
}

function readExpiry(entry: Record<string, unknown>, where: string): number | undefined {
  const value = entry.expirationDate ?? entry.expires ?? entry.expiry;
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw badImport(`the expiry of ${where} is not a number`);
  if (value <= 0) return undefined;
  return value >= MILLISECONDS_FROM ? value / 1000 : value;
}

/** The top-level site; `null` for a cookie of a frame that another site stands around. */
function readPartition(value: unknown, where: string): string | undefined | null {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  const { topLevelSite, hasCrossSiteAncestor } = asRecord(value, `"partitionKey" of ${where}`);
  if (topLevelSite === undefined || topLevelSite === '') return undefined;
  if (typeof topLevelSite !== 'string') throw badImport(`field "topLevelSite" of ${where} is not a text`);
  return hasCrossSiteAncestor === true ? null : topLevelSite;
}

function readOrigins(origins: readonly unknown[], into: ImportDraft): void {
  for (const [i, entry] of origins.entries()) {
    const where = `origin ${i + 1}`;
    const { origin, localStorage } = asRecord(entry, where);
    if (typeof origin !== 'string') throw badImport(`field "origin" of ${where} is not a text`);
    if (localStorage === undefined) continue;
    if (!Array.isArray(localStorage)) throw badImport(`field "localStorage" of ${where} is not a list`);
    for (const item of localStorage) {
      const { name, value } = asRecord(item, `an item of ${where}`);
      if (typeof name !== 'string' || typeof value !== 'string') {
        throw badImport(`an item of ${where} lacks a name or a value`);
      }
      into.storage.push({ origin, name, value: new Secret(value) });
    }
  }
}

/** The own fields of a JSON object: a name such as `constructor` finds nothing. */
function asRecord(json: unknown, what: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw badImport(`${what} is not an object`);
  return Object.assign(Object.create(null), json);
}
