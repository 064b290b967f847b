import { SigError } from '../errors.ts';
import { decodeUtf8 } from '../encoding/bytes.ts';
import { readAll } from '../encoding/read_all.ts';
import type { WireResponse } from '../ports.ts';

/** Largest answer that is read, in bytes. */
const BODY_LIMIT = 256 * 1024;

/**
 * Reads the JSON object that an endpoint of an authorization server answered.
 *
 * @param endpoint as it begins a sentence, such as `Token endpoint of "api"`
 * @returns `undefined` when it is something else: that is reported by status and by what is missing, never by content
 * @throws {SigError} E_TOKEN_RESPONSE when it is too long
 */
export async function readJsonAnswer(
  response: WireResponse,
  endpoint: string,
  provider?: string,
): Promise<Record<string, unknown> | undefined> {
  const bytes = await readAll(response.body, BODY_LIMIT);
  if (bytes === undefined) {
    throw new SigError('E_TOKEN_RESPONSE', `${endpoint} answered with more than ${BODY_LIMIT} bytes`, { provider });
  }
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}

/** The registered error code of an answer (RFC 6749 §5.2); the only part of it that may be shown. */
export function readErrorCode(json: Readonly<Record<string, unknown>> | undefined): string | undefined {
  return typeof json?.error === 'string' && /^[a-z_]{1,64}$/.test(json.error) ? json.error : undefined;
}

/** Why a server did not begin a login: by its status and its registered error code alone. */
export function refusal(
  endpoint: string,
  status: number,
  json: Readonly<Record<string, unknown>> | undefined,
  provider: string,
): SigError {
  if (status >= 200 && status < 400) {
    return new SigError('E_TOKEN_RESPONSE', `${endpoint} answered something unusable: status ${status}`, { provider });
  }
  const code = readErrorCode(json);
  const message = `${endpoint} refused: status ${status}${code === undefined ? '' : `, "${code}"`}`;
  return status === 429 || status >= 500
    ? new SigError('E_UPSTREAM', message, { provider, hint: 'try again later; the login is kept' })
    : new SigError('E_LOGIN_FAILED', message, {
      provider,
      hint: 'check the client id, its redirect URI and the scopes',
    });
}
