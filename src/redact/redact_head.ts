import type { HeaderPairs } from '../target/head.ts';
import { markOf } from './form.ts';
import type { Matcher } from './matcher.ts';
import type { FieldSecret } from './needles.ts';

/** Nothing is looked for across this: a line may break within a secret, but not twice. */
const SEPARATOR = '\n\n';
/** Stands for a field name that held a secret: a mark has characters that a name may not have. */
const REDACTED_NAME = 'x-sig-redacted';

/**
 * Redacts header or trailer fields: each occurrence of a secret, and, however short it is, a whole
 * value that comes back under the name it was sent with (`Authorization`, `X-Echo-Authorization`).
 *
 * @returns the very same pairs when they are clean
 */
export function redactFields(matcher: Matcher, fields: HeaderPairs): HeaderPairs {
  // Nearly all heads are clean, and one scan of the whole says so.
  const isClean = redactText(matcher, joinFields(fields)) === undefined;
  if (isClean && !fields.some((field) => wholeSecretOf(matcher, field))) return fields;
  return fields.map((field) => {
    const redacted = redactField(matcher, field);
    if (redacted !== field) matcher.onMark?.();
    return redacted;
  });
}

/** Written out: `flat` and `join` take five times as long. */
function joinFields(fields: HeaderPairs): string {
  let text = '';
  for (const [name, value] of fields) text += name + SEPARATOR + value + SEPARATOR;
  return text;
}

/** Redacts the reason phrase of a status line, or any other short text. */
export function redactReason(matcher: Matcher, reason: string): string {
  return redactText(matcher, reason) ?? reason;
}

function redactField(matcher: Matcher, field: readonly [string, string]): readonly [string, string] {
  const [name, value] = field;
  const whole = wholeSecretOf(matcher, field);
  if (whole) return [name, markOf(whole.provider)];
  const redactedName = redactText(matcher, name) === undefined ? name : REDACTED_NAME;
  const redactedValue = redactText(matcher, value) ?? value;
  return redactedName === name && redactedValue === value ? field : [redactedName, redactedValue];
}

function wholeSecretOf(matcher: Matcher, [name, value]: readonly [string, string]): FieldSecret | undefined {
  return matcher.fields.find((secret) => secret.value === value.trim() && name.toLowerCase().endsWith(secret.name));
}

/** The redacted text, or `undefined` when it is clean. */
function redactText(matcher: Matcher, text: string): string | undefined {
  const bytes = encodeField(text);
  const redacted = matcher.redact(bytes);
  return redacted === bytes ? undefined : decodeField(redacted);
}

/** Most heads fit in here: nobody keeps the bytes of a text that is looked at. */
const scratch = new Uint8Array(8_192);

/** Header text holds one byte in each character (RFC 9110 §5.5). */
function encodeField(text: string): Uint8Array {
  const bytes = text.length <= scratch.length ? scratch.subarray(0, text.length) : new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function decodeField(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
