import { jwkThumbprint } from '../encoding/jwk_thumbprint.ts';
import { importPublicKey, type PublicJwk } from '../encoding/signing_key.ts';

/** A client's public key, ready to verify with. */
export interface KnownKey {
  readonly publicKey: CryptoKey;
  readonly thumbprint: string;
}

const MAX_KEYS = 256;

/** The keys seen last. A client sends its key with every proof, and importing costs as much as verifying. */
const known = new Map<string, KnownKey>();

/**
 * Imports a public key, or finds it among the keys seen last.
 *
 * @throws {TypeError} when Web Crypto refuses it
 */
export async function knownKey(jwk: PublicJwk): Promise<KnownKey> {
  const name = jwk.kty === 'EC' ? `${jwk.x}.${jwk.y}` : jwk.x;
  let key = known.get(name);
  if (!key) key = { publicKey: await importPublicKey(jwk), thumbprint: await jwkThumbprint(jwk) };
  known.delete(name);
  known.set(name, key);
  if (known.size > MAX_KEYS) known.delete(known.keys().next().value!);
  return key;
}
