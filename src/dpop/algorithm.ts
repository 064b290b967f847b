import type { KeyKind } from '../encoding/signing_key.ts';
import { SigError } from '../errors.ts';

/**
 * A JOSE algorithm name for proofs. `EdDSA` (RFC 8037) and `Ed25519` (RFC 9864) are two names of
 * the same signature; a server may know only one of them.
 */
export type ProofAlgorithm = 'ES256' | 'EdDSA' | 'Ed25519';

/** Every algorithm that proofs are made and accepted with. */
export const PROOF_ALGORITHMS: readonly ProofAlgorithm[] = ['ES256', 'EdDSA', 'Ed25519'];

/** The key that an algorithm needs. */
export function keyKindOf(algorithm: ProofAlgorithm): KeyKind {
  return algorithm === 'ES256' ? 'ES256' : 'Ed25519';
}

/** What a key is called where the server has said nothing: for Ed25519 the older name, which more servers know. */
export function defaultAlgorithm(kind: KeyKind): ProofAlgorithm {
  return kind === 'ES256' ? 'ES256' : 'EdDSA';
}

/**
 * Chooses the algorithm of proofs for a server.
 *
 * @param supported `dpop_signing_alg_values_supported` of its metadata, or `algs` of its challenge
 * split at spaces; absent when it says nothing
 * @param kind the key at hand; absent while a key can still be made
 * @returns the first of ES256, EdDSA, Ed25519 that both sides know
 * @throws {SigError} E_SIGNING_KEY when there is none
 *
 * @example
 * ```ts
 * chooseAlgorithm(['RS256', 'EdDSA']); // "EdDSA"
 * chooseAlgorithm(undefined, 'Ed25519'); // "EdDSA"
 * ```
 */
export function chooseAlgorithm(supported?: readonly string[], kind?: KeyKind): ProofAlgorithm {
  const usable = PROOF_ALGORITHMS.filter((name) => kind === undefined || keyKindOf(name) === kind);
  const chosen = usable.find((name) => supported === undefined || supported.includes(name));
  if (chosen) return chosen;
  throw new SigError('E_SIGNING_KEY', `The server takes no DPoP proof signed with ${usable.join(' or ')}`, {
    hint: kind === undefined ? undefined : 'log in again with a key of another kind',
  });
}
