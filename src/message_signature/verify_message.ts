import { algorithmOf, verificationKey, verifyBase } from './algorithm.ts';
import { componentKey, readComponent } from './component.ts';
import { findSignature, type FoundSignature } from './find_signature.ts';
import type { Message } from './message.ts';
import type { SignatureParams } from './sign_message.ts';
import { signatureBase } from './signature_base.ts';

/** How to verify a message. */
export interface VerifyMessageOptions {
  /** The key that the signer is known by; `undefined` when it is not known. */
  readonly findKey: (
    signature: FoundSignature,
  ) => CryptoKey | JsonWebKey | undefined | Promise<CryptoKey | JsonWebKey | undefined>;
  /** Name of the signature. Without `label`, `tag` and `keyid` the message must have just one. */
  readonly label?: string | undefined;
  /** The application it must be for. */
  readonly tag?: string | undefined;
  /** The key it must name. */
  readonly keyid?: string | undefined;
  /** What it must cover at least. */
  readonly requires?: readonly string[] | undefined;
  /** How long ago it may have been made, in seconds; default any time, as far as `expires` allows. */
  readonly maxAgeSec?: number | undefined;
  /** How far in the future `created` may be, in seconds; default 30. */
  readonly maxAheadSec?: number | undefined;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** Why a signature is not taken. */
export type SignatureFault =
  | 'unsigned'
  | 'ambiguous'
  | 'malformed'
  | 'not_covered'
  | 'expired'
  | 'too_old'
  | 'in_the_future'
  | 'underivable'
  | 'bad_algorithm'
  | 'bad_signature'
  | 'unknown_key';

/** What became of a signature: proven, disproven, or made with a key that nobody here knows. */
export type SignatureVerdict =
  | { readonly outcome: 'verified'; readonly signature: FoundSignature }
  | { readonly outcome: 'invalid'; readonly fault: Exclude<SignatureFault, 'unknown_key'> }
  | { readonly outcome: 'unverified'; readonly fault: 'unknown_key' };

/**
 * Verifies one signature of a message (RFC 9421 §3.2).
 *
 * @returns a verdict; hostile input is a fault, not an exception
 *
 * @example
 * ```ts
 * const verdict = await verifyMessage(request, {
 *   requires: ['@method', '@authority', '@path'],
 *   maxAgeSec: 300,
 *   findKey: ({ params }) => keysByThumbprint.get(params.keyid ?? ''),
 * });
 * if (verdict.outcome === 'verified') verdict.signature.params.keyid;
 * ```
 */
export async function verifyMessage(message: Message, options: VerifyMessageOptions): Promise<SignatureVerdict> {
  const found = findSignature(message, options);
  if (typeof found === 'string') return { outcome: 'invalid', fault: found };
  const { input, value, signature } = found;

  const covered = new Set(input.components.map(componentKey));
  if (!(options.requires ?? []).every((text) => covered.has(componentKey(readComponent(text))))) {
    return { outcome: 'invalid', fault: 'not_covered' };
  }
  const timeFault = faultOfTime(signature.params, options);
  if (timeFault) return { outcome: 'invalid', fault: timeFault };

  const known = await options.findKey(signature);
  if (known === undefined) return { outcome: 'unverified', fault: 'unknown_key' };
  const key = await verificationKey(known);
  // §3.2 step 6: the key has one algorithm; a message that names another is refused.
  const { alg } = signature.params;
  if (alg !== undefined && alg !== algorithmOf(key)) return { outcome: 'invalid', fault: 'bad_algorithm' };
  let base: Uint8Array<ArrayBuffer>;
  try {
    base = signatureBase(input, message);
  } catch (error) {
    if (error instanceof TypeError) return { outcome: 'invalid', fault: 'underivable' };
    throw error;
  }
  if (!(await verifyBase(key, value, base))) return { outcome: 'invalid', fault: 'bad_signature' };
  return { outcome: 'verified', signature };
}

function faultOfTime(
  { created, expires }: SignatureParams,
  { now = Date.now, maxAgeSec, maxAheadSec = 30 }: VerifyMessageOptions,
): 'expired' | 'too_old' | 'in_the_future' | undefined {
  const nowSec = now() / 1000;
  if (expires !== undefined && expires < nowSec) return 'expired';
  if (created !== undefined && created > nowSec + maxAheadSec) return 'in_the_future';
  if (maxAgeSec !== undefined && (created === undefined || created < nowSec - maxAgeSec)) return 'too_old';
  return undefined;
}
