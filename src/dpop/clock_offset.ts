/**
 * How far the clock of each origin is ahead of ours, in milliseconds. A `Map` is one; keep its
 * entries to spare the next process the refused request.
 */
export interface ClockOffsets {
  get(origin: string): number | undefined;
  set(origin: string, offsetMs: number): unknown;
}

/** The largest offset that is learnt: a server must not move our proofs further than this. */
export const MAX_OFFSET_MS: number = 5 * 60 * 1000;

// RFC 9110 §5.6.7 IMF-fixdate, the only form that servers may send.
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * How far a server's clock is ahead of ours, by the `Date` of its answer.
 *
 * @returns milliseconds, or `undefined` when the answer does not tell
 */
export function readClockOffset(headers: Headers, nowMs: number): number | undefined {
  const date = headers.get('date');
  // An answer out of a cache carries the Date of its making.
  if (date === null || headers.has('age') || !IMF_FIXDATE.test(date)) return undefined;
  const atMs = Date.parse(date);
  return Number.isNaN(atMs) ? undefined : atMs - nowMs;
}
