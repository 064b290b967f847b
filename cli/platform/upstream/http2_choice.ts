import { isSigError } from '../../../src/errors.ts';
import { findField, listField } from '../../../src/http1/fields.ts';
import { SPEAKS_HTTP2 } from '../http2/support.ts';
import type { UpstreamRequest } from './exchange.ts';
import type { Route } from './route.ts';

/**
 * Whether a request cannot be said in HTTP/1.1: gRPC needs both directions at once and trailers, and its
 * servers speak HTTP/2 only. Everything else goes over HTTP/1.1, which all servers speak.
 */
export function needsHttp2(request: UpstreamRequest): boolean {
  if (!request.hasBody || request.method !== 'POST') return false;
  return /^application\/grpc(?:[+;]|$)/i.test(findField(request.fields, 'content-type') ?? '') &&
    listField(request.fields, 'te').includes('trailers');
}

/** Whether a request can be said in HTTP/2 here: not without TLS, not to Deno's taste, and no other protocol after it. */
export function allowsHttp2(route: Route, request: UpstreamRequest): boolean {
  return SPEAKS_HTTP2 && route.target.scheme === 'https' && request.upgrade !== true;
}

/** Whether a TLS handshake failed because the server does not speak HTTP/1.1 (RFC 7301 §3.2). */
export function isHttp2Only(error: unknown): boolean {
  if (!isSigError(error) || !(error.cause instanceof Error)) return false;
  const { code = '', message } = error.cause as Error & { code?: string };
  return /NO_APPLICATION_PROTOCOL|no application protocol/i.test(`${code} ${message}`);
}
