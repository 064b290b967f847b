import type { Credential, OAuth2Session } from '../credential/credential.ts';
import { SigError } from '../errors.ts';
import { decodeUtf8 } from '../encoding/bytes.ts';
import { readAll } from '../encoding/read_all.ts';
import type { BuiltRequest, Client } from '../oauth/client.ts';
import { buildClientCredentials } from '../oauth/client_credentials.ts';
import { metadataUrls, parseMetadata, type ServerMetadata } from '../oauth/discovery.ts';
import { buildRefresh } from '../oauth/refresh_token.ts';
import { processTokenResponse, type TokenSet } from '../oauth/token_response.ts';
import type { Clock, Send, WireResponse } from '../ports.ts';
import { bindingOf } from '../provider/binding.ts';
import type { Provider } from '../provider/provider.ts';
import { type Environment, readOAuth2, sendOptionsOf } from '../provider/settings.ts';
import { Secret } from '../secret.ts';
import { authorityOf, parseUrl } from '../target/target.ts';

/** What obtaining tokens needs of the world. */
export interface OAuth2Ports {
  readonly send: Send;
  readonly clock: Clock;
  readonly env: Environment;
}

/** Whether tokens of this provider can be had without a person. */
export function canObtainSilently(provider: Provider, known: OAuth2Session | undefined, env: Environment): boolean {
  if (provider.strategy !== 'oauth2') return false;
  if (known?.refreshToken !== undefined) return true;
  if (grantOf(provider) !== 'client_credentials') return false;
  const configured = provider.config.oauth2?.clientSecret;
  return known?.clientSecret !== undefined || (configured !== undefined && isReadable(configured, env));
}

/**
 * Obtains tokens without a person: with the refresh token when there is one, else by client
 * credentials. What was known of the client stays known.
 *
 * @param known the session of the last login, or what the command line gave
 * @throws {SigError} E_LOGIN_REQUIRED when a person is needed; E_LOGIN_FAILED, E_TOKEN_RESPONSE, E_UPSTREAM,
 * E_UPSTREAM_TLS, E_TIMEOUT, E_ENV_UNSET, E_PLAINTEXT as the grant fails
 */
export async function obtainOAuth2(
  provider: Provider,
  known: OAuth2Session | undefined,
  ports: OAuth2Ports,
): Promise<Credential> {
  const metadata = await discover(provider, ports);
  const tokenUrl = readOAuth2(provider, 'tokenUrl', ports.env) ?? metadata?.tokenEndpoint ?? known?.tokenUrl;
  if (tokenUrl === undefined) {
    throw new SigError('E_CONFIG', `Provider "${provider.id}" has no token endpoint`, {
      hint: 'set "tokenUrl" or "issuer", or log in with --token-url',
      provider: provider.id,
    });
  }
  const client = resolveClient(provider, known, ports.env);
  const { tokens, refreshed } = await requestTokens(provider, tokenUrl, client, known, ports);
  return acceptTokens(provider, tokens, {
    client,
    tokenUrl,
    refreshToken: refreshed ? known?.refreshToken : undefined,
    scope: known?.scope,
    revocationUrl: metadata?.revocationEndpoint ?? known?.revocationUrl,
    nowSec: Math.floor(ports.clock.now() / 1000),
  });
}

/** What is known of a login besides its tokens. */
export interface LoginFacts {
  readonly client: Client;
  readonly tokenUrl: string;
  /** What stays valid when the answer has none. */
  readonly refreshToken?: Secret | undefined;
  readonly scope?: string | undefined;
  readonly revocationUrl?: string | undefined;
  readonly nowSec: number;
}

/**
 * Makes a credential of tokens.
 *
 * @throws {SigError} E_TOKEN_RESPONSE when they are of another type than was asked for (security case D13)
 */
export function acceptTokens(provider: Provider, tokens: TokenSet, facts: LoginFacts): Credential {
  requireType(provider, tokens);
  const { client, tokenUrl, nowSec, revocationUrl } = facts;
  const refreshToken = tokens.refreshToken ?? facts.refreshToken;
  const scope = tokens.scope ?? facts.scope;
  const ttlSec = tokens.expiresInSec ?? provider.config.ttlSec;
  const values: Record<string, Secret> = { access_token: tokens.accessToken };
  for (const rule of provider.extract) if (rule.from === 'oauth2') values[rule.as] = tokens.accessToken;
  return {
    provider: provider.id,
    strategy: 'oauth2',
    obtainedAtSec: nowSec,
    ...(ttlSec === undefined ? {} : { expiresAtSec: nowSec + ttlSec }),
    values,
    oauth2: {
      clientId: client.clientId,
      ...(client.clientSecret === undefined ? {} : { clientSecret: client.clientSecret }),
      ...(refreshToken === undefined ? {} : { refreshToken }),
      tokenUrl,
      ...(revocationUrl === undefined ? {} : { revocationUrl }),
      ...(scope === undefined ? {} : { scope }),
    },
    binding: bindingOf(provider),
  };
}

/** The client: what config.yaml says (environment read), else what the last login left. */
export function resolveClient(provider: Provider, known: OAuth2Session | undefined, env: Environment): Client {
  const clientId = readOAuth2(provider, 'clientId', env) ?? known?.clientId;
  if (clientId === undefined) {
    throw new SigError('E_LOGIN_REQUIRED', `Provider "${provider.id}" has no client id`, {
      hint: `log in with its client: sig login ${provider.id} --client-id ID${
        grantOf(provider) === 'client_credentials' ? ' --client-secret-stdin' : ''
      }`,
      provider: provider.id,
    });
  }
  const configured = readOAuth2(provider, 'clientSecret', env);
  return {
    clientId,
    clientSecret: configured === undefined ? known?.clientSecret : new Secret(configured),
    authMethod: provider.config.oauth2?.authMethod,
  };
}

async function requestTokens(
  provider: Provider,
  tokenUrl: string,
  client: Client,
  known: OAuth2Session | undefined,
  ports: OAuth2Ports,
): Promise<{ tokens: TokenSet; refreshed: boolean }> {
  const allowHttp = provider.allowHttp;
  const ask = async (request: BuiltRequest) =>
    await processTokenResponse(await sendToServer(provider, request, ports), provider.id);
  const audience = readOAuth2(provider, 'audience', ports.env);
  const mayUseClient = grantOf(provider) === 'client_credentials' && client.clientSecret !== undefined;
  if (known?.refreshToken !== undefined) {
    try {
      const request = buildRefresh({ tokenUrl, client, refreshToken: known.refreshToken, audience, allowHttp });
      return { tokens: await ask(request), refreshed: true };
    } catch (error) {
      const isDead = error instanceof SigError && error.code === 'E_LOGIN_REQUIRED';
      if (!isDead || !mayUseClient) throw error;
    }
  }
  if (grantOf(provider) !== 'client_credentials') throw needsPerson(provider);
  const { scopes } = provider.config.oauth2 ?? {};
  const request = buildClientCredentials({
    tokenUrl,
    client,
    scopes: scopes ?? known?.scope?.split(' '),
    audience,
    allowHttp,
  });
  return { tokens: await ask(request), refreshed: false };
}

/** Sends a request to the provider's authorization server. */
export async function sendToServer(
  provider: Provider,
  { head, body }: BuiltRequest,
  ports: OAuth2Ports,
): Promise<WireResponse> {
  return await ports.send(head, body, { ...sendOptionsOf(provider, head.target, ports.env), timeoutMs: 20_000 });
}

/**
 * A token that is bound to a key is of no use as a bearer token, and one that is not, where that was asked for, is a
 * downgrade (RFC 9449 §5, security case D13).
 */
function requireType(provider: Provider, tokens: TokenSet): void {
  const isBound = provider.config.oauth2?.dpop === true;
  if (tokens.tokenType.toLowerCase() === (isBound ? 'dpop' : 'bearer')) return;
  throw new SigError(
    'E_TOKEN_RESPONSE',
    `Token endpoint of "${provider.id}" gave a token of type "${tokens.tokenType}"`,
    {
      hint: isBound
        ? 'the provider says "dpop: true": ask its operator to bind tokens, or remove that'
        : 'the provider does not say "dpop: true"',
      provider: provider.id,
    },
  );
}

function grantOf(provider: Provider): string {
  return provider.config.oauth2?.grant ?? 'client_credentials';
}

function needsPerson(provider: Provider): SigError {
  return new SigError('E_LOGIN_REQUIRED', `Provider "${provider.id}" needs a person to log in`, {
    hint: `sig login ${provider.id}`,
    provider: provider.id,
  });
}

function isReadable(text: string, env: Environment): boolean {
  return [...text.matchAll(/\$\{([A-Za-z_]\w*)\}/g)].every((found) => env(found[1]!) !== undefined);
}

/**
 * The issuer's metadata, when the provider names an issuer.
 *
 * @throws {SigError} E_TOKEN_RESPONSE when it has none that is usable, and what sending throws
 */
export async function discover(provider: Provider, ports: OAuth2Ports): Promise<ServerMetadata | undefined> {
  const issuer = readOAuth2(provider, 'issuer', ports.env);
  if (issuer === undefined) return undefined;
  let last: unknown;
  for (const url of metadataUrls(issuer)) {
    const { target, path } = parseUrl(url);
    const head = {
      method: 'GET',
      target,
      path,
      headers: [['Host', authorityOf(target)], ['Accept', 'application/json']] as const,
    };
    const response = await ports.send(head, null, { ...sendOptionsOf(provider, target, ports.env), timeoutMs: 10_000 });
    const bytes = await readAll(response.body, 256 * 1024);
    if (response.status !== 200 || bytes === undefined) continue;
    try {
      return parseMetadata(JSON.parse(decodeUtf8(bytes)), issuer);
    } catch (error) {
      last = error;
    }
  }
  if (last instanceof SigError) throw last;
  throw new SigError('E_TOKEN_RESPONSE', `Issuer of "${provider.id}" has no usable metadata`, {
    hint: 'check "issuer", or set "tokenUrl"',
    provider: provider.id,
    cause: last,
  });
}
