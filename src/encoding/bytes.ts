/** Bytes that Web Crypto accepts: a view on a plain (not shared) buffer. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text as UTF-8 bytes. */
export function encodeUtf8(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

/** ASCII text as bytes: a faster {@link encodeUtf8} for long texts that were just joined. */
export function encodeAscii(text: string): Bytes {
  const bytes = new Uint8Array(text.length);
  encoder.encodeInto(text, bytes);
  return bytes;
}

/**
 * UTF-8 bytes as text. Strict: malformed bytes are an error, not U+FFFD; a BOM is kept.
 *
 * @throws {TypeError} when the bytes are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Text as its UTF-8 octets with one character for each: the form of header fields in `sig`. */
export function octetsOf(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  let octets = '';
  for (const byte of encodeUtf8(text)) octets += String.fromCharCode(byte);
  return octets;
}

/** Joins byte arrays into one. */
export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * Compares two byte arrays in a time that depends on their lengths only.
 *
 * @returns whether they are equal
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** Random bytes from the platform's cryptographic source. */
export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}
