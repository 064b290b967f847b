import { encodeBase64url } from './base64url.ts';
import { encodeUtf8 } from './bytes.ts';

// RFC 7638 §3.2 and RFC 8037 §2: the members that make the key, in lexicographic order.
const MEMBERS: Readonly<Record<string, readonly (keyof JsonWebKey)[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
};

/**
 * The name of a key: the SHA-256 thumbprint of its public members (RFC 7638), as in `jkt`,
 * `dpop_jkt` and the `keyid` of Web Bot Auth.
 *
 * @param jwk an EC, OKP or RSA key; a private one has the thumbprint of its public half
 * @returns 43 characters of base64url
 * @throws {TypeError} when the key lacks a member or is of another type
 *
 * @example
 * ```ts
 * await jwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' });
 * // "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
 * ```
 */
export async function jwkThumbprint(jwk: JsonWebKey): Promise<string> {
  const members = Object.hasOwn(MEMBERS, jwk.kty ?? '') ? MEMBERS[jwk.kty!]! : undefined;
  if (!members) throw new TypeError('Invalid JWK: "kty" is none of EC, OKP, RSA');
  const named: Record<string, unknown> = {};
  for (const member of members) {
    const value = jwk[member];
    if (typeof value !== 'string' || value === '') throw new TypeError(`Invalid JWK: member "${member}" is missing`);
    named[member] = value;
  }
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', encodeUtf8(JSON.stringify(named)))));
}
