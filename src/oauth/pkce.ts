import { encodeBase64url } from '../encoding/base64url.ts';
import { encodeUtf8, randomBytes } from '../encoding/bytes.ts';

/** 32 random bytes as 43 characters: a PKCE verifier (RFC 7636 §4.1), a `state`, a `nonce`. */
export function createVerifier(): string {
  return encodeBase64url(randomBytes(32));
}

/**
 * The `S256` challenge of a verifier (RFC 7636 §4.2). There is no other method here: `plain` shows
 * the verifier to whoever sees the authorization request.
 */
export async function challengeOf(verifier: string): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', encodeUtf8(verifier))));
}
