import type { Secret } from '../secret.ts';
import { audienceFields } from './audience.ts';
import { buildFormRequest, type BuiltRequest, type Client } from './client.ts';

/** What a refresh asks for. */
export interface RefreshRequest {
  readonly tokenUrl: string;
  readonly client: Client;
  readonly refreshToken: Secret;
  /** What the login asked for: of some servers a refresh must ask for it again (RFC 8707 §2.2). */
  readonly audience?: string | undefined;
  readonly allowHttp?: boolean | undefined;
}

/**
 * Builds the token request of a refresh (RFC 6749 §6). When the answer has no refresh token, the
 * old one stays valid.
 *
 * @throws {SigError} E_PLAINTEXT, E_TARGET, E_LOGIN_REQUIRED
 */
export function buildRefresh(request: RefreshRequest): BuiltRequest {
  return buildFormRequest(
    request.tokenUrl,
    { grant_type: 'refresh_token', refresh_token: request.refreshToken.reveal(), ...audienceFields(request.audience) },
    request.client,
    request.allowHttp,
  );
}
