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
  const text = encodeBase64url(randomBytes(32));
  const wanted = encodeUtf8(text);
  return {
    token: new Secret(text),
    isToken(presented) {
      const given = encodeUtf8(presented);
      // The length of a token is no secret.
      return given.length === wanted.length && equalBytes(given, wanted);
    },
  };
}
