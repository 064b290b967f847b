import type { Bytes } from './bytes.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';

/**
 * Wraps DER bytes as PEM (RFC 7468 §2): 64 characters a line, final newline.
 *
 * @param label such as `CERTIFICATE` or `PRIVATE KEY`
 */
export function encodePem(label: string, der: Uint8Array): string {
  const lines = encodeBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/**
 * All PEM blocks of a label, in order. Text between blocks is ignored, as in a CA bundle.
 *
 * @throws {TypeError} when a block's content is not base64
 */
export function decodePem(label: string, text: string): Bytes[] {
  const block = new RegExp(`-----BEGIN ${label}-----([\\s\\S]*?)-----END ${label}-----`, 'g');
  return [...text.matchAll(block)].map((found) => decodeBase64(found[1]!.replace(/\s+/g, '')));
}
