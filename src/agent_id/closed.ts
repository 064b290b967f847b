/**
 * Reads values of a closed schema: what is not known, of another type or out of bounds is refused,
 * with its place.
 *
 * @module
 */

import { SigError } from '../errors.ts';

/** A place in a manifest that breaks a rule. */
export function broken(place: string, why: string): SigError {
  return new SigError('E_MANIFEST', `Cannot use the manifest: ${place} ${why}`);
}

/** A value that may be absent, read when it is there. */
export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value);
}

/** An object with no other keys than these. */
export function readObject<K extends string>(
  value: unknown,
  place: string,
  keys: readonly K[],
): Partial<Record<K, unknown>> {
  const object = readRecord(value, place);
  const unknown = Object.keys(object).find((key) => !(keys as readonly string[]).includes(key));
  if (unknown !== undefined) throw broken(place, `has the unknown key ${JSON.stringify(unknown.slice(0, 64))}`);
  // Own members only: an absent `name` is not that of a prototype.
  return Object.fromEntries(Object.entries(object)) as Partial<Record<K, unknown>>;
}

/** Any object that is not an array. */
export function readRecord(value: unknown, place: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw broken(place, value === undefined ? 'is missing' : 'is not an object');
}

/** A list of so many entries. */
export function readList(value: unknown, place: string, min: number, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw broken(place, 'is not a list');
  if (value.length < min || value.length > max) throw broken(place, `does not have ${min} to ${max} entries`);
  return value;
}

/** A text of so many UTF-16 units, without control characters other than tab and line ends. */
export function readText(value: unknown, place: string, min: number, max: number): string {
  if (typeof value !== 'string') throw broken(place, value === undefined ? 'is missing' : 'is not a string');
  if (value.length < min || value.length > max) throw broken(place, `does not have ${min} to ${max} characters`);
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(value)) throw broken(place, 'has a control character');
  return value;
}

/** A text of a pattern. */
export function readPattern(value: unknown, place: string, pattern: RegExp): string {
  if (typeof value !== 'string') throw broken(place, value === undefined ? 'is missing' : 'is not a string');
  if (!pattern.test(value)) throw broken(place, 'has a form that is not allowed');
  return value;
}

/** One of a few values. */
export function readChoice<const T extends string | number>(value: unknown, place: string, choices: readonly T[]): T {
  if (choices.includes(value as T)) return value as T;
  throw broken(place, value === undefined ? 'is missing' : `is not one of ${choices.join(', ')}`);
}

/** True or false. */
export function readBoolean(value: unknown, place: string): boolean {
  if (typeof value === 'boolean') return value;
  throw broken(place, 'is not true or false');
}
