/**
 * The keys an agent signs with: ECDSA on P-256 and Ed25519, as Web Crypto keys that do not give
 * their private half away.
 *
 * @module
 */

import { decodeBase64url } from './base64url.ts';
import { encodeUtf8 } from './bytes.ts';
import { encodeHex } from './hex.ts';
import { jwkThumbprint } from './jwk_thumbprint.ts';

/** What a key signs with: `ES256` is ECDSA on P-256 with SHA-256. */
export type KeyKind = 'ES256' | 'Ed25519';

/** The public half of a {@link SigningKey}, with no other member than these. */
export type PublicJwk =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

/** A private key with the facts about its public half. The same one may serve DPoP and message signatures. */
export interface SigningKey {
  readonly kind: KeyKind;
  readonly privateKey: CryptoKey;
  readonly publicJwk: PublicJwk;
  /** RFC 7638 SHA-256 thumbprint: the `jkt` of DPoP, the `keyid` of Web Bot Auth. */
  readonly thumbprint: string;
}

const KEY_ALGORITHM = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  Ed25519: { name: 'Ed25519' },
} as const;

const SIGN_ALGORITHM = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  Ed25519: { name: 'Ed25519' },
} as const;

/**
 * Makes a new key.
 *
 * @param options.extractable whether {@link exportKey} may open it; default false. Make a key that
 * must outlive the process extractable, seal what `exportKey` gives, and go on with the
 * non-extractable one that {@link importKey} returns
 *
 * @example
 * ```ts
 * const key = await generateKey('Ed25519');
 * key.publicJwk; // { kty: "OKP", crv: "Ed25519", x: "…" }
 * ```
 */
export async function generateKey(
  kind: KeyKind,
  options: { readonly extractable?: boolean } = {},
): Promise<SigningKey> {
  if (!Object.hasOwn(KEY_ALGORITHM, kind)) throw new TypeError('Parameter "kind" must be "ES256" or "Ed25519"');
  const pair = await crypto.subtle.generateKey(
    KEY_ALGORITHM[kind],
    options.extractable ?? false,
    ['sign', 'verify'],
  ) as CryptoKeyPair;
  const { publicJwk } = readPublicJwk(await crypto.subtle.exportKey('jwk', pair.publicKey));
  return { kind, privateKey: pair.privateKey, publicJwk, thumbprint: await jwkThumbprint(publicJwk) };
}

/**
 * Imports a private JWK (RFC 7517, RFC 8037). The key that results is not extractable.
 *
 * @throws {TypeError} when it is not a private P-256 or Ed25519 key, or its two halves do not fit
 *
 * @example
 * ```ts
 * const key = await importKey({
 *   kty: 'OKP',
 *   crv: 'Ed25519',
 *   d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
 *   x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
 * });
 * ```
 */
export async function importKey(jwk: JsonWebKey): Promise<SigningKey> {
  const { kind, publicJwk } = readPublicJwk(jwk);
  requireCoordinate(jwk, 'd');
  let privateKey: CryptoKey;
  try {
    // Only the members that make the key: `alg`, `use` and `key_ops` are read differently across runtimes.
    const members = { ...publicJwk, d: jwk.d! };
    privateKey = await crypto.subtle.importKey('jwk', members, KEY_ALGORITHM[kind], false, ['sign']);
  } catch (cause) {
    throw new TypeError('Invalid JWK: not a private key', { cause });
  }
  // A public half of another key would spoil every signature and, with Ed25519, could expose the private one.
  const probe = encodeUtf8('probe');
  const signature = new Uint8Array(await signBytes({ kind, privateKey }, probe));
  if (!(await verifyBytes(kind, await importPublicKey(publicJwk), signature, probe))) {
    throw new TypeError('Invalid JWK: the private half does not belong to the public half');
  }
  return { kind, privateKey, publicJwk, thumbprint: await jwkThumbprint(publicJwk) };
}

/**
 * Opens an extractable key as a private JWK. The result is a secret: seal it at once.
 *
 * @throws {TypeError} when the key is not extractable
 *
 * @example
 * ```ts
 * const fresh = await generateKey('Ed25519', { extractable: true });
 * const jwk = await exportKey(fresh);
 * const key = await importKey(jwk); // the same key, closed
 * ```
 */
export async function exportKey(key: SigningKey): Promise<JsonWebKey> {
  if (!key.privateKey.extractable) throw new TypeError('Parameter "key" is not extractable');
  const { d } = await crypto.subtle.exportKey('jwk', key.privateKey);
  return { ...key.publicJwk, d: d! };
}

/**
 * Imports the public half for verification.
 *
 * @throws {TypeError} when it is not a point of the curve
 */
export async function importPublicKey(jwk: PublicJwk): Promise<CryptoKey> {
  const kind = jwk.kty === 'EC' ? 'ES256' : 'Ed25519';
  // Deno 2.9 imports any pair of coordinates and throws only when it verifies with them.
  if (jwk.kty === 'EC' && !isOnP256(jwk.x, jwk.y)) throw new TypeError('Invalid JWK: not a point of P-256');
  try {
    return await crypto.subtle.importKey('jwk', jwk, KEY_ALGORITHM[kind], true, ['verify']);
  } catch (cause) {
    throw new TypeError('Invalid JWK: not a public key', { cause });
  }
}

/**
 * Reads the public half of a JWK, strictly: base64url of 32 bytes in its one spelling.
 *
 * @returns the public members alone
 * @throws {TypeError} when it is not a P-256 or Ed25519 key
 */
export function readPublicJwk(jwk: JsonWebKey): { readonly kind: KeyKind; readonly publicJwk: PublicJwk } {
  if (jwk.kty === 'EC' && jwk.crv === 'P-256') {
    const x = requireCoordinate(jwk, 'x');
    return { kind: 'ES256', publicJwk: { kty: 'EC', crv: 'P-256', x, y: requireCoordinate(jwk, 'y') } };
  }
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') {
    return { kind: 'Ed25519', publicJwk: { kty: 'OKP', crv: 'Ed25519', x: requireCoordinate(jwk, 'x') } };
  }
  throw new TypeError('Invalid JWK: neither a P-256 nor an Ed25519 key');
}

/** Signs bytes: 64 of them come back, for either kind (ECDSA as r and s, RFC 7518 §3.4). */
export function signBytes(
  key: Pick<SigningKey, 'kind' | 'privateKey'>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<ArrayBuffer> {
  return crypto.subtle.sign(SIGN_ALGORITHM[key.kind], key.privateKey, bytes);
}

/** Verifies what {@link signBytes} made. */
export async function verifyBytes(
  kind: KeyKind,
  publicKey: CryptoKey,
  signature: Uint8Array<ArrayBuffer>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  // workerd throws where others answer false.
  return signature.length === 64 && await crypto.subtle.verify(SIGN_ALGORITHM[kind], publicKey, signature, bytes);
}

// NIST SP 800-186 §3.2.1.3: y² = x³ - 3x + b over the prime field.
const P256_PRIME = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

function isOnP256(...coordinates: readonly [x: string, y: string]): boolean {
  const [x, y] = coordinates.map((text) => BigInt(`0x${encodeHex(decodeBase64url(text))}`)) as [bigint, bigint];
  return x < P256_PRIME && y < P256_PRIME && (y * y - (x * x * x - 3n * x + P256_B)) % P256_PRIME === 0n;
}

function requireCoordinate(jwk: JsonWebKey, member: 'x' | 'y' | 'd'): string {
  const value = jwk[member];
  if (typeof value !== 'string' || value.length !== 43 || decodeBase64url(value).length !== 32) {
    throw new TypeError(`Invalid JWK: member "${member}" is not 32 bytes of base64url`);
  }
  return value;
}
