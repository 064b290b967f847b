// Servers in memory that write down what a DPoP client sends them.
import type { SendRequest } from '../../src/dpop/dpop_fetch.ts';
import { decodeBase64url } from '../../src/encoding/base64url.ts';

/** One request as a server saw it. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly claims: { jti: string; htm: string; htu: string; iat: number; ath?: string; nonce?: string };
}

/** What it answers to the how-manieth request. */
export type Answer = (seen: Seen, count: number) => Response | Promise<Response>;

/** A server in memory that writes down what it gets. */
export function serve(answer: Answer): { send: SendRequest; seen: Seen[] } {
  const seen: Seen[] = [];
  const send: SendRequest = async (request) => {
    const proof = request.headers.get('dpop')!;
    const claims = JSON.parse(new TextDecoder().decode(decodeBase64url(proof.split('.')[1]!)));
    const entry = {
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: await request.text(),
      claims,
    };
    seen.push(entry);
    return await answer(entry, seen.length);
  };
  return { send, seen };
}

/** A refusal of a resource server. */
export const challenge = (error: string, headers: Record<string, string> = {}, status = 401) =>
  new Response('no', { status, headers: { 'WWW-Authenticate': `DPoP error="${error}", algs="ES256"`, ...headers } });
/** A demand for a nonce. */
export const useNonce = (nonce: string) => challenge('use_dpop_nonce', { 'DPoP-Nonce': nonce });
