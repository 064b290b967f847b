import type { Bytes } from './bytes.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const LOWER = ALPHABET.toLowerCase();

/** Encodes bytes as base32 without padding (RFC 4648 §6). */
export function encodeBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let count = 0;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff;
    count += 8;
    while (count >= 5) {
      count -= 5;
      text += ALPHABET[(bits >> count) & 31]!;
    }
  }
  return count > 0 ? text + ALPHABET[(bits << (5 - count)) & 31]! : text;
}

/**
 * Decodes base32 the way people hold it: either case, padded or not, in groups parted by blanks
 * or hyphens. Anything else is refused. A rest that fills no byte is dropped, since services hand
 * out seeds of any number of characters.
 *
 * @throws {TypeError} when a character is of another alphabet
 *
 * @example
 * ```ts
 * decodeBase32('mzxw 6ytb oi'); // the bytes of "foobar"
 * ```
 */
export function decodeBase32(text: string): Bytes {
  const digits = text.replace(/[ -]/g, '').replace(/=+$/, '');
  const bytes = new Uint8Array(Math.floor((digits.length * 5) / 8));
  let bits = 0;
  let count = 0;
  let at = 0;
  for (let i = 0; i < digits.length; i++) {
    const value = Math.max(ALPHABET.indexOf(digits[i]!), LOWER.indexOf(digits[i]!));
    if (value < 0) throw new TypeError(`Invalid base32: character ${i}`);
    bits = ((bits << 5) | value) & 0xfff;
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes[at++] = (bits >> count) & 255;
    }
  }
  return bytes;
}
