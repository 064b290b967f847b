import type { ExtractRule } from '../config/config.ts';
import type { Cookie } from '../credential/cookie.ts';
import { isCookieOf } from '../credential/cookie_match.ts';
import { parseJsonPath, readJsonPath } from '../credential/json_path.ts';
import { globMatches } from '../credential/value_for.ts';
import { isSigError } from '../errors.ts';
import type { BrowserSession } from '../ports.ts';
import type { Provider } from '../provider/provider.ts';
import { Secret } from '../secret.ts';
import { readTime, tokenExpiry } from './expiry.ts';

/** Longest value in characters: servers take no longer header. */
const MAX_VALUE = 65_536;

/** What a browser holds of a provider's login. */
export interface Extraction {
  /** By the `as` of the storage rules. */
  readonly values: Readonly<Record<string, Secret>>;
  /** Every cookie that can go to one of the provider's hosts. */
  readonly cookies: readonly Cookie[];
  /** The `as` of rules that found nothing. */
  readonly missing: readonly string[];
  /** When the first of the values stops working, as they say themselves. */
  readonly valuesExpireAtSec?: number;
}

/**
 * Reads a provider's login out of a browser, by its extract rules.
 *
 * @param origins approved ones that a tab shows, the best first; storage of no other is read
 * @throws {SigError} E_EXTRACT when a `jsonPath` is none
 */
export async function extract(
  provider: Provider,
  session: BrowserSession,
  origins: readonly string[],
): Promise<Extraction> {
  const cookies = (await session.cookies()).filter((cookie) => isCookieOf(cookie, provider.domains));
  const storages = new Map<string, Promise<ReadonlyMap<string, string> | undefined>>();
  const readStorage = (origin: string, kind: 'localStorage' | 'sessionStorage') => {
    const key = `${kind} ${origin}`;
    const known = storages.get(key) ?? session.storage(origin, kind);
    storages.set(key, known);
    return known;
  };
  const values: Record<string, Secret> = {};
  const missing: string[] = [];
  const ends: number[] = [];
  for (const rule of provider.extract) {
    if (rule.from === 'cookies') {
      if (!cookies.some((cookie) => globMatches(rule.match ?? '*', cookie.name))) missing.push(rule.as);
    } else if (rule.from === 'localStorage' || rule.from === 'sessionStorage') {
      const found = await findInStorage(rule, rule.from, origins, readStorage);
      if (found === undefined) missing.push(rule.as);
      else {
        values[rule.as] = new Secret(found.value);
        if (found.expiresAtSec !== undefined) ends.push(found.expiresAtSec);
      }
    }
  }
  return { values, cookies, missing, ...(ends.length === 0 ? {} : { valuesExpireAtSec: Math.min(...ends) }) };
}

async function findInStorage(
  rule: ExtractRule,
  kind: 'localStorage' | 'sessionStorage',
  origins: readonly string[],
  read: (origin: string, kind: 'localStorage' | 'sessionStorage') => Promise<ReadonlyMap<string, string> | undefined>,
): Promise<FoundValue | undefined> {
  // A path that is none is a mistake in config.yaml and not a value that is not there yet.
  for (const path of [rule.jsonPath, rule.expiresJsonPath]) if (path !== undefined) parseJsonPath(path);
  for (const origin of origins) {
    for (const [key, text] of await read(origin, kind) ?? []) {
      if (!globMatches(rule.match ?? '*', key)) continue;
      const found = readValue(rule, text);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** A value and when it ends. */
interface FoundValue {
  readonly value: string;
  readonly expiresAtSec?: number;
}

/**
 * The value that a rule takes out of one storage item.
 *
 * Without `jsonPath` it is the item itself; a JSON string loses its quotes, which are the script's
 * and not the token's. What is larger than any token is none.
 */
export function readValue(
  rule: Pick<ExtractRule, 'jsonPath' | 'expiresJsonPath'>,
  text: string,
): FoundValue | undefined {
  const json = parseJson(text);
  const value = rule.jsonPath !== undefined ? lookUp(json, rule.jsonPath) : typeof json === 'string' ? json : text;
  if (value === undefined || value === '' || String(value).length > MAX_VALUE) return undefined;
  const told = rule.expiresJsonPath === undefined ? undefined : lookUp(json, rule.expiresJsonPath);
  const expiresAtSec = told === undefined ? tokenExpiry(String(value)) : readTime(told);
  return { value: String(value), ...(expiresAtSec === undefined ? {} : { expiresAtSec }) };
}

function lookUp(json: unknown, path: string): string | number | undefined {
  try {
    return readJsonPath(json, path);
  } catch (error) {
    if (!isSigError(error, 'E_EXTRACT')) throw error;
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // plain text
  }
}
