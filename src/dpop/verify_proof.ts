import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts';
import { decodeUtf8, encodeAscii, encodeUtf8 } from '../encoding/bytes.ts';
import { type PublicJwk, readPublicJwk, verifyBytes } from '../encoding/signing_key.ts';
import type { Secret } from '../secret.ts';
import { keyKindOf, PROOF_ALGORITHMS, type ProofAlgorithm } from './algorithm.ts';
import { normaliseHtu } from './htu.ts';
import { knownKey } from './known_key.ts';
import { isNonce } from './nonce_store.ts';
import type { ReplayStore } from './replay_store.ts';
import { accessTokenHash } from './token.ts';

/** What a proof must fit. */
export interface ProofExpectations {
  /** Method of the request that the proof came with. */
  readonly method: string;
  /** URL of that request, as the client sees it: behind a proxy the public one. */
  readonly url: string | URL;
  /** Remembers proofs, so that each is taken once. */
  readonly replays: ReplayStore;
  /** The access token of the request and the `cnf.jkt` it is bound to. Absent at a token endpoint. */
  readonly token?: { readonly accessToken: Secret | string; readonly jkt: string } | undefined;
  /**
   * Whether a nonce is one that this server gave out and still takes. When present, proofs
   * without a nonce are refused (RFC 9449 §11.3); when absent, proofs with one are, since nobody
   * gave it.
   */
  readonly isCurrentNonce?: ((nonce: string) => boolean | Promise<boolean>) | undefined;
  /** Default all of ES256, EdDSA and Ed25519. */
  readonly algorithms?: readonly ProofAlgorithm[] | undefined;
  /** How old `iat` may be, in seconds; default 60. */
  readonly maxAgeSec?: number | undefined;
  /** How far in the future `iat` may be, in seconds; default 30. */
  readonly maxAheadSec?: number | undefined;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

/** Why a proof is not taken. The names are those that other DPoP servers use in their `error_description`. */
export type ProofFault =
  | 'missing_proof'
  | 'multiple_proofs'
  | 'proof_too_long'
  | 'malformed_proof'
  | 'bad_proof_typ'
  | 'bad_proof_alg'
  | 'missing_proof_jwk'
  | 'bad_proof_jwk'
  | 'private_in_proof_jwk'
  | 'bad_proof_signature'
  | 'missing_proof_jti'
  | 'bad_proof_htm'
  | 'bad_proof_htu'
  | 'bad_proof_iat'
  | 'stale_proof'
  | 'future_proof'
  | 'missing_proof_nonce'
  | 'bad_proof_nonce'
  | 'bad_proof_ath'
  | 'jkt_mismatch'
  | 'replayed_proof_jti';

/** What {@link verifyProof} found: the facts of a good proof, or the OAuth error to answer with and its cause. */
export type ProofVerdict =
  | {
    readonly ok: true;
    /** Thumbprint of the key: what a token endpoint writes into `cnf.jkt`. */
    readonly jkt: string;
    readonly jwk: PublicJwk;
    readonly algorithm: ProofAlgorithm;
    readonly jti: string;
    readonly iatSec: number;
  }
  | {
    readonly ok: false;
    /** `error` of the answer: 400 JSON at an authorization server, 401 with a DPoP challenge at a resource. */
    readonly error: 'invalid_dpop_proof' | 'use_dpop_nonce' | 'invalid_token';
    readonly fault: ProofFault;
  };

const MAX_PROOF_LENGTH = 8192;
const MAX_JTI_LENGTH = 256;
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Carries a fault out of the checks below. */
class Refused extends Error {
  constructor(readonly fault: ProofFault) {
    super(fault);
  }
}

/**
 * Verifies the proof of a request: every check of RFC 9449 §4.3, and that it is used once (§11.1).
 *
 * @param proof the value of the `DPoP` header, such as `request.headers.get('dpop')`
 * @returns a verdict; hostile input is a fault, not an exception
 *
 * @example
 * ```ts
 * const replays = createReplayStore();
 * const verdict = await verifyProof(request.headers.get('dpop'), { method: request.method, url: request.url, replays });
 * if (!verdict.ok) return Response.json({ error: verdict.error, error_description: verdict.fault }, { status: 400 });
 * ```
 */
export async function verifyProof(proof: string | null, expected: ProofExpectations): Promise<ProofVerdict> {
  try {
    return await check(proof, expected);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { fault } = error;
    if (fault === 'missing_proof_nonce' || fault === 'bad_proof_nonce') {
      return { ok: false, error: expected.isCurrentNonce ? 'use_dpop_nonce' : 'invalid_dpop_proof', fault };
    }
    // RFC 9449 §7.1: a token that is bound to another key is a bad token, not a bad proof.
    return { ok: false, error: fault === 'jkt_mismatch' ? 'invalid_token' : 'invalid_dpop_proof', fault };
  }
}

async function check(proof: string | null, expected: ProofExpectations): Promise<ProofVerdict> {
  if (proof === null || proof === '') throw new Refused('missing_proof');
  if (proof.length > MAX_PROOF_LENGTH) throw new Refused('proof_too_long');
  // Two header fields arrive joined with a comma, which no JWS contains.
  if (proof.includes(',')) throw new Refused('multiple_proofs');
  if (!COMPACT_JWS.test(proof)) throw new Refused('malformed_proof');
  const [header, payload, signature] = proof.split('.') as [string, string, string];

  // What costs nothing comes first, so that garbage is not worth a signature check.
  const { algorithm, jwk } = readHeader(readObject(header), expected.algorithms ?? PROOF_ALGORITHMS);
  const claims = readObject(payload);
  const { jti, htu } = readClaims(claims, expected);
  const iatSec = readTime(claims.iat, expected);
  const { publicKey, thumbprint: jkt } = await knownKey(jwk).catch(() => {
    throw new Refused('bad_proof_jwk');
  });
  const input = encodeAscii(proof.slice(0, -signature.length - 1));
  if (!(await verifyBytes(keyKindOf(algorithm), publicKey, decode(signature), input))) {
    throw new Refused('bad_proof_signature');
  }
  await checkNonce(claims.nonce, expected);
  if (expected.token) {
    // A token that cannot be hashed cannot have been hashed by the client either.
    const ath = await accessTokenHash(expected.token.accessToken).catch(() => undefined);
    if (ath === undefined || claims.ath !== ath) throw new Refused('bad_proof_ath');
    if (expected.token.jkt !== jkt) throw new Refused('jkt_mismatch');
  }
  // Last, so that only a proof that would pass takes up room. Its name is that of key, resource
  // and jti (§11.1): another key's equal jti is another proof.
  const name = await crypto.subtle.digest('SHA-256', encodeUtf8(`${jkt}\n${htu}\n${jti}`));
  const untilSec = iatSec + (expected.maxAgeSec ?? 60);
  if (!(await expected.replays.claim(encodeBase64url(new Uint8Array(name)), untilSec))) {
    throw new Refused('replayed_proof_jti');
  }
  return { ok: true, jkt, jwk, algorithm, jti, iatSec };
}

function readHeader(
  header: Record<string, unknown>,
  algorithms: readonly ProofAlgorithm[],
): { algorithm: ProofAlgorithm; jwk: PublicJwk } {
  if (header.typ !== 'dpop+jwt') throw new Refused('bad_proof_typ');
  const algorithm = algorithms.find((name) => name === header.alg);
  if (algorithm === undefined) throw new Refused('bad_proof_alg');
  // RFC 7515 §4.1.11: an extension that is not understood. None is.
  if ('crit' in header) throw new Refused('malformed_proof');
  const { jwk } = header;
  if (jwk === undefined) throw new Refused('missing_proof_jwk');
  if (typeof jwk !== 'object' || jwk === null) throw new Refused('bad_proof_jwk');
  if (PRIVATE_MEMBERS.some((member) => member in jwk)) throw new Refused('private_in_proof_jwk');
  try {
    const { kind, publicJwk } = readPublicJwk(jwk);
    if (kind === keyKindOf(algorithm)) return { algorithm, jwk: publicJwk };
  } catch {
    // Reported below, like a key of the wrong kind.
  }
  throw new Refused('bad_proof_jwk');
}

function readClaims(claims: Record<string, unknown>, expected: ProofExpectations): { jti: string; htu: string } {
  const { jti, htm, htu } = claims;
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_LENGTH) throw new Refused('missing_proof_jti');
  // §4.3: methods are compared as they are; RFC 9110 §9.1 makes them case-sensitive.
  if (htm !== expected.method) throw new Refused('bad_proof_htm');
  const wanted = normaliseHtu(expected.url);
  if (typeof htu !== 'string' || normalised(htu) !== wanted) throw new Refused('bad_proof_htu');
  return { jti, htu: wanted };
}

function readTime(
  iat: unknown,
  { now = Date.now, maxAgeSec = 60, maxAheadSec = 30 }: ProofExpectations,
): number {
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw new Refused('bad_proof_iat');
  const nowSec = now() / 1000;
  if (iat < nowSec - maxAgeSec) throw new Refused('stale_proof');
  if (iat > nowSec + maxAheadSec) throw new Refused('future_proof');
  return iat;
}

async function checkNonce(nonce: unknown, expected: ProofExpectations): Promise<void> {
  if (nonce === undefined) {
    if (expected.isCurrentNonce) throw new Refused('missing_proof_nonce');
    return;
  }
  if (typeof nonce !== 'string' || !isNonce(nonce)) throw new Refused('bad_proof_nonce');
  if (!expected.isCurrentNonce || !(await expected.isCurrentNonce(nonce))) throw new Refused('bad_proof_nonce');
}

function readObject(segment: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(decodeUtf8(decodeBase64url(segment)));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Reported below, like every other value that is not an object.
  }
  throw new Refused('malformed_proof');
}

function decode(signature: string): Uint8Array<ArrayBuffer> {
  try {
    return decodeBase64url(signature);
  } catch {
    throw new Refused('malformed_proof');
  }
}

function normalised(htu: string): string | undefined {
  try {
    return normaliseHtu(htu);
  } catch {
    return undefined; // Not a URL that anything could have been sent to.
  }
}
