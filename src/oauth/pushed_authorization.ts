import { SigError } from '../errors.ts';
import type { WireResponse } from '../ports.ts';
import { buildFormRequest, type BuiltRequest, type Client } from './client.ts';
import { readErrorCode, readJsonAnswer } from './json_answer.ts';

/** An authorization request that goes to the server before the browser does. */
export interface PushedAuthorization {
  readonly endpoint: string;
  readonly client: Client;
  /** As `authorizationFields` made them. */
  readonly fields: Readonly<Record<string, string | undefined>>;
  readonly allowHttp?: boolean | undefined;
}

/**
 * Builds a pushed authorization request (RFC 9126 §2.1): what is asked for stays out of the
 * browser, where a person or a page could change it.
 *
 * @throws {SigError} E_PLAINTEXT, E_TARGET, E_LOGIN_REQUIRED when the client lacks its secret
 */
export function buildPushedAuthorization(request: PushedAuthorization): BuiltRequest {
  return buildFormRequest(request.endpoint, request.fields, request.client, request.allowHttp);
}

/**
 * Reads the answer to it (RFC 9126 §2.2, §2.3).
 *
 * @returns what the authorization endpoint is given instead of the request itself
 * @throws {SigError} E_LOGIN_FAILED when the request was refused, E_UPSTREAM for 429 and 5xx, E_TOKEN_RESPONSE for anything
 * unusable
 */
export async function processPushedAuthorization(
  response: WireResponse,
  clientId: string,
  providerId: string,
): Promise<Readonly<Record<string, string>>> {
  const endpoint = `Authorization server of "${providerId}"`;
  const json = await readJsonAnswer(response, endpoint, providerId);
  const uri = json?.request_uri;
  if ((response.status === 201 || response.status === 200) && typeof uri === 'string' && uri !== '') {
    return { client_id: clientId, request_uri: uri };
  }
  throw refusal(endpoint, response.status, json, providerId);
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
