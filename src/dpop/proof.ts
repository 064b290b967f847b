import { encodeBase64url } from '../encoding/base64url.ts';
import { encodeAscii, encodeUtf8 } from '../encoding/bytes.ts';
import { signBytes, type SigningKey } from '../encoding/signing_key.ts';
import type { Secret } from '../secret.ts';
import { defaultAlgorithm, keyKindOf, type ProofAlgorithm } from './algorithm.ts';
import { htuOf } from './htu.ts';
import { isNonce } from './nonce_store.ts';
import { accessTokenHash } from './token.ts';

/** What a proof is for. */
export interface ProofClaims {
  /** Method of the request, exactly as it is sent. */
  readonly method: string;
  /** URL that the request goes to. Query and fragment are left out of the proof. */
  readonly url: string | URL;
  /**
   * The `htu` itself, for whoever writes the request target byte by byte: scheme, authority and path exactly as they are
   * sent, where a URL parser would resolve `/a/../b` first.
   */
  readonly htu?: string | undefined;
  /** Access token that goes along; its hash becomes `ath`. */
  readonly accessToken?: Secret | string | undefined;
  /** The hash itself, for whoever signs many requests with one token and has it ready. */
  readonly ath?: string | undefined;
  /** The nonce that this very server gave last. Never send one to a server that gave none. */
  readonly nonce?: string | undefined;
  /** Algorithm name of the header; default ES256 or EdDSA, by the key. */
  readonly algorithm?: ProofAlgorithm | undefined;
  /** Unique id; default 128 random bits. */
  readonly jti?: string | undefined;
  /** Seconds since 1970; default now. */
  readonly iatSec?: number | undefined;
}

// RFC 9110 §5.6.2
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

// Filled anew for each proof; drawing into one array costs half of what a new one does.
const jti = new Uint8Array(16);

/** The encoded header of each key under each name: it is the same in every proof. */
const headers = new WeakMap<SigningKey, Map<ProofAlgorithm, string>>();

/**
 * Makes a DPoP proof: the value of one `DPoP` header, for one request (RFC 9449 §4.2).
 *
 * @returns a compact JWS; send it once, soon, and nowhere else
 * @throws {SigError} E_TARGET when the URL is not http or https or carries userinfo
 * @throws {SigError} E_BAD_CREDENTIAL_VALUE when the token cannot stand in `Authorization`
 * @throws {TypeError} when the method is not a token, the nonce malformed or the algorithm not one of the key
 *
 * @example
 * ```ts
 * const key = await generateKey('ES256');
 * const proof = await createProof(key, { method: 'GET', url: 'https://api.example.com/me', accessToken: 'xyz' });
 * ```
 */
export async function createProof(key: SigningKey, claims: ProofClaims): Promise<string> {
  const { method, nonce } = claims;
  if (!TOKEN.test(method)) throw new TypeError('Parameter "method" must be a method name');
  if (nonce !== undefined && !isNonce(nonce)) throw new TypeError('Parameter "nonce" must be a DPoP nonce');
  const htu = claims.htu ?? htuOf(claims.url);
  const ath = claims.ath ?? (claims.accessToken === undefined ? undefined : await accessTokenHash(claims.accessToken));
  // Members that are undefined are not written; the order is that of the examples in RFC 9449.
  const payload = JSON.stringify({
    jti: claims.jti ?? createJti(),
    htm: method,
    htu,
    iat: claims.iatSec ?? readNowSec(),
    ath,
    nonce,
  });
  const header = headerOf(key, claims.algorithm ?? defaultAlgorithm(key.kind));
  const input = `${header}.${encodeBase64url(encodeUtf8(payload))}`;
  return `${input}.${encodeBase64url(new Uint8Array(await signBytes(key, encodeAscii(input))))}`;
}

/**
 * A fresh `jti`: 128 random bits. Not `crypto.randomUUID`, which has 122 and which Node serves
 * from a pool that a snapshot or a fork would hand out twice (security case D1).
 */
export function createJti(): string {
  return encodeBase64url(crypto.getRandomValues(jti));
}

function readNowSec(now: () => number = Date.now): number {
  return Math.floor(now() / 1000);
}

function headerOf(key: SigningKey, algorithm: ProofAlgorithm): string {
  let segments = headers.get(key);
  if (!segments) headers.set(key, segments = new Map());
  let segment = segments.get(algorithm);
  if (segment === undefined) {
    if (keyKindOf(algorithm) !== key.kind) throw new TypeError('Parameter "algorithm" must be one of the key');
    // Only the public members can be here: SigningKey.publicJwk has no others (security case D9).
    const header = JSON.stringify({ typ: 'dpop+jwt', alg: algorithm, jwk: key.publicJwk });
    segments.set(algorithm, segment = encodeBase64url(encodeUtf8(header)));
  }
  return segment;
}
