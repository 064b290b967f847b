import { SigError } from '../errors.ts';
import type { ServerMetadata } from '../oauth/discovery.ts';
import { requireLink, verifySession } from './alien.ts';
import { askForTokens, type ProofState, transportTo } from './authorization_server.ts';
import { type AgentGrant, type AgentSession, withTokens } from './session.ts';
import { type AgentPorts, formBody, readJsonObject } from './transport.ts';

/** What a login is told. */
export interface DeviceLogin {
  readonly clientId: string;
  /** Separated by blanks. */
  readonly scope?: string | undefined;
  /** How long a person may take, in milliseconds; the server may allow less. Default 300,000. */
  readonly timeoutMs?: number | undefined;
  /** Shows a link and the code to type there; it is never opened by us (security case B18). */
  readonly show: (link: string, code?: string) => Promise<void>;
}

const PENDING = ['authorization_pending', 'slow_down', 'expired_token', 'access_denied'];

/**
 * Logs an agent in at any authorization server with the device grant (RFC 8628), the tokens bound
 * to the key: each poll carries a proof of its own.
 *
 * @throws {SigError} E_LOGIN_FAILED when the person says no or too late; E_TOKEN_RESPONSE when the server has no device
 * grant or answers something unusable; E_UPSTREAM, E_UPSTREAM_TLS, E_TIMEOUT
 */
export async function loginWithDevice(
  login: DeviceLogin,
  metadata: ServerMetadata,
  state: ProofState,
  ports: AgentPorts,
): Promise<AgentSession> {
  const { deviceAuthorizationEndpoint, tokenEndpoint } = metadata;
  if (deviceAuthorizationEndpoint === undefined || tokenEndpoint === undefined) {
    throw new SigError('E_TOKEN_RESPONSE', `Issuer ${metadata.issuer} has no device grant`);
  }
  const device = await startDevice(deviceAuthorizationEndpoint, login, ports);
  await login.show(
    requireLink(device.verification_uri_complete ?? device.verification_uri),
    readCode(device.user_code),
  );
  const limitMs = Math.min(login.timeoutMs ?? 300_000, seconds(device.expires_in, 300) * 1000);
  const deadlineMs = ports.clock.now() + limitMs;
  let intervalMs = seconds(device.interval, 5) * 1000;
  for (;;) {
    await ports.timer.wait(intervalMs);
    const { tokens, error } = await askForTokens(
      tokenEndpoint,
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code: String(device.device_code),
        client_id: login.clientId,
      },
      state,
      ports,
      PENDING,
    );
    if (tokens) {
      const session = withTokens(
        grantFor(login, metadata, tokenEndpoint, state),
        tokens,
        Math.floor(ports.clock.now() / 1000),
      );
      return await verifySession(session, undefined, ports);
    }
    if (error === 'access_denied') throw new SigError('E_LOGIN_FAILED', 'The owner rejected the login');
    if (error === 'expired_token' || ports.clock.now() + intervalMs > deadlineMs) {
      throw new SigError('E_LOGIN_FAILED', 'The login was not approved in time', { hint: 'agent-id bootstrap' });
    }
    // RFC 8628 §3.5: five seconds more, from now on.
    if (error === 'slow_down') intervalMs += 5_000;
  }
}

function grantFor(login: DeviceLogin, metadata: ServerMetadata, tokenUrl: string, state: ProofState): AgentGrant {
  return {
    profile: 'standard',
    issuer: metadata.issuer,
    tokenUrl,
    ...(metadata.jwksUri === undefined ? {} : { jwksUrl: metadata.jwksUri }),
    ...(metadata.revocationEndpoint === undefined ? {} : { revocationUrl: metadata.revocationEndpoint }),
    clientId: login.clientId,
    algorithm: state.algorithm,
    jkt: state.key.thumbprint,
    allowedOrigins: [],
  };
}

async function startDevice(url: string, login: DeviceLogin, ports: AgentPorts): Promise<Record<string, unknown>> {
  const { body, type } = formBody({ client_id: login.clientId, scope: login.scope });
  const headers = { 'Content-Type': type, Accept: 'application/json' };
  const response = await transportTo(url, ports).send(new Request(url, { method: 'POST', headers, body }));
  const json = await readJsonObject(response);
  if (response.status === 200 && typeof json?.device_code === 'string' && json.device_code !== '') return json;
  throw new SigError('E_LOGIN_FAILED', `The server refused the device grant: status ${response.status}`, {
    hint: 'check --client-id and --scope',
  });
}

function readCode(code: unknown): string {
  if (typeof code === 'string' && /^[\x20-\x7e]{1,64}$/.test(code)) return code;
  throw new SigError('E_TOKEN_RESPONSE', 'The server gave a code that cannot be shown');
}

/** A duration of the server, 1 second to an hour. */
function seconds(value: unknown, otherwise: number): number {
  return typeof value === 'number' && value >= 1 && value <= 3600 ? value : otherwise;
}
