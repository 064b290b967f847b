import { decodeUtf8 } from '../encoding/bytes.ts';
import { readAll } from '../encoding/read_all.ts';
import { parseChallenges } from './challenge.ts';
import type { ServerRole } from './nonce_store.ts';

/** Why a server refused a request, where that is something DPoP can mend. */
export type Refusal = 'use_dpop_nonce' | 'invalid_dpop_proof' | 'invalid_token';

const REFUSALS: readonly Refusal[] = ['use_dpop_nonce', 'invalid_dpop_proof', 'invalid_token'];
const MAX_ERROR_BYTES = 16_384;

/**
 * Reads from an answer why it is a refusal: the `error` of a DPoP challenge (RFC 9449 §7.1; some
 * servers send it with 400), or of the JSON of an authorization server (§8).
 *
 * @param response its body stays readable
 * @returns `undefined` for every other answer
 */
export async function refusalOf(role: ServerRole, response: Response): Promise<Refusal | undefined> {
  if (response.status !== 400 && response.status !== 401) return undefined;
  const oauthError = role === 'AS' ? await readOauthError(response) : undefined;
  return findRefusal(response.status, response.headers.get('www-authenticate'), oauthError);
}

/**
 * The same of what was read already.
 *
 * @param challenges `WWW-Authenticate`, lines joined, or `null`
 * @param oauthError `error` of the JSON of an authorization server
 */
export function findRefusal(status: number, challenges: string | null, oauthError?: string): Refusal | undefined {
  if (status !== 400 && status !== 401) return undefined;
  const errors = parseChallenges(challenges)
    .filter((challenge) => challenge.scheme === 'dpop')
    .map((challenge) => challenge.params.get('error'));
  return REFUSALS.find((refusal) => refusal === oauthError || errors.includes(refusal));
}

/** The `error` member of a JSON answer, read from a copy and only so far as such an answer is long. */
async function readOauthError(response: Response): Promise<string | undefined> {
  if (
    response.body === null || !/^application\/(?:[\w.+-]+\+)?json\b/i.test(response.headers.get('content-type') ?? '')
  ) {
    return undefined;
  }
  const bytes = await readAll(chunksOf(response.clone().body!), MAX_ERROR_BYTES);
  try {
    const json: unknown = bytes && JSON.parse(decodeUtf8(bytes));
    const error = typeof json === 'object' && json !== null ? (json as { error?: unknown }).error : undefined;
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined; // Not JSON after all: then it says nothing that DPoP could mend.
  }
}

/**
 * The chunks of a stream. Not its own iterator: whoever leaves that early waits for a
 * cancellation that half of a cloned body does not get before the other half is read.
 */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
