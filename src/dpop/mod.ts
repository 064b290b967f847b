/**
 * DPoP (RFC 9449): tokens that only the holder of a key can use. Everything here runs on Web
 * Crypto and `fetch` alone: Node, Deno, Bun, Workers, at the edge.
 *
 * A client makes a key once, gets a token bound to it, and calls an API:
 *
 * @example Call an API
 * ```ts
 * import { dpopFetch, generateKey } from '@sigcli/cli/dpop';
 *
 * const key = await generateKey('ES256');
 * const api = dpopFetch(fetch, { key, accessToken: 'xyz', origins: ['https://api.example.com'] });
 * const response = await api('https://api.example.com/me');
 * ```
 *
 * @example Get a token
 * ```ts
 * import { dpopFetch, generateKey, requireDpopToken } from '@sigcli/cli/dpop';
 *
 * const key = await generateKey('ES256');
 * const authorizationServer = dpopFetch(fetch, { key, origins: ['https://as.example.com'] });
 * const response = await authorizationServer('https://as.example.com/token', {
 *   method: 'POST',
 *   body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'robot' }),
 * });
 * const token = await response.json();
 * requireDpopToken(token);
 * ```
 *
 * @example Verify a proof on a server
 * ```ts
 * import { createReplayStore, verifyProof } from '@sigcli/cli/dpop';
 *
 * const replays = createReplayStore();
 * async function jktOf(request: Request): Promise<string | undefined> {
 *   const { method, url, headers } = request;
 *   const verdict = await verifyProof(headers.get('dpop'), { method, url, replays });
 *   return verdict.ok ? verdict.jkt : undefined;
 * }
 * ```
 *
 * @module
 */

export { jwkThumbprint } from '../encoding/jwk_thumbprint.ts';
export {
  exportKey,
  generateKey,
  importKey,
  type KeyKind,
  type PublicJwk,
  type SigningKey,
} from '../encoding/signing_key.ts';
export { Secret } from '../secret.ts';
export { chooseAlgorithm, type ProofAlgorithm } from './algorithm.ts';
export { type Challenge, parseChallenges } from './challenge.ts';
export { type DpopFetch, dpopFetch, type DpopFetchOptions } from './dpop_fetch.ts';
export { createNonceStore, type NonceEntry, type NonceStore } from './nonce_store.ts';
export { createProof, type ProofClaims } from './proof.ts';
export { createReplayStore, type ReplayStore } from './replay_store.ts';
export { type DpopSession, signRequest } from './session.ts';
export { accessTokenHash, requireDpopToken } from './token.ts';
export { type ProofExpectations, type ProofFault, type ProofVerdict, verifyProof } from './verify_proof.ts';
