import { SigError } from '../../src/errors.ts';

/** A version of Semantic Versioning 2.0.0, without its build metadata, which says nothing of order (§10). */
export interface Version {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  /** What stands behind `-`; empty for a release. */
  readonly preRelease: readonly string[];
}

const NUMBER = '0|[1-9]\\d{0,14}';
const IDENTIFIER = `(?:${NUMBER}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const PATTERN = new RegExp(
  `^(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
const MAX_LENGTH = 64;

/**
 * Reads a version, strictly.
 *
 * @param text at most 64 characters
 * @throws {SigError} E_UPSTREAM: it is somebody else who said this
 */
export function parseVersion(text: string): Version {
  const found = text.length <= MAX_LENGTH ? PATTERN.exec(text) : null;
  if (!found) throw new SigError('E_UPSTREAM', 'The npm registry names a version that is none');
  const [, major, minor, patch, preRelease = ''] = found;
  return {
    numbers: [Number(major), Number(minor), Number(patch)],
    preRelease: preRelease === '' ? [] : preRelease.split('.'),
  };
}

/**
 * Compares two versions by precedence (Semantic Versioning 2.0.0 §11).
 *
 * @returns below 0 when `a` comes first, above 0 when `b` does, 0 when neither
 */
export function compareVersions(a: Version, b: Version): number {
  for (const [at, number] of a.numbers.entries()) {
    if (number !== b.numbers[at]) return number - b.numbers[at]!;
  }
  // A release comes after everything that leads to it.
  if (a.preRelease.length === 0 || b.preRelease.length === 0) return b.preRelease.length - a.preRelease.length;
  for (const [at, one] of a.preRelease.entries()) {
    const other = b.preRelease[at];
    if (other === undefined) return 1;
    const order = compareIdentifiers(one, other);
    if (order !== 0) return order;
  }
  return a.preRelease.length - b.preRelease.length;
}

/** Numbers by value and before words, words by their ASCII codes. */
function compareIdentifiers(a: string, b: string): number {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber && isOtherNumber) return Number(a) - Number(b);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
