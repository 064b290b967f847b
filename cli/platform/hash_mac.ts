import { createHmac, createSecretKey } from 'node:crypto';

/**
 * HMAC-SHA-256 without a detour: Web Crypto takes a turn of the event loop for each message, and
 * the audit log makes one for each request.
 *
 * @param key 32 bytes
 */
export function createHashMac(key: Uint8Array): (message: string) => Uint8Array<ArrayBuffer> {
  const secret = createSecretKey(key);
  return (message) => new Uint8Array(createHmac('sha256', secret).update(message).digest());
}
