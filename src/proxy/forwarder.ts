import { Hono } from 'hono';
import { isSigError, SigError } from '../errors.ts';
import { listField } from '../http1/fields.ts';
import type { ProviderSet } from '../provider/find.ts';
import type { Environment } from '../provider/settings.ts';
import type { Sig } from '../sig/sig.ts';
import type { HeaderPairs } from '../target/head.ts';
import { originOf, parseAuthority, parseUrl, type Target } from '../target/target.ts';
import { createPolicy, decideRequest } from './policy.ts';
import { problemOf } from './problem.ts';

/** What {@link createForwarder} is made of. */
export interface ForwarderOptions {
  /** Sends; see `createSig`. */
  readonly sig: Pick<Sig, 'fetch'>;
  /** The same providers that `sig` was made of. */
  readonly providers: ProviderSet;
  /** Whether a bearer token is one of the callers'; see {@link matchToken}. */
  readonly isToken: (presented: string) => boolean | Promise<boolean>;
  /**
   * Origin that every request goes to, such as `https://api.example.com`. By default the first part of the
   * path names a host, and a port where it is not 443: `/api.example.com/me` is `https://api.example.com/me`.
   */
  readonly to?: string | undefined;
  /** Path that it is mounted at, such as `/broker`. Default `/`. */
  readonly mount?: string | undefined;
  /** Milliseconds until the head of an answer must be there. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** Environment variables that config.yaml names. Default: none. */
  readonly env?: Environment | undefined;
}

/** Fields of one connection (RFC 9110 §7.6.1), and what a caller tells the forwarder alone. */
const NOT_PASSED_ON = /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|proxy-.*)$/i;
const FOR_THE_FORWARDER = /^(?:authorization|cookie2?)$/i;
/** What a server says of its own origin must not be believed of the forwarder's. */
const OF_AN_ORIGIN = /^(?:alt-svc|clear-site-data|service-worker-allowed|strict-transport-security)$/i;

/**
 * Creates a forward proxy for places without sockets: workers, `Deno.serve`, a server of one's own. Programs
 * call it with a token of their own, and their requests go on with the login of whoever they belong to, which
 * they never see. It is a thin shell around `createSig`: no redirect is followed, answers are redacted, and
 * a refusal is `application/problem+json` with a stable code (RFC 9457).
 *
 * Whoever mounts it serves it over TLS: the token is a key to every login that `providers` allows.
 *
 * @returns the function to mount; it rejects for nothing that a caller does
 * @throws {SigError} E_TARGET when `to` is no URL of an origin
 * @throws {TypeError} when `mount` does not begin with `/`
 *
 * @example
 * ```ts
 * const forward = createForwarder({ sig, providers, isToken: matchToken(new Secret('…')), mount: '/broker' });
 * Deno.serve((request) => forward(request));
 * // curl -H 'Authorization: Bearer …' https://broker.example/broker/api.example.com/me
 * ```
 */
export function createForwarder(options: ForwarderOptions): (request: Request) => Promise<Response> {
  const { sig, timeoutMs, env = () => undefined } = options;
  const mount = readMount(options.mount ?? '/');
  const fixed = options.to === undefined ? undefined : readOrigin(options.to);
  const policy = createPolicy(options.providers, { isStrict: true, env });

  const app = new Hono();
  app.all('*', async ({ req: { raw } }) => {
    await requireToken(raw.headers);
    const { target, path } = readTarget(raw.url);
    const head = { method: raw.method, target, path, headers: [] };
    const [provider] = decideRequest(policy, head);
    const init: RequestInit & { duplex: 'half' } = {
      method: raw.method,
      headers: keepFields(raw.headers, FOR_THE_FORWARDER),
      body: raw.body,
      duplex: 'half',
    };
    const response = await sig.fetch(new Request(originOf(target) + path, init), { timeoutMs });
    if (response.status === 401) {
      await response.body?.cancel();
      throw new SigError('E_LOGIN_REQUIRED', `Server refused the login of "${provider!.id}"`, {
        hint: `sig login ${provider!.id}`,
        provider: provider!.id,
      });
    }
    const { status, statusText } = response;
    return new Response(response.body, { status, statusText, headers: keepFields(response.headers, OF_AN_ORIGIN) });
  });
  app.onError((error) => answerProblem(isSigError(error) ? error : new SigError('E_INTERNAL', 'Something went wrong')));
  return async (request) => await app.fetch(request);

  async function requireToken(headers: Headers): Promise<void> {
    // RFC 6750 §2.1; the scheme has no case (RFC 9110 §11.1).
    const presented = /^bearer +([\w.~+/-]+=*)$/i.exec(headers.get('authorization') ?? '')?.[1];
    if (presented !== undefined && await options.isToken(presented)) return;
    throw new SigError('E_PROXY_AUTH', 'This proxy is not open to you', {
      hint: 'send "Authorization: Bearer" with the token that you were given',
    });
  }

  /** Where a request goes; its path stays as it was written. */
  function readTarget(url: string): { readonly target: Target; readonly path: string } {
    const { path } = parseUrl(url);
    if (!path.startsWith(mount)) throw new SigError('E_TARGET', `Nothing is forwarded outside ${mount}`);
    const rest = path.slice(mount.length);
    if (fixed !== undefined) return { target: fixed, path: `/${rest}` };
    const [, authority = '', path1 = ''] = /^([^/?]*)(.*)$/s.exec(rest)!;
    return { target: parseAuthority(authority, 'https'), path: path1.startsWith('/') ? path1 : `/${path1}` };
  }
}

/** The mount with a slash at its end. */
function readMount(mount: string): string {
  if (!/^\/[^?#]*$/.test(mount)) throw new TypeError('"mount" begins with "/" and has no query');
  return mount.endsWith('/') ? mount : `${mount}/`;
}

function readOrigin(text: string): Target {
  const { target, path } = parseUrl(text);
  if (path !== '/') throw new SigError('E_TARGET', '"to" is the URL of an origin, without a path');
  return target;
}

/** The fields that are passed on. */
function keepFields(headers: Headers, others: RegExp): [string, string][] {
  const fields: [string, string][] = [...headers] as HeaderPairs as [string, string][];
  const nominated = listField(fields, 'connection');
  return fields.filter(([name]) => !NOT_PASSED_ON.test(name) && !others.test(name) && !nominated.includes(name));
}

function answerProblem(error: SigError): Response {
  const { status, reason, fields, body } = problemOf(error, false, 'server');
  return new Response(body, { status, statusText: reason, headers: fields.map(([name, value]) => [name, value]) });
}
