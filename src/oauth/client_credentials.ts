import { audienceFields } from './audience.ts';
import { buildFormRequest, type BuiltRequest, type Client } from './client.ts';

/** What a client credentials grant asks for. */
export interface ClientCredentialsRequest {
  readonly tokenUrl: string;
  readonly client: Client;
  readonly scopes?: readonly string[] | undefined;
  /** The resource's name at servers that want one; see {@link audienceFields}. */
  readonly audience?: string | undefined;
  readonly allowHttp?: boolean | undefined;
}

/**
 * Builds the token request of a client credentials grant (RFC 6749 §4.4.2). The answer is read by
 * {@link processTokenResponse}.
 *
 * @throws {SigError} E_PLAINTEXT, E_TARGET, E_LOGIN_REQUIRED when the client has no secret
 */
export function buildClientCredentials(request: ClientCredentialsRequest): BuiltRequest {
  return buildFormRequest(
    request.tokenUrl,
    { grant_type: 'client_credentials', scope: joinScopes(request.scopes), ...audienceFields(request.audience) },
    request.client,
    request.allowHttp,
  );
}

/** Scopes as the wire wants them: joined by blanks (RFC 6749 §3.3); `undefined` when there are none. */
export function joinScopes(scopes: readonly string[] | undefined): string | undefined {
  return scopes === undefined || scopes.length === 0 ? undefined : scopes.join(' ');
}
