import { clearTimeout, setTimeout } from 'node:timers';
import type { Lease } from '../../src/ports.ts';

const DONE: Promise<void> = Promise.resolve();

/**
 * A lease that is kept for a moment after it is released, since taking it costs more than what is done
 * under it. Other processes wait at most `maxMs`, and a moment when there is nothing to do.
 *
 * @param acquire takes the lease itself. It is asked for one at a time
 * @param onEnd called before the lease is really released, which waits for it
 * @param lingerMs how long a released lease is kept at least; at most twice as long. Default 10
 * @param maxMs how long it is kept in all, however busy. Default 200
 * @returns takes the lease, at once while it is kept. Several may have it at a time
 */
export function lingerLease(
  acquire: () => Promise<Lease>,
  onEnd: () => void | Promise<void>,
  lingerMs = 10,
  maxMs = 200,
  now: () => number = () => performance.now(),
): () => Lease | Promise<Lease> {
  let kept: Lease | undefined;
  let sinceMs = 0;
  let users = 0;
  let taking: Promise<void> | undefined;
  let ending: Promise<void> = DONE;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether it was taken since the timer was set: to set it for each use takes longer than the use. */
  let wasTaken = false;

  const shared: Lease = {
    release() {
      users--;
      if (users > 0) return DONE;
      if (now() - sinceMs >= maxMs) return end();
      timer ??= setTimeout(lapse, lingerMs);
      return DONE;
    },
  };

  function lapse(): void {
    timer = undefined;
    if (users > 0) return;
    if (wasTaken) timer = setTimeout(lapse, lingerMs);
    else void end().catch(() => {});
    wasTaken = false;
  }

  function end(): Promise<void> {
    const lease = kept;
    kept = undefined;
    clearTimeout(timer);
    timer = undefined;
    return lease === undefined ? ending : ending = giveBack(lease);
  }

  async function giveBack(lease: Lease): Promise<void> {
    try {
      await onEnd();
    } finally {
      await lease.release();
    }
  }

  async function begin(): Promise<void> {
    try {
      // Whoever released it was told what went wrong.
      await ending.catch(() => {});
      kept = await acquire();
      sinceMs = now();
    } finally {
      taking = undefined;
    }
  }

  function take(): Lease {
    users++;
    wasTaken = true;
    return shared;
  }

  return () => kept ? take() : takeAnew();

  async function takeAnew(): Promise<Lease> {
    while (!kept) await (taking ??= begin());
    return take();
  }
}
