import { encodeUtf8, equalBytes } from '../encoding/bytes.ts';
import { parseDictionary } from './parse_structured_field.ts';
import { serializeDictionary } from './serialize_structured_field.ts';
import { isInnerList } from './structured_field.ts';

/** The digests of RFC 9530 that are still safe. */
export type DigestAlgorithm = 'sha-256' | 'sha-512';

const ALGORITHMS: Readonly<Record<DigestAlgorithm, string>> = { 'sha-256': 'SHA-256', 'sha-512': 'SHA-512' };

/**
 * The value of `Content-Digest` for a body (RFC 9530 §2).
 *
 * @param body the bytes that are sent, content coding included; text is taken as UTF-8
 *
 * @example
 * ```ts
 * await contentDigest('{"hello": "world"}');
 * // "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"
 * ```
 */
export async function contentDigest(
  body: Uint8Array<ArrayBuffer> | string,
  algorithm: DigestAlgorithm = 'sha-256',
): Promise<string> {
  return serializeDictionary(new Map([[algorithm, { value: await digest(body, algorithm), params: new Map() }]]));
}

/**
 * Whether a body has the digest that `Content-Digest` states. Every safe digest in the field must
 * be right, and there must be one; unsafe and unknown ones do not count.
 */
export async function matchesContentDigest(field: string, body: Uint8Array<ArrayBuffer> | string): Promise<boolean> {
  let stated;
  try {
    stated = parseDictionary(field);
  } catch {
    return false; // A field that cannot be read states nothing.
  }
  let count = 0;
  for (const algorithm of ['sha-256', 'sha-512'] as const) {
    const member = stated.get(algorithm);
    if (member === undefined) continue;
    if (isInnerList(member) || !(member.value instanceof Uint8Array)) return false;
    if (!equalBytes(member.value, await digest(body, algorithm))) return false;
    count++;
  }
  return count > 0;
}

async function digest(
  body: Uint8Array<ArrayBuffer> | string,
  algorithm: DigestAlgorithm,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!Object.hasOwn(ALGORITHMS, algorithm)) {
    throw new TypeError('Parameter "algorithm" must be "sha-256" or "sha-512"');
  }
  const bytes = typeof body === 'string' ? encodeUtf8(body) : body;
  return new Uint8Array(await crypto.subtle.digest(ALGORITHMS[algorithm], bytes));
}
