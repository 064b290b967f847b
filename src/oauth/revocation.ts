import type { Secret } from '../secret.ts';
import { buildFormRequest, type BuiltRequest, type Client } from './client.ts';

/** What a revocation asks for. */
export interface RevocationRequest {
  readonly revocationUrl: string;
  readonly client: Client;
  readonly token: Secret;
  readonly kind: 'access_token' | 'refresh_token';
  readonly allowHttp?: boolean | undefined;
}

/**
 * Builds a token revocation (RFC 7009 §2.1). Any 200 answer means that the token is no longer
 * valid, also when the server never knew it.
 *
 * @throws {SigError} E_PLAINTEXT, E_TARGET, E_LOGIN_REQUIRED
 */
export function buildRevocation(request: RevocationRequest): BuiltRequest {
  return buildFormRequest(
    request.revocationUrl,
    { token: request.token.reveal(), token_type_hint: request.kind },
    request.client,
    request.allowHttp,
  );
}
