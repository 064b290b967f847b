/**
 * An API on loopback whose requests must carry a token of the test's authorization server that is bound
 * to a key, judged by the npm package `oauth4webapi`.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import express from 'express';
import { AbstractJtiStore, authMiddleware, type JtiData } from 'express-oauth2-dpop';
import * as oauth from 'oauth4webapi';
import { onTestFinished } from 'vitest';
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

class MemoryJtiStore extends AbstractJtiStore {
  readonly #seen = new Map<string, JtiData>();
  override set(id: string, data: JtiData): Promise<void> {
    this.#seen.set(id, data);
    return Promise.resolve();
  }
  override get(id: string): Promise<JtiData | undefined> {
    return Promise.resolve(this.#seen.get(id));
  }
}

/** The same judged by the npm package `express-oauth2-dpop`, which wants a nonce of its own: over plain http. */
export async function useExpressApi(
  issuer: TestIssuer,
): Promise<{ readonly port: number; readonly counts: { taken: number; refused: number } }> {
  const app = express();
  const server = await new Promise<{ address(): unknown; close(): void; closeAllConnections(): void }>((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as { port: number };
  const counts = { taken: 0, refused: 0 };
  type Reply = { statusCode: number; json(body: unknown): void; on(event: 'finish', done: () => void): void };
  app.get('/jwks', (_: unknown, reply: Reply) => reply.json(issuer.jwks));
  app.use((_: unknown, reply: Reply, next: () => void) => {
    reply.on('finish', () => reply.statusCode === 200 ? counts.taken++ : counts.refused++);
    next();
  });
  app.use(authMiddleware({
    issuer: issuer.issuer,
    audience: API_AUDIENCE,
    jwksUri: `http://127.0.0.1:${port}/jwks`,
    enforceDPoP: true,
    nonceSecret: 'a1b2c3d4e5f6789012345678901234567890abcdef1234567890abcdef123456',
    jtiStore: new MemoryJtiStore(),
  }));
  app.all(
    '/{*path}',
    ({ method, path }: { method: string; path: string }, reply: Reply) => reply.json({ taken: `${method} ${path}` }),
  );
  return { port, counts };
}

function readClaims(proof: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return {}; // Judged by the verifier.
  }
}
