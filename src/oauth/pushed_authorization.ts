import type { WireResponse } from '../ports.ts';
import { buildFormRequest, type BuiltRequest, type Client } from './client.ts';
import { readJsonAnswer, refusal } from './json_answer.ts';

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
