import type { Bytes } from './bytes.ts';
import { decodeBase64url, encodeBase64url } from './base64url.ts';

/** Encodes bytes as standard base64 with padding (RFC 4648 §4). */
export function encodeBase64(bytes: Uint8Array): string {
  const text = encodeBase64url(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text + '='.repeat((4 - (text.length % 4)) % 4);
}

/**
 * Decodes standard base64 with padding. Strict: right alphabet, right padding, no white space.
 *
 * @throws {TypeError} when the text is not of that form
 */
export function decodeBase64(text: string): Bytes {
  const found = /^([A-Za-z0-9+/]*)(={0,2})$/.exec(text);
  if (!found || text.length % 4 !== 0) throw new TypeError('Invalid base64');
  return decodeBase64url(found[1]!.replaceAll('+', '-').replaceAll('/', '_'));
}
