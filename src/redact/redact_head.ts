import type { HeaderPairs } from '../target/head.ts';
import { markOf } from './form.ts';
import type { Matcher } from './matcher.ts';
import type { FieldSecret } from './needles.ts';

/** Nothing is looked for across this: a line may break within a secret, but not twice. */
const LF = 10;
/** Stands for a field name that held a secret: a mark has characters that a name may not have. */
const REDACTED_NAME = 'x-sig-redacted';

/** What of an answer's head may hold a secret. */
export interface AnswerHead {
  readonly reason: string;
  readonly fields: HeaderPairs;
}

/**
 * Redacts the head of an answer: its reason phrase as {@link redactReason}, its fields as {@link redactFields} do it.
 *
 * @param raw the bytes of the head that `reason` and all `fields` come from, but for those of ours; nearly all heads are
 * clean, and one look at these bytes says so
 * @returns the very same head when it is clean
 */
export function redactHead(matcher: Matcher, head: AnswerHead, raw?: Uint8Array): AnswerHead {
  // Whatever a field or the reason holds stands in these bytes as one piece.
  if (raw !== undefined && matcher.redact(raw) === raw) {
    const { fields } = head;
    return hasWholeSecret(matcher, fields) ? { reason: head.reason, fields: redactEach(matcher, fields) } : head;
  }
  const reason = redactReason(matcher, head.reason);
  const fields = redactFields(matcher, head.fields);
  return reason === head.reason && fields === head.fields ? head : { reason, fields };
}

/**
 * Redacts header or trailer fields: each occurrence of a secret, and, however short it is, a whole
 * value that comes back under the name it was sent with (`Authorization`, `X-Echo-Authorization`).
 *
 * @returns the very same pairs when they are clean
 */
export function redactFields(matcher: Matcher, fields: HeaderPairs): HeaderPairs {
  // Nearly all heads are clean, and one scan of the whole says so.
  const bytes = joinFields(fields);
  return matcher.redact(bytes) === bytes && !hasWholeSecret(matcher, fields) ? fields : redactEach(matcher, fields);
}

function redactEach(matcher: Matcher, fields: HeaderPairs): HeaderPairs {
  return fields.map((field) => {
    const redacted = redactField(matcher, field);
    if (redacted !== field) matcher.onMark?.();
    return redacted;
  });
}

/** All names and values, one character a byte, set apart from each other. */
function joinFields(fields: HeaderPairs): Uint8Array {
  let length = 0;
  for (const field of fields) length += field[0].length + field[1].length + 4;
  const bytes = room(length);
  let at = 0;
  for (const field of fields) at = addText(bytes, addText(bytes, at, field[0]), field[1]);
  return bytes;
}

function addText(bytes: Uint8Array, start: number, text: string): number {
  const end = writeText(bytes, start, text);
  bytes[end] = bytes[end + 1] = LF;
  return end + 2;
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

function hasWholeSecret(matcher: Matcher, fields: HeaderPairs): boolean {
  for (const field of fields) {
    if (wholeSecretOf(matcher, field) !== undefined) return true;
  }
  return false;
}

function wholeSecretOf(matcher: Matcher, field: readonly [string, string]): FieldSecret | undefined {
  const value = field[1];
  for (const secret of matcher.fields) {
    if (value.length < secret.value.length || value.trim() !== secret.value) continue;
    if (field[0].toLowerCase().endsWith(secret.name)) return secret;
  }
  return undefined;
}

/** The redacted text, or `undefined` when it is clean. */
function redactText(matcher: Matcher, text: string): string | undefined {
  const bytes = encodeField(text);
  const redacted = matcher.redact(bytes);
  return redacted === bytes ? undefined : decodeField(redacted);
}

/** Header text holds one byte in each character (RFC 9110 §5.5). */
function encodeField(text: string): Uint8Array {
  const bytes = room(text.length);
  writeText(bytes, 0, text);
  return bytes;
}

/** Most heads fit in here: nobody keeps the bytes of a text that is looked at. */
const scratch = new Uint8Array(8_192);

function room(length: number): Uint8Array {
  return length <= scratch.length ? scratch.subarray(0, length) : new Uint8Array(length);
}

function writeText(bytes: Uint8Array, start: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[start + i] = text.charCodeAt(i);
  return start + text.length;
}

function decodeField(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
