import { type Bytes, encodeUtf8 } from '../encoding/bytes.ts';

/** The root key of a vault, from which every other key is derived. It cannot be read back. */
export type RootKey = CryptoKey;

/**
 * Takes a vault key into Web Crypto, which keeps its own copy.
 *
 * @param key 32 bytes
 * @throws {RangeError} when the key has another length
 */
export async function importRootKey(key: Bytes): Promise<RootKey> {
  if (key.length !== 32) throw new RangeError(`A vault key has 32 bytes, not ${key.length}`);
  return await crypto.subtle.importKey('raw', key, 'HKDF', false, ['deriveBits']);
}

/**
 * Derives a key for one purpose with HKDF-SHA-256 (RFC 5869). Different purposes or salts give
 * independent keys.
 *
 * @param purpose what the key is for, such as `record` or `audit`
 * @param salt makes the key unique within the purpose; none by default
 * @returns 32 bytes
 * @example
 * ```ts
 * const root = await importRootKey(randomBytes(32));
 * const key = await deriveKey(root, 'audit');
 * ```
 */
export async function deriveKey(root: RootKey, purpose: string, salt: Bytes = new Uint8Array()): Promise<Bytes> {
  const info = encodeUtf8(`sig 1 ${purpose}`);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info }, root, 256));
}
