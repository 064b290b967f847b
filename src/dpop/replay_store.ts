/**
 * Remembers which proofs were used, by their hash. One in memory is {@link createReplayStore};
 * several servers behind one address share one of their own.
 */
export interface ReplayStore {
  /**
   * Marks a proof as used, in one atomic step.
   *
   * @param hash names the proof
   * @param untilSec when the proof is too old anyway and may be forgotten, in seconds since 1970
   * @returns whether this was its first use
   */
  claim(hash: string, untilSec: number): boolean | Promise<boolean>;
}

/**
 * Makes a replay store in memory.
 *
 * @param options.maxEntries how many proofs are remembered; default 100,000. When so many are
 * still fresh, every further one counts as used: refusing is safer than forgetting
 * @param options.now milliseconds since 1970; default `Date.now`
 *
 * @example
 * ```ts
 * const replays = createReplayStore();
 * replays.claim('h', Date.now() / 1000 + 60); // true
 * replays.claim('h', Date.now() / 1000 + 60); // false
 * ```
 */
export function createReplayStore(
  options: { readonly maxEntries?: number; readonly now?: () => number } = {},
): ReplayStore {
  const { maxEntries = 100_000, now = Date.now } = options;
  if (!(maxEntries >= 1)) throw new RangeError('Parameter "maxEntries" must be at least 1');
  const untilByHash = new Map<string, number>();
  let sweepAtSec = 0;
  return {
    claim(hash, untilSec) {
      const nowSec = now() / 1000;
      // At most once a second, so that a full store does not cost a walk per request.
      if (untilByHash.size >= maxEntries && nowSec >= sweepAtSec) {
        sweepAtSec = nowSec + 1;
        for (const [old, until] of untilByHash) if (until < nowSec) untilByHash.delete(old);
      }
      if (untilByHash.has(hash) || untilByHash.size >= maxEntries) return false;
      untilByHash.set(hash, untilSec);
      return true;
    },
  };
}
