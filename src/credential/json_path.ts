import { SigError } from '../errors.ts';

/** Longest path, in characters. */
const MAX_PATH_LENGTH = 256;
const MAX_PATH_DEPTH = 32;

const SEGMENT = /(?:^|(?!^)\.)([^.[\]\x00-\x1f\x7f]+)|\[(\d{1,9})\]/gy;
// Names that lead out of the data, or that exist without being in it.
const REFUSED = new Set(['__proto__', 'constructor', 'prototype', 'length']);

/**
 * Reads a `jsonPath`: names with dots between, and positions in lists, as in `teams.T1.token`,
 * `items.0.id` or `items[0].id`. There are no filters and no wildcards.
 *
 * @returns the names and positions, outermost first
 * @throws {SigError} E_EXTRACT when it is no such path, is longer than 256 characters or 32 steps,
 * or has a name that leads out of the data
 */
export function parseJsonPath(path: string): string[] {
  if (path.length > MAX_PATH_LENGTH) throw badPath(path, `it is longer than ${MAX_PATH_LENGTH} characters`);
  const segments: string[] = [];
  let end = 0;
  for (const found of path.matchAll(SEGMENT)) {
    segments.push(found[1] ?? found[2]!);
    end = found.index + found[0].length;
  }
  if (segments.length === 0 || end !== path.length) throw badPath(path, 'it is not names with dots between');
  if (segments.length > MAX_PATH_DEPTH) throw badPath(path, `it is deeper than ${MAX_PATH_DEPTH} steps`);
  const refused = segments.find((segment) => REFUSED.has(segment));
  if (refused !== undefined) throw badPath(path, `"${refused}" is not a name of data`);
  return segments;
}

/**
 * Takes a string or number out of parsed JSON. Only own data is followed: no prototype, no getter,
 * no computed property (security case C5).
 *
 * @throws {SigError} E_EXTRACT when the path is none, or nothing usable is there
 *
 * @example
 * ```ts
 * readJsonPath({ teams: { T1: { token: 'xoxc-1' } } }, 'teams.T1.token'); // "xoxc-1"
 * ```
 */
export function readJsonPath(json: unknown, path: string): string | number {
  let value = json;
  for (const segment of parseJsonPath(path)) {
    // A list has no names but its positions, written the one usual way.
    if (Array.isArray(value) && !/^(?:0|[1-9]\d*)$/.test(segment)) throw notThere(path);
    if (typeof value !== 'object' || value === null) throw notThere(path);
    value = Object.getOwnPropertyDescriptor(value, segment)?.value;
  }
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string' && value !== '') return value;
  throw value === undefined ? notThere(path) : new SigError('E_EXTRACT', `No string or number is at "${show(path)}"`, {
    hint: 'let "jsonPath" lead to the value itself',
  });
}

function notThere(path: string): SigError {
  return new SigError('E_EXTRACT', `Nothing is at "${show(path)}"`, { hint: 'check "jsonPath"' });
}

function badPath(path: string, why: string): SigError {
  return new SigError('E_EXTRACT', `Cannot use jsonPath "${show(path)}": ${why}`, {
    hint: 'write names with dots between, such as "teams.T1.token" or "items.0.id"',
  });
}

/** Short, and without characters that a terminal would act on. */
function show(path: string): string {
  return JSON.stringify(path.slice(0, 80)).slice(1, -1);
}
