/**
 * Alien's login for agents: an authorization in JSON mode that a person approves in a phone app,
 * told about by polling. Discovery, tokens and refresh are plain OAuth 2.0 with DPoP.
 *
 * @module
 */

import { isSigError, SigError } from '../errors.ts';
import { buildCodeExchange, createAttempt } from '../oauth/authorization_code.ts';
import { challengeOf } from '../oauth/pkce.ts';
import { Secret } from '../secret.ts';
import { askForTokens, discoverServer, type ProofState, transportTo } from './authorization_server.ts';
import { verifyIdToken } from './id_token.ts';
import { type AgentGrant, type AgentSession, readClaims, withTokens } from './session.ts';
import { type AgentPorts, readJsonObject } from './transport.ts';

/** What a login is told. */
export interface AlienLogin {
  /** Base URL of the server, such as `https://sso.alien-api.com`. */
  readonly ssoUrl: string;
  /** The provider address: the client id of a registered app. */
  readonly clientId: string;
  /** Sent as `Origin`. Default `http://localhost`. */
  readonly oidcOrigin?: string | undefined;
  /** How long a person may take, in milliseconds. Default 300,000. */
  readonly timeoutMs?: number | undefined;
  /** Default 3,000. */
  readonly pollIntervalMs?: number | undefined;
  /** Shows a link for a person to open; it is never opened by us (security case B18). */
  readonly show: (link: string, code?: string) => Promise<void>;
}

/** Signatures that Alien makes id_tokens with. */
const ID_TOKEN_ALGORITHMS = ['RS256', 'EdDSA'];
const DEFAULT_ORIGIN = 'http://localhost';

/**
 * Logs an agent in.
 *
 * @throws {SigError} E_LOGIN_FAILED when the person says no or too late; E_TOKEN_RESPONSE when an answer is not to be
 * trusted; E_UPSTREAM, E_UPSTREAM_TLS, E_TIMEOUT
 */
export async function loginWithAlien(login: AlienLogin, state: ProofState, ports: AgentPorts): Promise<AgentSession> {
  const base = login.ssoUrl.replace(/\/+$/, '');
  const metadata = await discoverServer(base, ports);
  const { verifier, state: flow, nonce } = createAttempt();
  const authorization = await authorize(
    base,
    login,
    { verifier, state: flow, nonce, jkt: state.key.thumbprint },
    ports,
  );
  requireSame(authorization, flow, metadata.issuer);
  await login.show(requireLink(authorization.deep_link));
  const code = await poll(base, String(authorization.polling_code), { flow, issuer: metadata.issuer }, login, ports);
  const tokenUrl = `${base}/oauth/token`;
  const client = { clientId: login.clientId };
  const exchange = buildCodeExchange({ tokenUrl, client, code, verifier, allowHttp: true });
  const answer = await askForTokens(exchange, state, ports);
  const { tokens } = answer as Required<typeof answer>;
  const grant: AgentGrant = {
    profile: 'alien',
    issuer: metadata.issuer,
    tokenUrl,
    jwksUrl: metadata.jwksUri ?? `${base}/oauth/jwks`,
    ...(metadata.revocationEndpoint === undefined ? {} : { revocationUrl: metadata.revocationEndpoint }),
    clientId: login.clientId,
    algorithm: state.algorithm,
    jkt: state.key.thumbprint,
    allowedOrigins: [],
  };
  if (tokens.idToken === undefined) throw new SigError('E_TOKEN_RESPONSE', 'The server gave no id_token');
  const session = withTokens(grant, tokens, Math.floor(ports.clock.now() / 1000));
  return await verifySession(session, nonce, ports);
}

/**
 * Verifies the id_token of a session, and that both tokens are of one person.
 *
 * @param nonce of the authorization request; absent at a refresh
 * @returns the session with its `subject`
 * @throws {SigError} E_TOKEN_RESPONSE, and what sending throws
 */
export async function verifySession(
  session: AgentSession,
  nonce: string | undefined,
  ports: AgentPorts,
): Promise<AgentSession> {
  const { idToken, jwksUrl } = session;
  if (idToken === undefined || jwksUrl === undefined) return session;
  const response = await transportTo(jwksUrl, ports).send(
    new Request(jwksUrl, { headers: { Accept: 'application/json' } }),
  );
  const isAlien = session.profile === 'alien';
  const subject = await verifyIdToken(idToken, await readJsonObject(response), {
    issuer: session.issuer,
    clientId: session.clientId,
    jkt: isAlien ? session.jkt : undefined,
    nonce,
    algorithms: isAlien ? ID_TOKEN_ALGORITHMS : [...ID_TOKEN_ALGORITHMS, 'ES256', 'PS256', 'Ed25519'],
    nowMs: ports.clock.now(),
  });
  requireSubject(session, subject);
  return { ...session, subject };
}

/**
 * Refuses a session whose token is somebody else's.
 *
 * @throws {SigError} E_TOKEN_RESPONSE
 */
export function requireSubject(session: AgentSession, subject: string | undefined): void {
  const said = readClaims(session.accessToken.reveal()).sub;
  if (subject !== undefined && said !== undefined && said !== subject) {
    throw new SigError('E_TOKEN_RESPONSE', 'The server gave a token of another person');
  }
}

async function authorize(
  base: string,
  login: AlienLogin,
  secrets: { verifier: string; state: string; nonce: string; jkt: string },
  ports: AgentPorts,
): Promise<Record<string, unknown>> {
  const url = `${base}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    response_mode: 'json',
    client_id: login.clientId,
    scope: 'openid',
    code_challenge: await challengeOf(secrets.verifier),
    code_challenge_method: 'S256',
    state: secrets.state,
    nonce: secrets.nonce,
    dpop_jkt: secrets.jkt,
  })}`;
  const origins = [login.oidcOrigin ?? DEFAULT_ORIGIN];
  // The server may know this client by no origin but the default one.
  if (origins[0] !== DEFAULT_ORIGIN) origins.push(DEFAULT_ORIGIN);
  let status = 0;
  for (const origin of origins) {
    const headers = new Headers({ Accept: 'application/json' });
    headers.set('Origin', origin);
    const response = await transportTo(url, ports).send(new Request(url, { headers }));
    const json = await readJsonObject(response);
    if (response.status === 200 && json && typeof json.polling_code === 'string') return json;
    status = response.status;
    if (!/origin/i.test(JSON.stringify([json?.error, json?.error_description]))) break;
  }
  throw new SigError('E_LOGIN_FAILED', `The server refused the authorization request: status ${status}`, {
    hint: 'check --provider-address and --oidc-origin',
  });
}

async function poll(
  base: string,
  pollingCode: string,
  expected: { flow: string; issuer: string },
  login: AlienLogin,
  ports: AgentPorts,
): Promise<Secret> {
  const url = `${base}/oauth/poll`;
  const deadlineMs = ports.clock.now() + (login.timeoutMs ?? 300_000);
  for (;;) {
    const json = await pollOnce(url, pollingCode, ports);
    if (json?.status === 'authorized') {
      requireSame(json, expected.flow, expected.issuer);
      const { authorization_code: code } = json;
      if (typeof code === 'string' && code !== '') return new Secret(code);
      throw new SigError('E_TOKEN_RESPONSE', 'The server gave no authorization code');
    }
    if (json?.status === 'rejected') throw new SigError('E_LOGIN_FAILED', 'The owner rejected the login');
    if (json?.status === 'expired' || ports.clock.now() >= deadlineMs) {
      throw new SigError('E_LOGIN_FAILED', 'The login was not approved in time', { hint: 'agent-id bootstrap' });
    }
    await ports.timer.wait(login.pollIntervalMs ?? 3_000);
  }
}

/** One poll; `undefined` when the server cannot be asked just now. */
async function pollOnce(
  url: string,
  pollingCode: string,
  ports: AgentPorts,
): Promise<Record<string, unknown> | undefined> {
  try {
    const response = await transportTo(url, ports).send(
      new Request(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
        body: JSON.stringify({ polling_code: pollingCode }),
      }),
    );
    if (response.status === 429 || response.status >= 500) return undefined;
    const json = await readJsonObject(response);
    if (response.status === 200 && json) return json;
    throw new SigError('E_LOGIN_FAILED', `The server refused the poll: status ${response.status}`);
  } catch (error) {
    // A person is still deciding: a network that fails for a moment changes nothing.
    if (isSigError(error, 'E_UPSTREAM') || isSigError(error, 'E_TIMEOUT')) return undefined;
    throw error;
  }
}

/** RFC 9207 and RFC 6749 §10.12, as far as this server sends them. */
function requireSame(json: Record<string, unknown>, flow: string, issuer: string): void {
  if (json.state !== undefined && json.state !== flow) {
    throw new SigError('E_TOKEN_RESPONSE', 'The answer belongs to another login: "state" is wrong');
  }
  if (json.iss !== undefined && json.iss !== issuer) {
    throw new SigError('E_TOKEN_RESPONSE', 'The answer is of another issuer: "iss" is wrong');
  }
}

/**
 * A link that a person may be shown: of any scheme that does nothing by itself.
 *
 * @throws {SigError} E_TOKEN_RESPONSE
 */
export function requireLink(link: unknown): string {
  if (
    typeof link === 'string' && /^[a-z][a-z0-9+.-]{0,31}:[\x21-\x7e]{1,2000}$/i.test(link) &&
    !/^(?:javascript|data|file|vbscript|blob):/i.test(link)
  ) {
    return link;
  }
  throw new SigError('E_TOKEN_RESPONSE', 'The server gave a link that cannot be shown');
}
