import { gcm } from '@noble/ciphers/webcrypto.js';
import type { Bytes } from '../encoding/bytes.ts';
import { SigError } from '../errors.ts';

/** Bytes that AES-GCM adds. Shorter tags are legal in GCM, and never here. */
export const TAG_BYTES = 16;

/**
 * Encrypts with AES-256-GCM, in the platform's own constant-time implementation.
 *
 * @param key 32 bytes, used with this nonce once
 * @param iv 12 bytes
 * @param aad what is authenticated beside the text
 * @returns the ciphertext, then the tag
 */
export async function encrypt(key: Bytes, iv: Bytes, aad: Bytes, plaintext: Bytes): Promise<Bytes> {
  return await gcm(key, iv, aad).encrypt(plaintext) as Bytes;
}

/**
 * Decrypts what {@link encrypt} made.
 *
 * @throws {SigError} E_TAMPER when anything was changed, or the key is another
 */
export async function decrypt(key: Bytes, iv: Bytes, aad: Bytes, ciphertext: Bytes): Promise<Bytes> {
  try {
    return await gcm(key, iv, aad).decrypt(ciphertext) as Bytes;
  } catch (cause) {
    throw new SigError('E_TAMPER', 'It was changed, or sealed with another key', { cause });
  }
}
