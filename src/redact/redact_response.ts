import { concatBytes } from '../encoding/bytes.ts';
import { SigError } from '../errors.ts';
import type { BodyDecoders, WireResponse } from '../ports.ts';
import type { HeaderPairs } from '../target/head.ts';
import { decodeBody, type DecodingPlan, type ExpansionLimits, planDecoding } from './content_coding.ts';
import type { Matcher } from './matcher.ts';
import { redactBody } from './redact_body.ts';
import { redactFields, redactReason } from './redact_head.ts';

/** How a response is redacted. */
export interface RedactOptions {
  readonly decoders: BodyDecoders;
  /** Whether a body in a coding that is unknown here is refused. */
  readonly strict: boolean;
  /** Up to this `Content-Length` a body is waited for, so that its new length can be told. Default 64 KiB. */
  readonly holdBytes?: number;
  readonly limits?: ExpansionLimits;
}

/** A response without the secrets it came with. */
export interface RedactedResponse {
  readonly response: WireResponse;
  /** Redactions in the body by provider; grows while the body passes. */
  readonly counts: ReadonlyMap<string, number>;
}

const HOLD_BYTES = 65_536;

/**
 * Redacts a response: reason phrase, header fields and body.
 *
 * The length of a body is not known before its end, so `Content-Length` goes, except where a body
 * that is short, or empty (HEAD, 304), can be waited for.
 *
 * @throws {SigError} E_CODING when strict and the body has a coding unknown here, or is a part that
 * `askForReadable` did not ask for; from the body's iterator when it is not so coded or
 * expands too far
 */
export async function redactResponse(
  matcher: Matcher,
  response: WireResponse,
  options: RedactOptions,
): Promise<RedactedResponse> {
  const plan = await planOrEnd(response, options);
  const redaction = matcher.begin();
  const head = {
    status: response.status,
    reason: redactReason(matcher, response.reason),
    headers: redactFields(matcher, plan.headers),
  };
  const plain = plan.codings.length === 0
    ? response.body
    : decodeBody(response.body, plan.codings, options.decoders, options.limits);
  const body = redactBody(plain, redaction);
  const length = lengthOf(head.headers);
  if (length === undefined) return { response: { ...head, body }, counts: redaction.counts };
  if (length > (options.holdBytes ?? HOLD_BYTES)) {
    return { response: { ...head, headers: withoutLength(head.headers), body }, counts: redaction.counts };
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const whole = concatBytes(...chunks);
  const headers = whole.length === 0 || whole.length === length ? head.headers : withLength(head.headers, whole.length);
  return { response: { ...head, headers, body: once(whole) }, counts: redaction.counts };
}

/** Refuses a response by ending it, so that its connection is not left waiting. */
async function planOrEnd(response: WireResponse, { decoders, strict }: RedactOptions): Promise<DecodingPlan> {
  try {
    // Two parts could each hold half a secret.
    if (strict && response.status === 206) throw new SigError('E_CODING', 'Cannot redact a part of a body');
    return planDecoding(response.headers, decoders, strict);
  } catch (error) {
    await response.body[Symbol.asyncIterator]().return?.();
    throw error;
  }
}

/** The `Content-Length` of a body, when it says one. */
function lengthOf(headers: HeaderPairs): number | undefined {
  const value = headers.find(([name]) => isLength(name))?.[1];
  return value !== undefined && /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
}

function withoutLength(headers: HeaderPairs): HeaderPairs {
  return headers.filter(([name]) => !isLength(name));
}

function withLength(headers: HeaderPairs, length: number): HeaderPairs {
  return headers.map(([name, value]) => [name, isLength(name) ? String(length) : value]);
}

function isLength(name: string): boolean {
  return name.toLowerCase() === 'content-length';
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  if (bytes.length > 0) yield bytes;
}
