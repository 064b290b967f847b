import { SigError } from '../errors.ts';
import type { WireResponse } from '../ports.ts';
import { Secret } from '../secret.ts';
import { isLoopbackHost } from '../target/host.ts';
import { parseUrl } from '../target/target.ts';
import { audienceFields } from './audience.ts';
import { buildFormRequest, type BuiltRequest, type Client } from './client.ts';
import { joinScopes } from './client_credentials.ts';
import { readJsonAnswer, refusal } from './json_answer.ts';

/** What a device asks for. */
export interface DeviceRequest {
  readonly endpoint: string;
  readonly client: Client;
  readonly scopes?: readonly string[] | undefined;
  readonly audience?: string | undefined;
  readonly allowHttp?: boolean | undefined;
}

/** What a person at another device needs, and what the login is polled with (RFC 8628 §3.2). */
export interface DeviceAuthorization {
  readonly deviceCode: Secret;
  /** What the person types, or compares. */
  readonly userCode: string;
  readonly verificationUrl: string;
  /** The same with the code in it, for a QR code. */
  readonly completeUrl?: string;
  readonly expiresInSec: number;
  readonly intervalSec: number;
}

/**
 * Builds a device authorization request (RFC 8628 §3.1).
 *
 * @throws {SigError} E_PLAINTEXT, E_TARGET, E_LOGIN_REQUIRED when the client lacks its secret
 */
export function buildDeviceAuthorization(request: DeviceRequest): BuiltRequest {
  return buildFormRequest(
    request.endpoint,
    { scope: joinScopes(request.scopes), ...audienceFields(request.audience) },
    // §3.1: a public client names itself; one with a secret may be asked for it.
    request.client,
    request.allowHttp,
  );
}

/**
 * Reads the answer to it.
 *
 * @throws {SigError} E_LOGIN_FAILED when the request was refused, E_UPSTREAM for 429 and 5xx, E_TOKEN_RESPONSE for anything
 * that cannot be shown to a person or polled with
 */
export async function processDeviceAuthorization(
  response: WireResponse,
  providerId: string,
): Promise<DeviceAuthorization> {
  const endpoint = `Device endpoint of "${providerId}"`;
  const json = await readJsonAnswer(response, endpoint, providerId);
  if (response.status !== 200 || json === undefined) throw refusal(endpoint, response.status, json, providerId);
  const bad = (name: string) =>
    new SigError('E_TOKEN_RESPONSE', `${endpoint} answered with no usable ${name}`, { provider: providerId });
  const { device_code: code, user_code: userCode, verification_uri_complete: complete } = json;
  if (typeof code !== 'string' || !/^[\x21-\x7e]{1,8192}$/.test(code)) throw bad('device_code');
  if (typeof userCode !== 'string' || !/^[\x20-\x7e]{1,64}$/.test(userCode)) throw bad('user_code');
  // `verification_url` is what it was called before the RFC; one large server still says so.
  const verificationUrl = readPage(json.verification_uri ?? json.verification_url);
  if (verificationUrl === undefined) throw bad('verification_uri');
  const completeUrl = complete === undefined ? undefined : readPage(complete);
  if (complete !== undefined && completeUrl === undefined) throw bad('verification_uri_complete');
  return {
    deviceCode: new Secret(code),
    userCode,
    verificationUrl,
    ...(completeUrl === undefined ? {} : { completeUrl }),
    expiresInSec: readSeconds(json.expires_in, 300),
    intervalSec: readSeconds(json.interval, 5),
  };
}

/** What a poll sends. */
export interface DevicePoll {
  readonly tokenUrl: string;
  readonly client: Client;
  readonly deviceCode: Secret;
  readonly audience?: string | undefined;
  readonly allowHttp?: boolean | undefined;
}

/** Errors that are answers to a poll (RFC 8628 §3.5). */
export const DEVICE_ANSWERS = ['authorization_pending', 'slow_down', 'expired_token', 'access_denied'] as const;

/**
 * Builds one poll (RFC 8628 §3.4). The answer is read by `processTokenAnswer` with
 * {@link DEVICE_ANSWERS}.
 *
 * @throws {SigError} E_PLAINTEXT, E_TARGET, E_LOGIN_REQUIRED when the client lacks its secret
 */
export function buildDevicePoll(poll: DevicePoll): BuiltRequest {
  return buildFormRequest(
    poll.tokenUrl,
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: poll.deviceCode.reveal(),
      ...audienceFields(poll.audience),
    },
    poll.client,
    poll.allowHttp,
  );
}

/** A page that a person is sent to: https, or http on loopback (security case B18). */
function readPage(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 2048) return undefined;
  try {
    const { target, href } = parseUrl(value);
    return target.scheme === 'https' || isLoopbackHost(target.host) ? href : undefined;
  } catch {
    return undefined; // What is wrong with a URL of the server does not help the person.
  }
}

/** A duration of the server, 1 second to an hour. */
function readSeconds(value: unknown, otherwise: number): number {
  return typeof value === 'number' && value >= 1 && value <= 3600 ? value : otherwise;
}
