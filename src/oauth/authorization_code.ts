import { SigError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { isLoopbackHost } from '../target/host.ts';
import { parseUrl } from '../target/target.ts';
import { audienceFields } from './audience.ts';
import { buildFormRequest, type BuiltRequest, type Client } from './client.ts';
import { joinScopes } from './client_credentials.ts';
import type { ServerMetadata } from './discovery.ts';
import { readErrorCode } from './json_answer.ts';
import { challengeOf, createVerifier } from './pkce.ts';

/** What an authorization request asks for. */
export interface AuthorizationRequest {
  readonly clientId: string;
  /** Where the answer goes; with its port. */
  readonly redirectUri: string;
  readonly scopes?: readonly string[] | undefined;
  /** What the token is for; see `audience.ts`. */
  readonly audience?: string | undefined;
  /** Thumbprint of the key that the code is bound to (RFC 9449 §10). */
  readonly dpopJkt?: string | undefined;
}

/** What one authorization is recognised by. It is made anew for each and used once. */
export interface AuthorizationAttempt {
  readonly state: string;
  readonly verifier: string;
  /** Comes back in the id_token (OpenID Connect Core §3.1.2.1). */
  readonly nonce: string;
}

/** Makes what the answer to one authorization request, and nothing else, will fit. */
export function createAttempt(): AuthorizationAttempt {
  return { state: createVerifier(), verifier: createVerifier(), nonce: createVerifier() };
}

/**
 * The parameters of an authorization request (RFC 6749 §4.1.1) with PKCE `S256` (RFC 7636 §4.3).
 * They go to the authorization endpoint in a URL, or before that in a push (RFC 9126).
 */
export async function authorizationFields(
  request: AuthorizationRequest,
  attempt: AuthorizationAttempt,
): Promise<Readonly<Record<string, string | undefined>>> {
  const isOpenId = request.scopes?.includes('openid') ?? false;
  return {
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    scope: joinScopes(request.scopes),
    state: attempt.state,
    code_challenge: await challengeOf(attempt.verifier),
    code_challenge_method: 'S256',
    dpop_jkt: request.dpopJkt,
    ...audienceFields(request.audience),
    ...(isOpenId ? { nonce: attempt.nonce } : {}),
    // OpenID Connect Core §11: without consent that scope is ignored.
    ...(isOpenId && request.scopes!.includes('offline_access') ? { prompt: 'consent' } : {}),
  };
}

/**
 * The URL that a person's browser opens (RFC 6749 §3.1: a query of the endpoint stays).
 *
 * @param endpoint https, or http on loopback
 * @throws {SigError} E_TARGET, E_PLAINTEXT
 */
export function authorizationUrl(endpoint: string, fields: Readonly<Record<string, string | undefined>>): string {
  const { target, href } = parseUrl(endpoint);
  if (target.scheme !== 'https' && !isLoopbackHost(target.host)) {
    throw new SigError('E_PLAINTEXT', `Cannot send a person to ${target.host} over plain http`);
  }
  const url = new URL(href);
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

/**
 * Refuses a server with which the grant would be weaker than it looks.
 *
 * @throws {SigError} E_TOKEN_RESPONSE when it has no authorization endpoint, does not take `S256`, or contradicts itself
 */
export function requireAuthorization(
  metadata: ServerMetadata,
): ServerMetadata & Required<Pick<ServerMetadata, 'authorizationEndpoint' | 'tokenEndpoint'>> {
  const { authorizationEndpoint, tokenEndpoint, challengeMethods } = metadata;
  const isPushable = metadata.pushedAuthorizationRequestEndpoint !== undefined;
  const bad = (why: string) => new SigError('E_TOKEN_RESPONSE', `Cannot log in at issuer ${metadata.issuer}: ${why}`);
  if (authorizationEndpoint === undefined || tokenEndpoint === undefined) throw bad('it has no authorization endpoint');
  // Those that do not say may well ignore it: then it is harmless (RFC 7636 §5).
  if (challengeMethods?.includes('S256') === false) throw bad('it does not take PKCE with S256');
  if (metadata.requiresPushed && !isPushable) throw bad('it wants requests pushed and does not say where');
  return { ...metadata, authorizationEndpoint, tokenEndpoint };
}

/** Whom an answer must come from. */
export interface ExpectedAnswer {
  readonly state: string;
  /** As its metadata has it. */
  readonly issuer: string;
  /** Whether the metadata promises `iss` (RFC 9207 §3). */
  readonly sendsIssuer?: boolean | undefined;
}

/**
 * Reads what the browser brought to the redirect URI (RFC 6749 §4.1.2), strictly: each parameter
 * once, our `state`, the issuer that was asked (RFC 9207 §2.4).
 *
 * @param query without `?`
 * @returns the code
 * @throws {SigError} E_TOKEN_RESPONSE when the answer is not the one to our request, E_LOGIN_FAILED when the server or the
 * person said no
 */
export function processAuthorizationResponse(query: string, expected: ExpectedAnswer, providerId: string): Secret {
  const fields = new URLSearchParams(query);
  const bad = (why: string) =>
    new SigError('E_TOKEN_RESPONSE', `Cannot accept the answer that the browser brought: ${why}`, {
      hint: 'nothing was stored; somebody may be trying to mix up logins',
      provider: providerId,
    });
  for (const name of ['state', 'iss', 'code', 'error']) {
    if (fields.getAll(name).length > 1) throw bad(`"${name}" is there twice`);
  }
  // RFC 6749 §10.12: before anything else of it is believed.
  if (fields.get('state') !== expected.state) throw bad('"state" is wrong, so it belongs to another login');
  const issuer = fields.get('iss');
  if (issuer === null && expected.sendsIssuer) throw bad('"iss" is missing, which this server always sends');
  if (issuer !== null && issuer !== expected.issuer) throw bad('"iss" is wrong, so it is from another server');
  if (fields.has('error')) {
    const code = readErrorCode({ error: fields.get('error') });
    throw new SigError(
      'E_LOGIN_FAILED',
      `Authorization server of "${providerId}" refused${code === undefined ? '' : `: "${code}"`}`,
      { hint: 'the login that was there before is kept', provider: providerId },
    );
  }
  const code = fields.get('code');
  if (code === null || !/^[\x20-\x7e]{1,8192}$/.test(code)) throw bad('it has no usable code');
  return new Secret(code);
}

/** What a code is exchanged with. */
export interface CodeExchange {
  readonly tokenUrl: string;
  readonly client: Client;
  readonly code: Secret;
  readonly verifier: string;
  /** The one of the authorization request, letter by letter; absent where that had none. */
  readonly redirectUri?: string | undefined;
  readonly audience?: string | undefined;
  readonly allowHttp?: boolean | undefined;
}

/**
 * Builds the token request of an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5). The answer is
 * read by `processTokenResponse`.
 *
 * @throws {SigError} E_PLAINTEXT, E_TARGET, E_LOGIN_REQUIRED when the client lacks its secret
 */
export function buildCodeExchange(exchange: CodeExchange): BuiltRequest {
  return buildFormRequest(
    exchange.tokenUrl,
    {
      grant_type: 'authorization_code',
      code: exchange.code.reveal(),
      redirect_uri: exchange.redirectUri,
      code_verifier: exchange.verifier,
      ...audienceFields(exchange.audience),
    },
    exchange.client,
    exchange.allowHttp,
  );
}
