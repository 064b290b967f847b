import type { SigningKey } from '../encoding/signing_key.ts';
import { SigError } from '../errors.ts';
import type { HeaderPairs } from '../target/head.ts';
import { algorithmOf, type SignatureAlgorithm, signBase } from './algorithm.ts';
import { readComponent } from './component.ts';
import { fieldOf, type Message } from './message.ts';
import { parseDictionary } from './parse_structured_field.ts';
import { serializeDictionary } from './serialize_structured_field.ts';
import { formatSignatureInput, signatureBase } from './signature_base.ts';

/** Signature parameters (RFC 9421 §2.3). They are written in the order in which the object has them. */
export interface SignatureParams {
  /** Seconds since 1970. */
  readonly created?: number;
  /** Seconds since 1970. */
  readonly expires?: number;
  readonly keyid?: string;
  readonly alg?: SignatureAlgorithm;
  readonly nonce?: string;
  /** Names the application that the signature is for. */
  readonly tag?: string;
}

/** How to sign a message. */
export interface SignMessageOptions {
  readonly key: SigningKey | CryptoKey;
  /**
   * What to cover, in order: bare names (`@method`, `content-type`) or identifiers with
   * parameters (`"@authority";req`).
   */
  readonly components: readonly string[];
  /** Default `created` now, and for a {@link SigningKey} its thumbprint as `keyid`. */
  readonly params?: SignatureParams | undefined;
  /** Name of the signature in the message; default `sig1`. */
  readonly label?: string | undefined;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/**
 * Signs a message (RFC 9421 §3.1).
 *
 * @returns the fields to add to the message, `Signature-Input` and `Signature`
 * @throws {SigError} E_SIGNATURE when a component is not in the message, or the label is taken
 * @throws {TypeError} when `alg` is not that of the key
 *
 * @example
 * ```ts
 * const key = await generateKey('Ed25519');
 * const request = new Request('https://example.com/foo');
 * const fields = await signMessage(request, { key, components: ['@method', '@authority', '@path'] });
 * const signed = new Request(request, { headers: [...request.headers, ...fields] });
 * ```
 */
export async function signMessage(message: Message, options: SignMessageOptions): Promise<HeaderPairs> {
  const { key, label = 'sig1', now = Date.now } = options;
  const privateKey = key instanceof CryptoKey ? key : key.privateKey;
  const params = options.params ?? {
    created: Math.floor(now() / 1000),
    ...(key instanceof CryptoKey ? {} : { keyid: key.thumbprint }),
  };
  if (params.alg !== undefined && params.alg !== algorithmOf(privateKey)) {
    throw new TypeError('Parameter "alg" must be the algorithm of the key');
  }
  try {
    if (parseDictionary(fieldOf(message.headers, 'signature-input') ?? '').has(label)) {
      throw new TypeError(`it has a signature "${label}" already`);
    }
    const input = {
      components: options.components.map(readComponent),
      params: new Map(Object.entries(params).filter(([, value]) => value !== undefined)),
    };
    const value = await signBase(privateKey, signatureBase(input, message));
    const signature = serializeDictionary(new Map([[label, { value, params: new Map() }]]));
    return [['Signature-Input', `${label}=${formatSignatureInput(input)}`], ['Signature', signature]];
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new SigError('E_SIGNATURE', `Cannot sign the message: ${cause.message}`, { cause });
  }
}
