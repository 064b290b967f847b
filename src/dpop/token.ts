import { encodeBase64url } from '../encoding/base64url.ts';
import { encodeUtf8 } from '../encoding/bytes.ts';
import { SigError } from '../errors.ts';
import { Secret } from '../secret.ts';

// RFC 9110 §11.2 token68: what may stand after the scheme in Authorization.
const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/;

/**
 * The `ath` claim: base64url of the SHA-256 of the token's ASCII (RFC 9449 §4.2).
 *
 * @throws {SigError} E_BAD_CREDENTIAL_VALUE when the token cannot stand in `Authorization`
 *
 * @example
 * ```ts
 * await accessTokenHash('Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU');
 * // "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
 * ```
 */
export async function accessTokenHash(token: Secret | string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', encodeUtf8(revealToken(token)));
  return encodeBase64url(new Uint8Array(digest));
}

/**
 * Opens a token for the wire.
 *
 * @throws {SigError} E_BAD_CREDENTIAL_VALUE when it cannot stand in `Authorization`
 */
export function revealToken(token: Secret | string): string {
  const text = token instanceof Secret ? token.reveal() : token;
  if (TOKEN68.test(text)) return text;
  throw new SigError('E_BAD_CREDENTIAL_VALUE', 'The access token has characters that cannot stand in "Authorization"');
}

/**
 * Refuses a token response that is not bound to the key: whoever asked with a proof and gets
 * `Bearer` back was downgraded (RFC 9449 §5).
 *
 * @param response the parsed JSON of the token endpoint
 * @throws {SigError} E_TOKEN_RESPONSE when `token_type` is not DPoP, in any case of letters
 *
 * @example
 * ```ts
 * requireDpopToken({ access_token: 'x', token_type: 'DPoP' });
 * ```
 */
export function requireDpopToken(response: { readonly token_type?: unknown }): void {
  const type = response.token_type;
  if (typeof type === 'string' && type.toLowerCase() === 'dpop') return;
  throw new SigError('E_TOKEN_RESPONSE', 'The server gave a token that is not bound to the key', {
    hint: 'ask its operator to issue DPoP tokens to this client, or log in without DPoP',
  });
}
