import { isSigError, SigError } from '../errors.ts';
import type { Clock, Timer } from '../ports.ts';
import type { DeviceAuthorization } from './device_code.ts';
import type { TokenAnswer, TokenSet } from './token_response.ts';

/** How a device waits. */
export interface DeviceWait {
  /** Sends one poll and reads its answer. */
  readonly ask: () => Promise<TokenAnswer>;
  readonly timer: Timer;
  readonly clock: Clock;
  /** How long a person may take, in milliseconds; the server may allow less. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** What to try after a failure. */
  readonly hint?: string | undefined;
}

/** When polls fail, one comes at least that often, in milliseconds. */
const LONGEST_INTERVAL_MS = 60_000;

/**
 * Polls until the person has decided (RFC 8628 §3.5).
 *
 * @throws {SigError} E_LOGIN_FAILED when the person says no or too late, E_INTERRUPTED, and what `ask` throws, except for
 * what may pass
 */
export async function pollDevice(device: DeviceAuthorization, wait: DeviceWait): Promise<TokenSet> {
  const { clock, timer, signal, hint } = wait;
  const deadlineMs = clock.now() + Math.min(wait.timeoutMs, device.expiresInSec * 1000);
  let intervalMs = device.intervalSec * 1000;
  let last: unknown;
  for (;;) {
    await timer.wait(intervalMs, signal);
    if (signal?.aborted) throw new SigError('E_INTERRUPTED', 'Login was cancelled');
    try {
      const { tokens, error } = await wait.ask();
      last = undefined;
      if (tokens) return tokens;
      if (error === 'access_denied') throw new SigError('E_LOGIN_FAILED', 'The person rejected the login', { hint });
      if (error === 'expired_token') throw tooLate(hint);
      // Five seconds more, from now on.
      if (error === 'slow_down') intervalMs += 5_000;
    } catch (cause) {
      if (!isSigError(cause, 'E_UPSTREAM') && !isSigError(cause, 'E_TIMEOUT')) throw cause;
      // The person is still deciding: what may pass is waited out, ever more slowly.
      last = cause;
      intervalMs = Math.min(intervalMs * 2, LONGEST_INTERVAL_MS);
    }
    if (clock.now() + intervalMs > deadlineMs) throw last ?? tooLate(hint);
  }
}

function tooLate(hint: string | undefined): SigError {
  return new SigError('E_LOGIN_FAILED', 'The login was not approved in time', { hint });
}
