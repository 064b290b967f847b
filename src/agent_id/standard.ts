/**
 * Logins of an agent at any authorization server, the tokens bound to the agent's key.
 *
 * @module
 */

import { SigError } from '../errors.ts';
import { buildCodeExchange } from '../oauth/authorization_code.ts';
import {
  buildDeviceAuthorization,
  buildDevicePoll,
  DEVICE_ANSWERS,
  processDeviceAuthorization,
} from '../oauth/device_code.ts';
import type { ServerMetadata } from '../oauth/discovery.ts';
import { pollDevice } from '../oauth/poll_device.ts';
import { buildPushedAuthorization, processPushedAuthorization } from '../oauth/pushed_authorization.ts';
import { receiveCode } from '../oauth/receive_code.ts';
import type { TokenSet } from '../oauth/token_response.ts';
import type { ListenForRedirect } from '../ports.ts';
import { LOOPBACK_REDIRECT } from '../target/loopback_redirect.ts';
import { authorityOf, parseUrl } from '../target/target.ts';
import { verifySession } from './alien.ts';
import { askForTokens, type ProofState, sendToServer, sendWithProof } from './authorization_server.ts';
import { type AgentSession, withTokens } from './session.ts';
import type { AgentPorts } from './transport.ts';

/** How the owner of an agent logs it in. */
export type StandardGrant = 'device_code' | 'authorization_code';

/** What a login is told. */
export interface StandardLogin {
  readonly clientId: string;
  /** Default: `device_code`, where the server has it. */
  readonly grant?: StandardGrant | undefined;
  /** Separated by blanks. */
  readonly scope?: string | undefined;
  /** How long a person may take, in milliseconds; the server may allow less. Default 300,000. */
  readonly timeoutMs?: number | undefined;
  /** Shows a link, and the code to type there; it is never opened by us (security case B18). */
  readonly show: (link: string, code?: string) => Promise<void>;
  /** Takes what a browser brings back; without it there is no authorization code. */
  readonly listen?: ListenForRedirect | undefined;
  /** As registered with the server. Default `http://127.0.0.1/callback`, with any port. */
  readonly redirectUri?: string | undefined;
}

type Server = ServerMetadata & { readonly tokenEndpoint: string };
type Obtained = { readonly tokens: TokenSet; readonly nonce?: string };

const PERSON_MS = 300_000;
const HINT = 'agent-id bootstrap';

/**
 * Logs an agent in: with the device grant (RFC 8628), each poll with a proof of its own, or with an
 * authorization code that is bound to the key (RFC 9449 §10).
 *
 * @throws {SigError} E_LOGIN_FAILED when the person says no or too late; E_TOKEN_RESPONSE when the server has no such grant
 * or answers something unusable; E_UPSTREAM, E_UPSTREAM_TLS, E_TIMEOUT
 */
export async function loginWithStandard(
  login: StandardLogin,
  metadata: ServerMetadata,
  state: ProofState,
  ports: AgentPorts,
): Promise<AgentSession> {
  const { tokenEndpoint } = metadata;
  if (tokenEndpoint === undefined) throw lacks(metadata, 'token endpoint');
  const server = { ...metadata, tokenEndpoint };
  const hasDevice = metadata.deviceAuthorizationEndpoint !== undefined;
  const obtain = (login.grant ?? (hasDevice ? 'device_code' : 'authorization_code')) === 'device_code'
    ? obtainByDevice
    : obtainByCode;
  const { tokens, nonce } = await obtain(login, server, state, ports);
  const session = withTokens(
    {
      profile: 'standard',
      issuer: metadata.issuer,
      tokenUrl: tokenEndpoint,
      ...(metadata.jwksUri === undefined ? {} : { jwksUrl: metadata.jwksUri }),
      ...(metadata.revocationEndpoint === undefined ? {} : { revocationUrl: metadata.revocationEndpoint }),
      clientId: login.clientId,
      algorithm: state.algorithm,
      jkt: state.key.thumbprint,
      allowedOrigins: [],
    },
    tokens,
    Math.floor(ports.clock.now() / 1000),
  );
  return await verifySession(session, nonce, ports);
}

async function obtainByDevice(
  login: StandardLogin,
  metadata: Server,
  state: ProofState,
  ports: AgentPorts,
): Promise<Obtained> {
  const { deviceAuthorizationEndpoint: endpoint, tokenEndpoint: tokenUrl } = metadata;
  if (endpoint === undefined) throw lacks(metadata, 'device grant');
  const client = { clientId: login.clientId };
  const asked = buildDeviceAuthorization({ endpoint, client, scopes: scopesOf(login), allowHttp: true });
  const device = await processDeviceAuthorization(await sendToServer(asked, ports), nameOf(metadata));
  await login.show(device.completeUrl ?? device.verificationUrl, device.userCode);
  const tokens = await pollDevice(device, {
    ...ports,
    timeoutMs: login.timeoutMs ?? PERSON_MS,
    hint: HINT,
    ask: async () => {
      const poll = buildDevicePoll({ tokenUrl, client, deviceCode: device.deviceCode, allowHttp: true });
      return await askForTokens(poll, state, ports, DEVICE_ANSWERS);
    },
  });
  return { tokens };
}

async function obtainByCode(
  login: StandardLogin,
  metadata: Server,
  state: ProofState,
  ports: AgentPorts,
): Promise<Obtained> {
  const { clientId, listen } = login;
  if (listen === undefined) throw lacks(metadata, 'device grant');
  const scopes = scopesOf(login);
  const client = { clientId };
  const name = nameOf(metadata);
  const { code, verifier, nonce, redirectUri } = await receiveCode({
    name,
    metadata,
    request: {
      clientId,
      redirectUri: login.redirectUri ?? LOOPBACK_REDIRECT,
      scopes,
      dpopJkt: state.key.thumbprint,
    },
    push: async (endpoint, fields) => {
      const request = buildPushedAuthorization({ endpoint, client, fields, allowHttp: true });
      // RFC 9449 §10.1: the proof binds the code too.
      return await processPushedAuthorization(await sendWithProof(request, state, ports), clientId, name);
    },
    listen,
    invite: async ({ url }) => await login.show(url),
    clock: ports.clock,
    timeoutMs: login.timeoutMs ?? PERSON_MS,
  });
  const tokenUrl = metadata.tokenEndpoint;
  const exchange = buildCodeExchange({ tokenUrl, client, code, verifier, redirectUri, allowHttp: true });
  const { tokens } = await askForTokens(exchange, state, ports);
  return { tokens: tokens!, ...(scopes?.includes('openid') ? { nonce } : {}) };
}

function lacks({ issuer }: ServerMetadata, what: string): SigError {
  return new SigError('E_TOKEN_RESPONSE', `Issuer ${issuer} has no ${what}`);
}

function scopesOf({ scope }: StandardLogin): string[] | undefined {
  return scope?.split(/\s+/).filter((one) => one !== '');
}

function nameOf({ issuer }: ServerMetadata): string {
  return authorityOf(parseUrl(issuer).target);
}
