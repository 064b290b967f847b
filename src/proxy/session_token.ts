import { encodeBase64url } from '../encoding/base64url.ts';
import { encodeUtf8, equalBytes, randomBytes } from '../encoding/bytes.ts';
import { Secret } from '../secret.ts';

/** The token of one proxy session: 256 random bits, gone with the process. */
export interface SessionToken {
  readonly token: Secret;
  /** Compares in constant time. */
  readonly isToken: (presented: string) => boolean;
}

/** Makes a token. */
export function createSessionToken(): SessionToken {
  const token = new Secret(encodeBase64url(randomBytes(32)));
  return { token, isToken: matchToken(token) };
}

/**
 * Makes the comparison with a token, in constant time.
 *
 * @example
 * ```ts
 * const isToken = matchToken(new Secret(env.BROKER_KEY));
 * ```
 */
export function matchToken(token: Secret): (presented: string) => boolean {
  const wanted = encodeUtf8(token.reveal());
  return (presented) => {
    const given = encodeUtf8(presented);
    // The length of a token is no secret.
    return wanted.length > 0 && given.length === wanted.length && equalBytes(given, wanted);
  };
}
