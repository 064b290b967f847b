import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { SigError } from '../errors.ts';
import type { Secret } from '../secret.ts';

/** What an id_token must say. */
export interface IdTokenRules {
  readonly issuer: string;
  readonly clientId: string;
  /** Thumbprint that `cnf.jkt` must be; absent where the server does not put it there. */
  readonly jkt?: string | undefined;
  /** Nonce of the authorization request; absent at a refresh. */
  readonly nonce?: string | undefined;
  readonly algorithms: readonly string[];
  readonly nowMs: number;
}

/**
 * Verifies an id_token (OpenID Connect Core §3.1.3.7), with no tolerance for time.
 *
 * @param jwks the JSON Web Key Set of the issuer
 * @returns `sub`
 * @throws {SigError} E_TOKEN_RESPONSE naming what is wrong, never a value
 */
export async function verifyIdToken(idToken: Secret, jwks: unknown, rules: IdTokenRules): Promise<string> {
  const bad = (why: string, cause?: unknown) =>
    new SigError('E_TOKEN_RESPONSE', `Cannot accept the id_token: ${why}`, { cause });
  const token = idToken.reveal();
  let claims: JWTPayload;
  try {
    const header = decodeProtectedHeader(token);
    if ('crit' in header) throw bad('it has critical extensions');
    if (typeof header.kid !== 'string') throw bad('it does not name its key');
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks as JSONWebKeySet), {
      issuer: rules.issuer,
      audience: rules.clientId,
      algorithms: [...rules.algorithms],
      // Typed or not: OpenID Connect Core says nothing of `typ`, other JWTs do.
      ...(header.typ === undefined ? {} : { typ: 'JWT' }),
      requiredClaims: ['sub', 'exp', 'iat'],
      currentDate: new Date(rules.nowMs),
    });
    claims = payload;
  } catch (cause) {
    if (cause instanceof SigError) throw cause;
    throw bad(`${readClaimName(cause) ?? 'its signature or form'} is wrong`, cause);
  }
  const { sub, azp, nonce, aud } = claims;
  if (typeof sub !== 'string' || sub === '') throw bad('"sub" is wrong');
  // §3.1.3.7 items 4 and 5.
  if (azp === undefined ? Array.isArray(aud) && aud.length > 1 : azp !== rules.clientId) throw bad('"azp" is wrong');
  if (rules.nonce !== undefined && nonce !== rules.nonce) throw bad('"nonce" is wrong');
  const jkt = (claims.cnf as { jkt?: unknown } | undefined)?.jkt;
  if (rules.jkt !== undefined && jkt !== rules.jkt) throw bad('it is bound to another key');
  return sub;
}

/** jose says which claim failed; its messages are not ours to print. */
function readClaimName(error: unknown): string | undefined {
  const { claim } = error as { claim?: unknown };
  return typeof claim === 'string' ? `"${claim}"` : undefined;
}
