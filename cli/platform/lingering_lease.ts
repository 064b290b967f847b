import { clearTimeout, setTimeout } from 'node:timers';
import type { Lease } from '../../src/ports.ts';

/**
 * A lease that is kept for a moment after it is released, since taking it costs more than what is done
 * under it. Other processes wait at most `maxMs`, and a moment when there is nothing to do.
 *
 * @param acquire takes the lease itself. It is asked for one at a time
 * @param onEnd called before the lease is really released
 * @param lingerMs how long a released lease is kept. Default 10
 * @param maxMs how long it is kept in all, however busy. Default 200
 */
export function lingerLease(
  acquire: () => Promise<Lease>,
  onEnd: () => void,
  lingerMs = 10,
  maxMs = 200,
  now: () => number = () => performance.now(),
): () => Promise<Lease> {
  let kept: Lease | undefined;
  let sinceMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ending: Promise<void> = Promise.resolve();

  function end(): Promise<void> {
    const lease = kept;
    kept = undefined;
    clearTimeout(timer);
    if (!lease) return ending;
    onEnd();
    return ending = lease.release();
  }

  return async () => {
    clearTimeout(timer);
    if (!kept) {
      await ending;
      kept = await acquire();
      sinceMs = now();
    }
    return {
      async release() {
        if (now() - sinceMs >= maxMs) return await end();
        timer = setTimeout(() => void end().catch(() => {}), lingerMs);
      },
    };
  };
}
