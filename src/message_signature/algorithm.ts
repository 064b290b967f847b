import { importPublicKey, readPublicJwk } from '../encoding/signing_key.ts';

/** Names of RFC 9421 §3.3. They are not those of JOSE. */
export type SignatureAlgorithm =
  | 'ed25519'
  | 'ecdsa-p256-sha256'
  | 'hmac-sha256'
  | 'rsa-pss-sha512'
  | 'rsa-v1_5-sha256';

const PARAMETERS = {
  'ed25519': { name: 'Ed25519' },
  'ecdsa-p256-sha256': { name: 'ECDSA', hash: 'SHA-256' },
  'hmac-sha256': { name: 'HMAC' },
  'rsa-pss-sha512': { name: 'RSA-PSS', saltLength: 64 },
  'rsa-v1_5-sha256': { name: 'RSASSA-PKCS1-v1_5' },
} as const satisfies Record<SignatureAlgorithm, object>;

/**
 * The algorithm that a key is for. The key decides, never the message (RFC 9421 §3.2 step 6).
 *
 * @throws {TypeError} when it is for none of them
 */
export function algorithmOf(key: CryptoKey): SignatureAlgorithm {
  const { name, namedCurve, hash } = key.algorithm as { name: string; namedCurve?: string; hash?: { name: string } };
  if (name === 'Ed25519') return 'ed25519';
  if (name === 'ECDSA' && namedCurve === 'P-256') return 'ecdsa-p256-sha256';
  if (name === 'HMAC' && hash?.name === 'SHA-256') return 'hmac-sha256';
  if (name === 'RSA-PSS' && hash?.name === 'SHA-512') return 'rsa-pss-sha512';
  if (name === 'RSASSA-PKCS1-v1_5' && hash?.name === 'SHA-256') return 'rsa-v1_5-sha256';
  throw new TypeError('Parameter "key" must be of an algorithm that HTTP signatures know');
}

/** Signs a base with a private or shared key. */
export async function signBase(key: CryptoKey, base: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign(PARAMETERS[algorithmOf(key)], key, base));
}

/** Verifies the signature of a base with a public or shared key. */
export async function verifyBase(
  key: CryptoKey,
  signature: Uint8Array<ArrayBuffer>,
  base: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const algorithm = algorithmOf(key);
  // workerd throws where others answer false.
  if ((algorithm === 'ed25519' || algorithm === 'ecdsa-p256-sha256') && signature.length !== 64) return false;
  return await crypto.subtle.verify(PARAMETERS[algorithm], key, signature, base);
}

/**
 * A key for verification, out of a Web Crypto key or a P-256 or Ed25519 JWK.
 *
 * @throws {TypeError} when the JWK is neither
 */
export async function verificationKey(key: CryptoKey | JsonWebKey): Promise<CryptoKey> {
  return key instanceof CryptoKey ? key : await importPublicKey(readPublicJwk(key).publicJwk);
}
