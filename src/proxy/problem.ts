import { type Bytes, encodeUtf8 } from '../encoding/bytes.ts';
import type { SigError, SigErrorCode } from '../errors.ts';
import { Http1Error } from '../http1/error.ts';
import type { HeaderPairs } from '../target/head.ts';

/** An answer that the proxy gives by itself. */
export interface Problem {
  readonly status: number;
  readonly reason: string;
  /** Framing included. */
  readonly fields: HeaderPairs;
  /** `application/problem+json` (RFC 9457). */
  readonly body: Bytes;
}

const STATUS: Partial<Record<SigErrorCode, number>> = {
  E_LOGIN_REQUIRED: 401,
  E_MISSING_VALUE: 401,
  E_NO_PROVIDER: 403,
  E_AMBIGUOUS: 403,
  E_HOST_NOT_ALLOWED: 403,
  E_NOT_ALLOWED: 403,
  E_PLAINTEXT: 403,
  E_PRIVATE_ADDRESS: 403,
  E_POLICY_CHANGED: 403,
  E_PLACEHOLDER: 403,
  E_METHOD: 405,
  E_PROXY_AUTH: 407,
  E_HTTP: 400,
  E_TARGET: 400,
  E_BODY: 422,
  E_BAD_CREDENTIAL_VALUE: 502,
  E_UPSTREAM: 502,
  E_UPSTREAM_TLS: 502,
  E_CODING: 502,
  E_TIMEOUT: 504,
  E_AUDIT: 503,
  E_LOCKED: 503,
  E_VAULT_LOCKED: 503,
  E_LOOP: 508,
};

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  413: 'Content Too Large',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  422: 'Unprocessable Content',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  508: 'Loop Detected',
};

/** Fields that a status demands (RFC 9110 §11.6.1, §11.7.1, §15.5.6; RFC 6750 §3 for the server's own 401). */
const DEMANDED: Readonly<Record<number, readonly [string, string]>> = {
  401: ['WWW-Authenticate', 'Sig'],
  405: ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
  407: ['Proxy-Authenticate', 'Basic realm="sig"'],
};

/**
 * Turns a failure into the answer of the proxy: stable code, what happened, and what a person can do.
 *
 * @param close whether the connection ends with it
 * @param as what answers: a proxy, or a server that forwards, to which 407 would mean nothing. Default proxy
 */
export function problemOf(error: SigError, close: boolean, as: 'proxy' | 'server' = 'proxy'): Problem {
  const asksForToken = as === 'server' && error.code === 'E_PROXY_AUTH';
  const status = error.cause instanceof Http1Error && error.code !== 'E_UPSTREAM'
    ? error.cause.status
    : asksForToken
    ? 401
    : STATUS[error.code] ?? 500;
  const { code, message, hint, provider } = error;
  const body = encodeUtf8(`${
    JSON.stringify({
      type: 'about:blank',
      title: REASONS[status] ?? 'Error',
      status,
      detail: message,
      code,
      ...(provider === undefined ? {} : { provider }),
      ...(hint === undefined ? {} : { hint }),
    })
  }\n`);
  const demanded = asksForToken ? ['WWW-Authenticate', 'Bearer realm="sig"'] as const : DEMANDED[status];
  return {
    status,
    reason: REASONS[status] ?? 'Error',
    fields: [
      ...(demanded ? [demanded] : []),
      ['Content-Type', 'application/problem+json'],
      ['Cache-Control', 'no-store'],
      ['Content-Length', String(body.length)],
      ...(close ? [['Connection', 'close'] as const] : []),
    ],
    body,
  };
}
