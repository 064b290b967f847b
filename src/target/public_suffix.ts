/**
 * The public suffix list, through tldts. It takes tens of milliseconds to load, so import this
 * file only when a wildcard or a cookie asks for it.
 *
 * @module
 */

import { getPublicSuffix } from 'tldts';

/**
 * Whether a canonical host is itself a public suffix (`com`, `co.uk`, `github.io`), private
 * section included. A single label that the list does not know counts as one (rule `*`).
 */
export function isPublicSuffix(host: string): boolean {
  return getPublicSuffix(host, { allowPrivateDomains: true }) === host;
}
