import { SigError } from '../errors.ts';
import type { WireResponse } from '../ports.ts';
import { Secret } from '../secret.ts';
import { readErrorCode, readJsonAnswer } from './json_answer.ts';

/** What a token endpoint gave (RFC 6749 §5.1). */
export interface TokenSet {
  readonly accessToken: Secret;
  /** As the server spelled it, mostly `Bearer` or `DPoP`. */
  readonly tokenType: string;
  readonly expiresInSec?: number;
  readonly refreshToken?: Secret;
  readonly scope?: string;
  readonly idToken?: Secret;
}

/** What a token endpoint said: tokens, or an error that is an answer to whoever asked. */
export type TokenAnswer =
  | { readonly tokens: TokenSet; readonly error?: never }
  | { readonly error: string; readonly tokens?: never };

/** A lifetime beyond ten years is not a lifetime. */
const MAX_EXPIRES_SEC = 10 * 366 * 86_400;
/** A token is visible ASCII (RFC 6749 appendix A.12). */
const TOKEN = /^[\x21-\x7e]{1,65536}$/;

/**
 * Reads the answer of a token endpoint, strictly. Nothing of the answer but the registered error
 * code reaches a message: the rest could echo secrets.
 *
 * @throws {SigError} E_LOGIN_REQUIRED when the grant was refused for good, E_LOGIN_FAILED when the client was,
 * E_UPSTREAM for 429 and 5xx (try again later), E_TOKEN_RESPONSE for anything unusable
 */
export async function processTokenResponse(response: WireResponse, providerId: string): Promise<TokenSet> {
  const answer = await processTokenAnswer(response, providerId, []);
  return answer.tokens!;
}

/**
 * Reads the answer of a token endpoint where some errors are answers too, such as
 * `authorization_pending`.
 *
 * @param answers the error codes that are returned, not thrown
 * @throws {SigError} what {@link processTokenResponse} throws
 */
export async function processTokenAnswer(
  response: WireResponse,
  providerId: string,
  answers: readonly string[],
): Promise<TokenAnswer> {
  const json = await readJsonAnswer(response, `Token endpoint of "${providerId}"`, providerId);
  const error = readErrorCode(json);
  // The status is 400 by RFC 6749 §5.2; 428, 403 and even 200 are about.
  if (error !== undefined && answers.includes(error) && response.status < 500) return { error };
  return { tokens: readTokens(response, json, providerId) };
}

function readTokens(
  response: WireResponse,
  json: Record<string, unknown> | undefined,
  providerId: string,
): TokenSet {
  if (response.status !== 200) throw grantError(response.status, json, providerId);
  const bad = (what: string) =>
    new SigError('E_TOKEN_RESPONSE', `Token endpoint of "${providerId}" answered with ${what}`, {
      provider: providerId,
    });
  if (json === undefined) throw bad('something other than a JSON object');

  const accessToken = json.access_token;
  if (typeof accessToken !== 'string' || !TOKEN.test(accessToken)) throw bad('no usable access_token');
  const tokenType = json.token_type ?? 'Bearer';
  if (typeof tokenType !== 'string' || !/^[\w+.-]{1,40}$/.test(tokenType)) throw bad('an unusable token_type');
  const refreshToken = json.refresh_token;
  if (
    refreshToken !== undefined && refreshToken !== null &&
    (typeof refreshToken !== 'string' || !TOKEN.test(refreshToken))
  ) {
    throw bad('an unusable refresh_token');
  }
  const idToken = json.id_token;
  if (idToken !== undefined && idToken !== null && (typeof idToken !== 'string' || !TOKEN.test(idToken))) {
    throw bad('an unusable id_token');
  }
  const expiresInSec = readLifetime(json.expires_in);
  if (expiresInSec === 'bad') throw bad('an unusable expires_in');
  return {
    accessToken: new Secret(accessToken),
    tokenType,
    ...(expiresInSec === undefined ? {} : { expiresInSec }),
    ...(typeof refreshToken === 'string' ? { refreshToken: new Secret(refreshToken) } : {}),
    ...(typeof idToken === 'string' ? { idToken: new Secret(idToken) } : {}),
    ...(typeof json.scope === 'string' && /^[\x20-\x7e]{0,4096}$/.test(json.scope) ? { scope: json.scope } : {}),
  };
}

/** Some servers write the number as a string; everything else unexpected is refused. */
function readLifetime(value: unknown): number | undefined | 'bad' {
  if (value === undefined || value === null) return undefined;
  const seconds = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0 || seconds > MAX_EXPIRES_SEC) {
    return 'bad';
  }
  return Math.floor(seconds);
}

function grantError(status: number, json: Record<string, unknown> | undefined, provider: string): SigError {
  const code = readErrorCode(json);
  const said = `status ${status}${code === undefined ? '' : `, "${code}"`}`;
  const message = `Token endpoint of "${provider}" refused: ${said}`;
  if (status === 429 || status >= 500) {
    return new SigError('E_UPSTREAM', message, { provider, hint: 'try again later; the login is kept' });
  }
  if (status >= 300 && status < 400) {
    return new SigError('E_TOKEN_RESPONSE', `Token endpoint of "${provider}" answered with a redirect`, {
      provider,
      hint: 'correct "tokenUrl": a request with a secret is never redirected',
    });
  }
  if (code === 'invalid_grant') {
    return new SigError('E_LOGIN_REQUIRED', message, { provider, hint: `log in again: sig login ${provider}` });
  }
  return new SigError('E_LOGIN_FAILED', message, {
    provider,
    hint: code === 'invalid_client'
      ? 'check the client id and secret'
      : 'check tokenUrl, scopes and grant in config.yaml',
  });
}
