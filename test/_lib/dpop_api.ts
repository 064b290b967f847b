/**
 * An API on loopback whose requests must carry a token of the test's authorization server that is bound
 * to a key, judged by the npm package `oauth4webapi`.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import * as oauth from 'oauth4webapi';
import { useServer } from './lab.ts';
import type { TestIssuer } from './oidc.ts';
import type { Answer, ReceivedRequest, TestServer } from './tls_server.ts';

/** Who the tokens are for. */
export const API_AUDIENCE = 'https://api.test';

/** A request that was taken. */
export interface Taken {
  readonly method: string;
  readonly path: string;
  readonly jkt: string;
  readonly jti: string;
  readonly token: string;
  readonly body: string;
}

/** A running API. */
export interface DpopApi {
  readonly server: TestServer;
  readonly taken: readonly Taken[];
  /** Why requests were not taken, in order. */
  readonly refused: readonly string[];
  /** Refuses these tokens from now on, as one does that was revoked. */
  refuse(token: string): void;
}

/** What is asked of requests besides. */
export interface DpopApiOptions {
  /** Whether proofs must carry a nonce: another one after each of so many requests. Default: none is asked for. */
  readonly nonceEvery?: number;
  /** Instead of a handler that answers with JSON. */
  readonly answer?: (request: ReceivedRequest) => Answer;
}

/** Starts it. */
export async function useDpopApi(issuer: TestIssuer, options: DpopApiOptions = {}): Promise<DpopApi> {
  const taken: Taken[] = [];
  const refused: string[] = [];
  const revoked = new Set<string>();
  const seen = new Set<string>();
  const server = await useServer({ handler });
  const as = { issuer: issuer.issuer, jwks_uri: `${issuer.issuer}/jwks` };
  const refusal = (error: string, nonce?: string): Answer => {
    refused.push(error);
    return {
      status: 401,
      headers: { 'WWW-Authenticate': `DPoP error="${error}"`, ...(nonce === undefined ? {} : { 'DPoP-Nonce': nonce }) },
      body: { error },
    };
  };

  async function handler(request: ReceivedRequest): Promise<Answer> {
    const { method, path, body } = request;
    const [, token] = (request.header('authorization') ?? '').split(' ');
    if (token === undefined || revoked.has(token)) return refusal('invalid_token');
    const claims = readClaims(request.header('dpop') ?? '');
    if (options.nonceEvery !== undefined) {
      const age = Math.floor(taken.length / options.nonceEvery);
      // As servers do it: the one before is good for requests that are under way.
      const isCurrent = [age, age - 1].some((n) => claims.nonce === `nonce-${n}`);
      if (!isCurrent) return refusal('use_dpop_nonce', `nonce-${age}`);
    }
    let jkt: string;
    try {
      const headers = request.headers as [string, string][];
      const asSent = new Request(server.origin + path, { method, headers });
      const verified = await oauth.validateJwtAccessToken(as, asSent, API_AUDIENCE, {
        requireDPoP: true,
        [oauth.customFetch]: () => Promise.resolve(Response.json(issuer.jwks)),
      });
      jkt = verified.cnf!.jkt!;
    } catch {
      return refusal('invalid_dpop_proof');
    }
    const jti = String(claims.jti);
    if (seen.has(jti)) return refusal('invalid_dpop_proof');
    seen.add(jti);
    taken.push({ method, path, jkt, jti, token, body: body.toString() });
    return options.answer?.(request) ?? { body: { method, path } };
  }

  return { server, taken, refused, refuse: (token) => void revoked.add(token) };
}

function readClaims(proof: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return {}; // Judged by the verifier.
  }
}
