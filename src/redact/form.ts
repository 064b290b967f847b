import { encodeBase64 } from '../encoding/base64.ts';
import { type Bytes, concatBytes, encodeUtf8 } from '../encoding/bytes.ts';
import { encodeHex } from '../encoding/hex.ts';
import { BASE64, EXACT, HEX, type Needle } from './needle.ts';

/** Fewer characters would be found by chance. */
const MIN_FORM_LENGTH = 8;

/**
 * The encodings of a text in which it is looked for: plain, reversed, spaced out, hex, base64 at
 * its three offsets, UTF-16. Escapes (percent, JSON, HTML, quoted-printable), line breaks, `=`
 * padding, the URL-safe base64 alphabet and upper-case hex need no form of their own: the matcher
 * reads through them.
 */
export function formsOf(text: string, provider: string): Needle[] {
  const characters = [...text];
  const forms = [
    plainForm(text, provider),
    plainForm(characters.toReversed().join(''), provider),
    plainForm(characters.join(' '), provider),
    utf16Form(text, provider, false),
    utf16Form(text, provider, true),
    ...byteForms(encodeUtf8(text), provider),
  ];
  // A header field is Latin-1 (RFC 9110 §5.5).
  if (/[\x80-\xff]/.test(text) && !/[^\x00-\xff]/.test(text)) {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    forms.push({ ...plainForm('', provider), bytes }, ...byteForms(bytes, provider));
  }
  return forms.filter((needle) => needle.bytes.length >= MIN_FORM_LENGTH);
}

/** The text as it is. */
export function plainForm(text: string, provider: string): Needle {
  return { bytes: encodeUtf8(text), alphabet: EXACT, provider, mark: encodeUtf8(markOf(provider)) };
}

/** What stands in the place of a secret. */
export function markOf(provider: string): string {
  return `[sig:redacted:${provider}]`;
}

function byteForms(bytes: Bytes, provider: string): Needle[] {
  const mark = encodeUtf8(markOf(provider));
  return [
    { bytes: encodeUtf8(encodeHex(bytes)), alphabet: HEX, provider, mark },
    ...[0, 1, 2].map((shift): Needle => (
      { bytes: encodeUtf8(base64Core(bytes, shift)), alphabet: BASE64, provider, mark }
    )),
  ];
}

/**
 * The characters of base64 that depend on nothing but these bytes, when `shift` unknown bytes (of
 * each three) come before them and unknown ones follow.
 */
function base64Core(bytes: Uint8Array, shift: number): string {
  const text = encodeBase64(concatBytes(new Uint8Array(shift), bytes));
  return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
}

/**
 * UTF-16 without a zero byte at its outer end: little and big endian ASCII then are the same bytes,
 * found at any alignment. The mark is cut likewise, so that the text around it stays UTF-16.
 */
function utf16Form(text: string, provider: string, isBigEndian: boolean): Needle {
  const isCut = text.charCodeAt(isBigEndian ? 0 : text.length - 1) < 256;
  const [bytes, mark] = [text, markOf(provider)].map((each) => {
    const whole = encodeUtf16(each, isBigEndian);
    if (!isCut) return whole;
    return isBigEndian ? whole.slice(1) : whole.slice(0, -1);
  }) as [Bytes, Bytes];
  return { bytes, alphabet: EXACT, provider, mark };
}

function encodeUtf16(text: string, isBigEndian: boolean): Bytes {
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), !isBigEndian);
  return bytes;
}
