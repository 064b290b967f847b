import { isSigError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { originOf, type ParsedUrl, parseUrl } from '../target/target.ts';
import { addCookieHeader, badImport, type ImportContext, type ImportDraft, isLoginHeader } from './imported.ts';
import { parseSetCookie } from './set_cookie.ts';

/** Requests that one file may hold. */
const MAX_ENTRIES = 50_000;

/**
 * Reads an HTTP archive: each answer's `Set-Cookie` in the order of the requests, and the cookies
 * that the browser sent.
 *
 * @throws {SigError} E_IMPORT when it is not one
 */
export function importHar(json: unknown, into: ImportDraft, context: ImportContext): void {
  const entries = own(own(json, 'log'), 'entries');
  if (!Array.isArray(entries)) throw badImport('the archive has no list of entries');
  if (entries.length > MAX_ENTRIES) throw badImport(`the archive holds more than ${MAX_ENTRIES} entries`);
  const seen = new Set<string>();
  for (const [i, entry] of entries.entries()) {
    const url = readUrl(own(own(entry, 'request'), 'url'));
    // An extension's, a data: or a WebSocket address has no cookies of its own here.
    if (url === undefined) continue;
    importEntry(entry, url, `entry ${i + 1}`, into, context, seen);
  }
}

function importEntry(
  entry: unknown,
  { target, path }: ParsedUrl,
  where: string,
  into: ImportDraft,
  context: ImportContext,
  seen: Set<string>,
): void {
  for (const [name, value] of readPairs(own(own(entry, 'request'), 'headers'), where)) {
    if (name === 'cookie') addCookieHeader(into, value, target, where);
    else if (isLoginHeader(name)) {
      const key = `${originOf(target)} ${name}`;
      if (seen.has(key)) into.headers.splice(into.headers.findIndex((h) => `${h.origin} ${h.name}` === key), 1);
      seen.add(key);
      into.headers.push({ origin: originOf(target), name, value: new Secret(value) });
    }
  }
  const startedAt = Date.parse(String(own(entry, 'startedDateTime')));
  const startedAtSec = Number.isNaN(startedAt) ? context.nowSec : Math.floor(startedAt / 1000);
  for (const [name, value] of readPairs(own(own(entry, 'response'), 'headers'), where)) {
    if (name !== 'set-cookie') continue;
    // Some writers put all of an answer's cookies into one field, one a line.
    for (const line of value.split('\n')) {
      const cookie = parseSetCookie(line, target, path, startedAtSec, context.isPublicSuffix);
      if (cookie !== undefined) into.addChecked(cookie);
    }
  }
}

function readUrl(value: unknown): ParsedUrl | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    return parseUrl(value);
  } catch (error) {
    if (!isSigError(error)) throw error;
    return undefined;
  }
}

function readPairs(headers: unknown, where: string): [name: string, value: string][] {
  if (headers === undefined) return [];
  if (!Array.isArray(headers)) throw badImport(`the headers of ${where} are not a list`);
  return headers.map((header) => {
    const name = own(header, 'name');
    const value = own(header, 'value');
    if (typeof name !== 'string' || typeof value !== 'string') throw badImport(`a header of ${where} is not a pair`);
    return [name.toLowerCase(), value];
  });
}

function own(json: unknown, key: string): unknown {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, key)
    ? (json as Record<string, unknown>)[key]
    : undefined;
}
