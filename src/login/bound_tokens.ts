import type { Credential } from '../credential/credential.ts';
import { chooseAlgorithm, keyKindOf, type ProofAlgorithm } from '../dpop/algorithm.ts';
import { beginAttempt, type BoundToken, createTaught, type Taught } from '../dpop/attempt.ts';
import { decodeUtf8 } from '../encoding/bytes.ts';
import { readAll } from '../encoding/read_all.ts';
import { exportKey, generateKey, importKey } from '../encoding/signing_key.ts';
import type { Send, WireResponse } from '../ports.ts';
import type { Provider } from '../provider/provider.ts';
import { Secret } from '../secret.ts';
import { discover, type OAuth2Ports } from './oauth2.ts';

/**
 * Obtains tokens that are bound to a key, where the provider says `dpop: true` (RFC 9449 §5): every
 * request that a grant posts carries a proof, and the key is kept with what comes of it. Where it does not say so, this
 * is the grant itself.
 *
 * @param key of the login that is renewed; a new one is made when there is none
 * @param obtain runs the grant, with ports that sign and the thumbprint of the key
 * @throws {SigError} E_SIGNING_KEY when the server takes no algorithm of ours, E_DPOP_NONCE, E_CLOCK, and what the grant
 * throws
 */
export async function obtainBound<P extends OAuth2Ports>(
  provider: Provider,
  key: Secret<JsonWebKey> | undefined,
  ports: P,
  obtain: (ports: P, jkt?: string) => Promise<Credential>,
): Promise<Credential> {
  if (!provider.config.oauth2?.dpop) return await obtain(ports);
  const dpop = key ?? await makeKey(provider, ports);
  const bound = { key: await importKey(dpop.reveal()), algorithm: dpop.reveal().alg as ProofAlgorithm };
  const send = proving(ports.send, bound, createTaught(() => ports.clock.now()));
  const credential = await obtain({ ...ports, send }, bound.key.thumbprint);
  return { ...credential, keys: { ...credential.keys, dpop } };
}

async function makeKey(provider: Provider, ports: OAuth2Ports): Promise<Secret<JsonWebKey>> {
  const metadata = await discover(provider, ports);
  const algorithm = chooseAlgorithm(metadata?.dpopAlgorithms);
  const key = await generateKey(keyKindOf(algorithm), { extractable: true });
  return new Secret<JsonWebKey>({ ...await exportKey(key), alg: algorithm });
}

/** Largest refusal whose error is looked for, in bytes; more is not read anyway. */
const MAX_ERROR_BYTES = 256 * 1024;

/** Signs what is posted: to a token endpoint, and to those that come before it. What is only read needs no proof. */
function proving(send: Send, bound: BoundToken, taught: Taught): Send {
  return async (head, body, options) => {
    if (head.method !== 'POST') return await send(head, body, options);
    const attempt = beginAttempt('AS', taught);
    for (;;) {
      const response = await send(await attempt.prove(head, bound), body, options);
      const { answer, oauthError } = await readRefusal(response);
      // A form is held whole, so it can be sent again; a proof never is (RFC 9449 §11.1).
      if (attempt.mend(answer, true, oauthError) === undefined) return answer;
    }
  };
}

/** The `error` of a refusal, whose body stays readable. */
async function readRefusal(response: WireResponse): Promise<{ answer: WireResponse; oauthError?: string }> {
  if (response.status !== 400 && response.status !== 401) return { answer: response };
  const bytes = await readAll(response.body, MAX_ERROR_BYTES) ?? new Uint8Array(0);
  const answer = { ...response, body: oneChunk(bytes) };
  try {
    const { error } = JSON.parse(decodeUtf8(bytes)) as { error?: unknown };
    return typeof error === 'string' ? { answer, oauthError: error } : { answer };
  } catch {
    return { answer }; // Not JSON, so it says nothing that a proof could mend.
  }
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
