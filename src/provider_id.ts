import { SigError } from './errors.ts';

const GRAMMAR = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9_-])?$/;
// Names that Windows keeps for devices, with or without an ending.
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/;

/**
 * Whether a text can be a provider id: 1 to 64 characters out of `a-z 0-9 . _ -`, beginning with a
 * letter or digit, without `..`. Each id is its own file name on every file system, so two ids
 * never share a file (security case S22).
 */
export function isProviderId(text: string): boolean {
  return GRAMMAR.test(text) && !text.includes('..') && !DEVICE.test(text);
}

/**
 * Returns the id, or throws.
 *
 * @throws {SigError} E_ID
 */
export function requireProviderId(text: string): string {
  if (isProviderId(text)) return text;
  const lower = text.toLowerCase();
  throw new SigError('E_ID', `Cannot use ${JSON.stringify(text.slice(0, 80))} as a provider id`, {
    hint: lower !== text && isProviderId(lower)
      ? `did you mean "${lower}"?`
      : 'use 1 to 64 of a-z, 0-9, ".", "_" and "-", beginning with a letter or digit',
  });
}

/**
 * The id for a new provider: its host's first label when that has 8 characters or more, else the
 * first two; `-2`, `-3` … when taken.
 *
 * @example
 * ```ts
 * proposeId('jira.example.com', () => false); // "jira-example"
 * ```
 */
export function proposeId(host: string, isTaken: (id: string) => boolean): string {
  const labels = host.replace(/^\[|\]$/g, '').replaceAll(':', '-').split('.').filter((label) => label !== '');
  const first = labels[0] ?? 'site';
  const joined = first.length >= 8 || labels.length < 2 ? first : `${first}-${labels[1]}`;
  const base = joined.toLowerCase().slice(0, 56).replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '') || 'site';
  const free = isProviderId(base) ? base : `${base}-site`;
  for (let n = 1;; n++) {
    const id = n === 1 ? free : `${free}-${n}`;
    if (!isTaken(id)) return id;
  }
}

/**
 * The provider id closest to a text that is one elsewhere: lower case, with `-` for what an id cannot hold.
 *
 * @returns `undefined` when nothing is left of it
 *
 * @example
 * ```ts
 * toProviderId('My Jira'); // "my-jira"
 * ```
 */
export function toProviderId(text: string): string | undefined {
  const id = text.toLowerCase().replace(/[^a-z0-9._-]+/g, '-').replace(/\.{2,}/g, '.').slice(0, 64)
    .replace(/^[^a-z0-9]+|[.-]+$/g, '');
  return isProviderId(id) ? id : undefined;
}
