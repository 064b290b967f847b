import type { Credential, OAuth2Session } from '../credential/credential.ts';
import { isSigError, SigError } from '../errors.ts';
import type { Client } from '../oauth/client.ts';
import type { ServerMetadata } from '../oauth/discovery.ts';
import type { Invitation, ListenForRedirect, Timer } from '../ports.ts';
import type { Provider } from '../provider/provider.ts';
import { readOAuth2 } from '../provider/settings.ts';
import { discover, type OAuth2Ports, resolveClient } from './oauth2.ts';

/** What the grants with a person in them need besides. */
export interface PersonPorts {
  readonly timer: Timer;
  readonly listen: ListenForRedirect;
  /** Shows the person where to go; returns when that is shown. */
  readonly invite: (invitation: Invitation) => Promise<void>;
  /** Ends the login. */
  readonly signal?: AbortSignal | undefined;
}

/** The ports of a login that a person takes part in. */
export type PersonLoginPorts = OAuth2Ports & PersonPorts;

/** What both of those grants begin with. */
export interface PersonLogin {
  readonly metadata: ServerMetadata & { readonly tokenEndpoint: string };
  readonly client: Client;
  readonly scopes: readonly string[] | undefined;
  readonly audience: string | undefined;
  /** Thumbprint of the key that the tokens are to be bound to. */
  readonly dpopJkt?: string | undefined;
}

/** Whether a provider's grant needs a person each time there is no refresh token. */
export function isPersonGrant(provider: Provider): boolean {
  return provider.strategy === 'oauth2' &&
    (provider.config.oauth2?.grant ?? 'client_credentials') !== 'client_credentials';
}

/**
 * Logs in by the provider's grant, with a person.
 *
 * @param known the client, as config and the last login have it
 * @param dpopJkt thumbprint of the key that the ports sign with, which the code is bound to as well (RFC 9449 §10)
 * @throws {SigError} E_LOGIN_FAILED when the person or the server says no; E_TOKEN_RESPONSE when an answer is not to be
 * trusted; E_INTERRUPTED; E_UPSTREAM, E_UPSTREAM_TLS, E_TIMEOUT; E_CONFIG, E_ENV_UNSET, E_PLAINTEXT
 */
export async function obtainWithPerson(
  provider: Provider,
  known: OAuth2Session,
  ports: PersonLoginPorts,
  dpopJkt?: string,
): Promise<Credential> {
  const login = { ...await beginLogin(provider, known, ports), dpopJkt };
  try {
    if (provider.config.oauth2?.grant === 'device_code') {
      const { obtainByDevice } = await import('./device_code.ts');
      return await obtainByDevice(provider, login, ports);
    }
    const { obtainByCode } = await import('./authorization_code.ts');
    return await obtainByCode(provider, login, ports);
  } catch (cause) {
    // What the person has just granted is refused: to log in again is no advice.
    if (!isSigError(cause, 'E_LOGIN_REQUIRED')) throw cause;
    const hint = 'the login that was there before is kept';
    throw new SigError('E_LOGIN_FAILED', cause.message, { provider: provider.id, hint, cause });
  }
}

async function beginLogin(provider: Provider, known: OAuth2Session, ports: OAuth2Ports): Promise<PersonLogin> {
  const metadata = await discover(provider, ports);
  const tokenEndpoint = readOAuth2(provider, 'tokenUrl', ports.env) ?? metadata?.tokenEndpoint;
  if (metadata === undefined || tokenEndpoint === undefined) {
    throw new SigError('E_CONFIG', `Provider "${provider.id}" has no server at which a person could log in`, {
      hint: 'set "issuer"',
      provider: provider.id,
    });
  }
  return {
    metadata: { ...metadata, tokenEndpoint },
    client: resolveClient(provider, known, ports.env),
    scopes: provider.config.oauth2?.scopes,
    audience: readOAuth2(provider, 'audience', ports.env),
  };
}
