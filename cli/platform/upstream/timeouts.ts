import { clearTimeout, setTimeout } from 'node:timers';

/** Something that is given up after a time. */
export interface Timed {
  /** When it is, in milliseconds of the clock. Written by {@link Timeouts}. */
  expiresMs: number;
  /** Its place among what is watched, -1 when it is not. Written by {@link Timeouts}. */
  place: number;
  /** Called once, when the time has come. It is not watched any more. */
  onTimeout(): void;
}

/** Watches any number of things with one timer, so that a request costs none. */
export interface Timeouts {
  /** Gives something so many milliseconds from now, whatever it had before. */
  set(timed: Timed, ms: number): void;
  clear(timed: Timed): void;
}

/** More than timers can be set to is a turn of its own. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Makes the watch. The timer is set for what ends first, and stays when that is cleared: nearly everything is
 * cleared long before its time, so that the timer is set once in such a time. It keeps no process alive: what
 * is watched waits for a socket, which does.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function createTimeouts(now: () => number): Timeouts {
  const watched: Timed[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** What the timer is set for. */
  let firstMs = Infinity;

  function setTimer(atMs: number, nowMs: number): void {
    clearTimeout(timer);
    firstMs = atMs;
    if (atMs < Infinity) timer = setTimeout(look, Math.min(MAX_TIMER_MS, Math.ceil(atMs - nowMs))).unref();
  }

  function look(): void {
    const nowMs = now();
    const due = watched.filter((timed) => timed.expiresMs <= nowMs);
    // So that nothing that begins meanwhile sets the timer: it is set below.
    firstMs = -Infinity;
    try {
      for (const timed of due) {
        // What came before may have ended it, or given it more time.
        if (timed.place < 0 || timed.expiresMs > nowMs) continue;
        clear(timed);
        timed.onTimeout();
      }
    } finally {
      let nextMs = Infinity;
      for (const { expiresMs } of watched) nextMs = Math.min(nextMs, expiresMs);
      setTimer(nextMs, now());
    }
  }

  function clear(timed: Timed): void {
    const { place } = timed;
    if (place < 0) return;
    timed.place = -1;
    const last = watched.pop()!;
    if (last === timed) return;
    watched[place] = last;
    last.place = place;
  }

  return {
    set(timed, ms) {
      const nowMs = now();
      timed.expiresMs = nowMs + ms;
      if (timed.place < 0) timed.place = watched.push(timed) - 1;
      if (timed.expiresMs < firstMs) setTimer(timed.expiresMs, nowMs);
    },
    clear,
  };
}
