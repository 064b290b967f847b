import type { SigningKey } from '../encoding/signing_key.ts';
import { SigError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { type HeaderPairs, pathnameOf, type RequestHead } from '../target/head.ts';
import { isLoopbackHost } from '../target/host.ts';
import { originOf } from '../target/target.ts';
import type { ProofAlgorithm } from './algorithm.ts';
import { type ClockOffsets, readClockOffset } from './clock_offset.ts';
import { type Mend, mendOf } from './mend.ts';
import { createNonceStore, isNonce, type MemoryNonceStore, type ServerRole } from './nonce_store.ts';
import { createProof } from './proof.ts';
import { findRefusal } from './refusal.ts';
import { hashOf } from './session.ts';

/** A key and the token that is bound to it, out of one login: they go out together (security case D12). */
export interface BoundToken {
  readonly key: SigningKey;
  /** Default ES256 or EdDSA, by the key. */
  readonly algorithm?: ProofAlgorithm | undefined;
  /** Absent towards a token endpoint. */
  readonly accessToken?: Secret | undefined;
}

/** What servers taught so far, for all requests of one program. */
export interface Taught {
  readonly nonces: MemoryNonceStore;
  readonly clockOffsets: ClockOffsets;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: HeaderPairs;
}

/**
 * One request on the wire, over all its sendings: each carries a proof of its own, and what a server
 * refuses it for is mended once.
 */
export interface Attempt {
  /**
   * Puts a fresh proof into a head, in the place of any that is there. Its `htu` is the target as it is sent, byte by
   * byte, without the query (security case D2).
   *
   * @throws {SigError} E_PLAINTEXT for http to another machine, E_BAD_CREDENTIAL_VALUE when the token cannot stand in a
   * header
   */
  prove(head: RequestHead, bound: BoundToken): Promise<RequestHead>;
  /**
   * Learns from the answer to the head that was proven last.
   *
   * @param isReplayable whether the body can be sent once more
   * @param oauthError `error` of the JSON of an authorization server
   * @returns what to prove and send again for; `undefined` when the answer is the caller's, a refused token included
   * @throws {SigError} E_DPOP_NONCE, E_CLOCK as `mendOf`
   */
  mend(answer: WireAnswer, isReplayable: boolean, oauthError?: string): Mend | undefined;
}

/** Begins with nothing known about any server. */
export function createTaught(now: () => number): Taught {
  return { nonces: createNonceStore(), clockOffsets: new Map(), now };
}

/** Begins a request. */
export function beginAttempt(role: ServerRole, { nonces, clockOffsets, now }: Taught): Attempt {
  // A new token is the caller's to get: here it counts as tried.
  const mended = new Set<Mend>(['refresh']);
  let origin = '';
  let usedOffsetMs = 0;
  // The nonce of its own refusal: other requests may have used up the newest of the store.
  let ownNonce: string | undefined;
  return {
    async prove(head, { key, algorithm, accessToken }) {
      const { target, method } = head;
      origin = originOf(target);
      if (target.scheme === 'http' && !isLoopbackHost(target.host)) {
        throw new SigError('E_PLAINTEXT', `A DPoP token must not travel over plain http to "${origin}"`);
      }
      usedOffsetMs = clockOffsets.get(origin) ?? 0;
      const htu = origin + pathnameOf(head);
      const proof = await createProof(key, {
        method,
        url: htu,
        htu,
        ath: accessToken && await hashOf(accessToken),
        nonce: ownNonce ?? nonces.get(role, origin),
        algorithm,
        iatSec: Math.floor((now() + usedOffsetMs) / 1000),
      });
      return { ...head, headers: [...head.headers.filter(([name]) => !isProof(name)), ['DPoP', proof]] };
    },
    mend({ status, headers }, isReplayable, oauthError) {
      const fields = readFields(headers);
      const text = fields.get('dpop-nonce') ?? '';
      const nonce = isNonce(text) ? text : undefined;
      // Every answer may bring a nonce, whatever its status (RFC 9449 §8.2).
      if (nonce !== undefined) nonces.put({ role, origin, nonce, atMs: now() });
      const refusal = findRefusal(status, fields.get('www-authenticate'), oauthError);
      if (refusal === undefined) return undefined;
      const nowMs = now();
      const offsetMs = readClockOffset(fields, nowMs);
      const mend = mendOf({ refusal, origin, nonce, offsetMs, usedOffsetMs, nowMs, mended, isReplayable });
      if (mend === 'clock') clockOffsets.set(origin, offsetMs!);
      if (mend === undefined || !isReplayable) return undefined;
      mended.add(mend);
      ownNonce = nonce ?? ownNonce;
      return mend;
    },
  };
}

/** Servers behind CGI cannot tell `_` from `-`, but this name has neither. */
function isProof(name: string): boolean {
  return name.toLowerCase() === 'dpop';
}

const READ = new Set(['dpop-nonce', 'www-authenticate', 'date', 'age']);

function readFields(headers: HeaderPairs): Headers {
  const fields = new Headers();
  for (const [name, value] of headers) if (READ.has(name.toLowerCase())) fields.append(name, value);
  return fields;
}
