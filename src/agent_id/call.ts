import { dpopFetch } from '../dpop/dpop_fetch.ts';
import { type DpopSession, signRequest } from '../dpop/session.ts';
import { encodeBase64 } from '../encoding/base64.ts';
import { type Bytes, decodeUtf8 } from '../encoding/bytes.ts';
import { isSigError, SigError } from '../errors.ts';
import { originOf } from '../target/target.ts';
import type { Signing } from './agent.ts';
import { parseServiceUrl } from './authority.ts';
import { type AgentPorts, createTransport } from './transport.ts';

/** One request to a service. */
export interface CallRequest {
  readonly url: string;
  /** Letters only; default GET. */
  readonly method?: string | undefined;
  readonly body?: Bytes | undefined;
  /** Default `application/json` where there is a body. */
  readonly contentType?: string | undefined;
  /** For the request and its whole answer, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** What is kept of the answer. Default 8 MiB. */
  readonly maxBytes?: number | undefined;
  /** Whether plain http on loopback and private addresses may be asked. Default false. */
  readonly allowInsecure?: boolean | undefined;
}

/** What a call brought. */
export interface CallResult {
  /** Whether the status is 2xx. */
  readonly ok: boolean;
  readonly status: number;
  readonly method: string;
  readonly url: string;
  readonly contentType: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON where the type says so, else text; `null` for bytes that are neither. */
  readonly body: unknown;
  /** Bytes that are not text. */
  readonly bodyBase64?: string;
  /** How many bytes of the body are here. */
  readonly bytes: number;
  /** Whether there were more. */
  readonly truncated: boolean;
  /** How often the request was sent. */
  readonly attempts: number;
  /** Whether one of them was for a nonce. */
  readonly nonceRetry: boolean;
}

/**
 * Sends one request with the agent's token and a fresh proof. Redirects are answers.
 *
 * @param signing absent for a request that carries no token
 * @throws {SigError} E_HOST_NOT_ALLOWED before a byte is sent when the session is not for that
 * origin (security case D11); E_USAGE, E_TARGET, E_PLAINTEXT, E_DPOP_NONCE, E_CLOCK, E_TIMEOUT, E_UPSTREAM
 */
export async function callService(
  request: CallRequest,
  signing: Signing | undefined,
  ports: AgentPorts,
): Promise<CallResult> {
  const { href } = parseServiceUrl(request.url, request.allowInsecure);
  const method = readMethod(request.method);
  if (request.body && (method === 'GET' || method === 'HEAD')) {
    throw new SigError('E_USAGE', `A ${method} request has no body`, { hint: 'add --method POST' });
  }
  const transport = createTransport(ports, {
    timeoutMs: request.timeoutMs ?? 30_000,
    maxBytes: request.maxBytes ?? 8 * 1024 * 1024,
    allowPrivate: request.allowInsecure ?? false,
  });
  let nonceRetry = false;
  const ask = signing
    ? dpopFetch(transport.send, sessionOf(signing, request.allowInsecure, ports), {
      refresh: signing.refresh,
      onRetry: ({ reason }) => nonceRetry ||= reason === 'nonce',
    })
    : async (url: string, init: RequestInit) => await transport.send(new Request(url, init));
  const response = await withHint(() =>
    ask(href, {
      method,
      headers: {
        Accept: '*/*',
        ...(request.body ? { 'Content-Type': request.contentType ?? 'application/json' } : {}),
      },
      ...(request.body ? { body: request.body } : {}),
    })
  );
  const bytes = new Uint8Array(await response.arrayBuffer());
  const contentType = response.headers.get('content-type');
  return {
    ok: response.ok,
    status: response.status,
    method,
    url: href,
    contentType,
    headers: Object.fromEntries(response.headers),
    ...readBody(bytes, contentType, response.headers.has('content-encoding')),
    bytes: bytes.length,
    truncated: transport.truncated,
    attempts: transport.attempts,
    nonceRetry,
  };
}

/**
 * Makes the two headers of one request that something else sends.
 *
 * @throws {SigError} E_HOST_NOT_ALLOWED, E_USAGE, E_TARGET, E_PLAINTEXT
 */
export async function signHeaders(
  request: Pick<CallRequest, 'url' | 'method' | 'allowInsecure'>,
  signing: Signing,
  ports: AgentPorts,
): Promise<{ readonly authorization: string; readonly dpop: string; readonly method: string; readonly url: string }> {
  const { href } = parseServiceUrl(request.url, request.allowInsecure);
  const method = readMethod(request.method);
  const session = sessionOf(signing, request.allowInsecure, ports);
  const headers = new Map(await withHint(() => signRequest(session, { method, url: href })));
  return { authorization: headers.get('Authorization')!, dpop: headers.get('DPoP')!, method, url: href };
}

/** The origin of a URL that a call goes to, for the audit log. */
export function originOfCall(request: Pick<CallRequest, 'url' | 'allowInsecure'>): string {
  return originOf(parseServiceUrl(request.url, request.allowInsecure).target);
}

function sessionOf(signing: Signing, allowInsecure: boolean | undefined, ports: AgentPorts): DpopSession {
  return {
    key: signing.key,
    accessToken: signing.session.accessToken,
    origins: signing.session.allowedOrigins,
    algorithm: signing.session.algorithm,
    nonces: signing.nonces,
    clockOffsets: signing.clockOffsets,
    allowHttp: allowInsecure,
    now: () => ports.clock.now(),
  };
}

function readMethod(method = 'GET'): string {
  const upper = method.toUpperCase();
  if (/^[A-Z]{1,32}$/.test(upper) && upper !== 'CONNECT' && upper !== 'TRACE') return upper;
  throw new SigError('E_USAGE', `Cannot use method ${JSON.stringify(method.slice(0, 40))}`);
}

async function withHint<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isSigError(cause, 'E_HOST_NOT_ALLOWED')) throw cause;
    throw new SigError(cause.code, cause.message, {
      hint: 'a service comes in by its manifest: agent-id discover --url URL',
      cause,
    });
  }
}

function readBody(bytes: Bytes, contentType: string | null, isCoded: boolean): { body: unknown; bodyBase64?: string } {
  let text: string;
  try {
    if (isCoded) throw new TypeError('coded');
    text = decodeUtf8(bytes);
  } catch {
    return { body: null, bodyBase64: encodeBase64(bytes) }; // Neither text nor JSON.
  }
  if (/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType ?? '')) {
    try {
      return { body: JSON.parse(text) };
    } catch {
      // Says JSON and is not, or was cut: shown as the text it is.
    }
  }
  return { body: text };
}
