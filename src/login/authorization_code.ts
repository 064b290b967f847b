import type { Credential } from '../credential/credential.ts';
import { buildCodeExchange } from '../oauth/authorization_code.ts';
import { buildPushedAuthorization, processPushedAuthorization } from '../oauth/pushed_authorization.ts';
import { receiveCode } from '../oauth/receive_code.ts';
import { processTokenResponse } from '../oauth/token_response.ts';
import type { Provider } from '../provider/provider.ts';
import { readOAuth2 } from '../provider/settings.ts';
import { LOOPBACK_REDIRECT } from '../target/loopback_redirect.ts';
import { acceptTokens, sendToServer } from './oauth2.ts';
import type { PersonLogin, PersonLoginPorts } from './person.ts';

/** How long a person is waited for, in milliseconds. */
const PERSON_MS = 300_000;

/**
 * Obtains tokens by an authorization code: the person signs in with a browser of this machine, and
 * the browser brings the code to a port of it (RFC 6749 §4.1, RFC 7636, RFC 8252, RFC 9126, RFC 9207).
 *
 * @throws {SigError} as `obtainWithPerson` says
 */
export async function obtainByCode(
  provider: Provider,
  { metadata, client, scopes, audience, dpopJkt }: PersonLogin,
  ports: PersonLoginPorts,
): Promise<Credential> {
  const { allowHttp } = provider;
  const { clientId } = client;
  const { code, verifier, redirectUri } = await receiveCode({
    ...ports,
    name: provider.id,
    metadata,
    request: {
      clientId,
      redirectUri: readOAuth2(provider, 'redirectUri', ports.env) ?? LOOPBACK_REDIRECT,
      scopes,
      audience,
      dpopJkt,
    },
    push: async (endpoint, fields) => {
      const request = buildPushedAuthorization({ endpoint, client, fields, allowHttp });
      return await processPushedAuthorization(await sendToServer(provider, request, ports), clientId, provider.id);
    },
    timeoutMs: PERSON_MS,
  });
  const tokenUrl = metadata.tokenEndpoint;
  const request = buildCodeExchange({ tokenUrl, client, code, verifier, redirectUri, audience, allowHttp });
  const tokens = await processTokenResponse(await sendToServer(provider, request, ports), provider.id);
  return acceptTokens(provider, tokens, {
    client,
    tokenUrl,
    revocationUrl: metadata.revocationEndpoint,
    nowSec: Math.floor(ports.clock.now() / 1000),
  });
}
