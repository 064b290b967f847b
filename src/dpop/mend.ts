import { SigError } from '../errors.ts';
import { MAX_OFFSET_MS } from './clock_offset.ts';
import type { Refusal } from './refusal.ts';

/** What can be mended of a refused request before it is sent again. */
export type Mend = 'nonce' | 'clock' | 'refresh';

/** A refused request, and what came with the refusal. */
export interface Failure {
  readonly refusal: Refusal;
  readonly origin: string;
  /** Valid nonce of the answer. */
  readonly nonce: string | undefined;
  /** How far the server's clock is ahead by this answer, in milliseconds. */
  readonly offsetMs: number | undefined;
  /** The offset that the request was made with. */
  readonly usedOffsetMs: number;
  /** Milliseconds since 1970, by our clock. */
  readonly nowMs: number;
  /** What the request was mended for already: nothing is done twice. */
  readonly mended: ReadonlySet<Mend>;
  /** Whether the body can be sent once more. */
  readonly isReplayable: boolean;
}

/**
 * Decides what to mend. Each thing is tried once, so a hostile server gets four requests at most.
 *
 * @returns `undefined` when the refusal is the caller's
 * @throws {SigError} E_DPOP_NONCE when a server asks for a nonce again, gives none with its demand,
 * or asks after a body that cannot be sent twice
 * @throws {SigError} E_CLOCK when a proof is refused and the clocks are more than 5 minutes apart
 */
export function mendOf(failure: Failure): Mend | undefined {
  const { refusal, origin, nonce, offsetMs, mended } = failure;
  if (refusal === 'use_dpop_nonce') {
    // RFC 9449 §8.2 has no end to this by itself (security case D6).
    if (mended.has('nonce')) throw nonceError(`Server "${origin}" asks for another DPoP nonce again`);
    if (nonce === undefined) throw nonceError(`Server "${origin}" asks for a DPoP nonce and gives none`);
    if (!failure.isReplayable) {
      throw nonceError(`Server "${origin}" asks for a DPoP nonce and the body cannot be sent twice`, 'send it again');
    }
    return 'nonce';
  }
  if (offsetMs !== undefined && !mended.has('clock')) {
    const differenceMs = Math.abs(offsetMs - failure.usedOffsetMs);
    // A refused proof is worth a try at once; a refused token is mostly just old.
    const isWorthIt = differenceMs > (refusal === 'invalid_dpop_proof' ? 2_000 : 30_000);
    if (isWorthIt && Math.abs(offsetMs) <= MAX_OFFSET_MS) return 'clock';
    if (isWorthIt && refusal === 'invalid_dpop_proof') throw clockError(origin, failure.nowMs, offsetMs);
  }
  return refusal === 'invalid_token' && !mended.has('refresh') ? 'refresh' : undefined;
}

function nonceError(message: string, hint?: string): SigError {
  return new SigError('E_DPOP_NONCE', message, { hint });
}

function clockError(origin: string, nowMs: number, offsetMs: number): SigError {
  const [here, there] = [nowMs, nowMs + offsetMs].map((ms) => new Date(ms).toISOString());
  return new SigError('E_CLOCK', `The clock here says ${here} and that of "${origin}" ${there}`, {
    hint: 'set this clock; DPoP proofs are refused when the two are far apart',
  });
}
