import type { Credential } from '../credential/credential.ts';
import { SigError } from '../errors.ts';
import { buildRevocation } from '../oauth/revocation.ts';
import type { Provider } from '../provider/provider.ts';
import { sendOptionsOf } from '../provider/settings.ts';
import { type OAuth2Ports, resolveClient } from './oauth2.ts';

/**
 * Revokes the tokens of a login at its server, where that offers it (RFC 7009).
 *
 * @returns whether there was anything to revoke
 * @throws {SigError} E_UPSTREAM when the server refuses, and what sending throws
 */
export async function revokeTokens(provider: Provider, credential: Credential, ports: OAuth2Ports): Promise<boolean> {
  const { revocationUrl, refreshToken } = credential.oauth2 ?? {};
  const accessToken = credential.values.access_token;
  if (revocationUrl === undefined || (accessToken === undefined && refreshToken === undefined)) return false;
  const client = resolveClient(provider, credential.oauth2, ports.env);
  const tokens = [
    ...(refreshToken === undefined ? [] : [{ token: refreshToken, kind: 'refresh_token' as const }]),
    ...(accessToken === undefined ? [] : [{ token: accessToken, kind: 'access_token' as const }]),
  ];
  for (const { token, kind } of tokens) {
    const request = buildRevocation({ revocationUrl, client, token, kind, allowHttp: provider.allowHttp });
    const response = await ports.send(request.head, request.body, {
      ...sendOptionsOf(provider, request.head.target, ports.env),
      timeoutMs: 10_000,
    });
    await response.body[Symbol.asyncIterator]().return?.();
    // RFC 7009 §2.2.1: a server may not support one kind of token.
    if (response.status !== 200 && response.status !== 400) {
      throw new SigError('E_UPSTREAM', `Revocation endpoint of "${provider.id}" answered status ${response.status}`, {
        provider: provider.id,
      });
    }
  }
  return true;
}
