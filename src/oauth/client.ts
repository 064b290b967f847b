import type { AuthMethod } from '../config/config.ts';
import { SigError } from '../errors.ts';
import { encodeBase64 } from '../encoding/base64.ts';
import { type Bytes, encodeUtf8 } from '../encoding/bytes.ts';
import type { Secret } from '../secret.ts';
import type { RequestHead } from '../target/head.ts';
import { isLoopbackHost } from '../target/host.ts';
import { authorityOf, parseUrl } from '../target/target.ts';

/** An OAuth client as the token endpoint knows it. */
export interface Client {
  readonly clientId: string;
  readonly clientSecret?: Secret | undefined;
  /** Default: `client_secret_basic` with a secret, `none` without. */
  readonly authMethod?: AuthMethod | undefined;
}

/** A request that is ready to be sent. */
export interface BuiltRequest {
  readonly head: RequestHead;
  /** One chunk: a form. */
  readonly body: readonly [Bytes];
}

/**
 * Builds a form POST to an endpoint of an authorization server, with the client's authentication
 * (RFC 6749 §2.3.1, §3.2).
 *
 * @param endpoint URL of the endpoint; https, or http on loopback when `allowHttp` is set
 * @throws {SigError} E_PLAINTEXT for http elsewhere, E_CONFIG when the client lacks what its method needs
 */
export function buildFormRequest(
  endpoint: string,
  form: Readonly<Record<string, string | undefined>>,
  client: Client,
  allowHttp = false,
): BuiltRequest {
  const { target, path } = parseUrl(endpoint);
  if (target.scheme !== 'https' && !(allowHttp && isLoopbackHost(target.host))) {
    throw new SigError('E_PLAINTEXT', `Cannot send client credentials to ${target.host} over plain http`, {
      hint: 'use an https endpoint; http is possible on loopback with "allowHttp: true"',
    });
  }
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(form)) if (value !== undefined) fields.set(name, value);
  const headers: [string, string][] = [
    ['Host', authorityOf(target)],
    ['Accept', 'application/json'],
    ['Content-Type', 'application/x-www-form-urlencoded'],
  ];
  authenticate(client, headers, fields);
  const body = encodeUtf8(fields.toString());
  headers.push(['Content-Length', String(body.length)]);
  return { head: { method: 'POST', target, path, headers }, body: [body] };
}

function authenticate(client: Client, headers: [string, string][], fields: URLSearchParams): void {
  const method = client.authMethod ?? (client.clientSecret === undefined ? 'none' : 'client_secret_basic');
  if (method === 'private_key_jwt') {
    throw new SigError('E_CONFIG', 'Cannot use authMethod "private_key_jwt": this grant has no client key', {
      hint: 'use client_secret_basic or client_secret_post',
    });
  }
  if (method === 'none') {
    fields.set('client_id', client.clientId);
    return;
  }
  if (client.clientSecret === undefined) {
    throw new SigError('E_LOGIN_REQUIRED', `Client "${client.clientId}" has no client secret`, {
      hint: 'log in with --client-secret-stdin, --client-secret-env or --client-secret-file',
    });
  }
  if (method === 'client_secret_post') {
    fields.set('client_id', client.clientId);
    fields.set('client_secret', client.clientSecret.reveal());
    return;
  }
  // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
  const pair = `${formEncode(client.clientId)}:${formEncode(client.clientSecret.reveal())}`;
  headers.push(['Authorization', `Basic ${encodeBase64(encodeUtf8(pair))}`]);
}

function formEncode(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}
