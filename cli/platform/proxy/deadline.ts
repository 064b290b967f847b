import { clearInterval, setInterval } from 'node:timers';

/** How long things may take, in milliseconds (security cases P9, P10). */
export interface ProxyTimes {
  /** From the first byte of a head, or from the beginning of a connection, to its last. Default 10,000. */
  readonly headMs: number;
  /** Of a TLS handshake. Default 10,000. */
  readonly handshakeMs: number;
  /** Between two requests. Default 60,000. */
  readonly idleMs: number;
  /** Without a byte of a body that is under way, either way. Default 300,000. */
  readonly stallMs: number;
  /** Until the head of an answer. Default 300,000. */
  readonly answerMs: number;
  /** Without a byte in a tunnel. Default 600,000. */
  readonly tunnelMs: number;
}

/** Defaults. */
export const PROXY_TIMES: ProxyTimes = {
  headMs: 10_000,
  handshakeMs: 10_000,
  idleMs: 60_000,
  stallMs: 300_000,
  answerMs: 300_000,
  tunnelMs: 600_000,
};

/** Something that must be over by a time, which moves. */
export interface Deadline {
  /** Milliseconds from now; `Infinity` for none. */
  set(ms: number): void;
  clear(): void;
}

/** Watches any number of deadlines with one timer: setting one costs no more than writing a number. */
export interface DeadlineClock {
  /** @param onOver called once, when the time has come */
  start(onOver: () => void): Deadline;
  readonly size: number;
}

/**
 * Makes the clock. It runs only while there is something to watch, and keeps no process alive.
 *
 * @param stepMs how often it looks. Default 500
 */
export function createDeadlineClock(stepMs = 500, now: () => number = () => performance.now()): DeadlineClock {
  const watched = new Set<{ atMs: number; onOver: () => void }>();
  let timer: ReturnType<typeof setInterval> | undefined;

  function look(): void {
    const nowMs = now();
    for (const entry of watched) {
      if (entry.atMs > nowMs) continue;
      entry.atMs = Infinity;
      entry.onOver();
    }
  }

  return {
    start(onOver) {
      const entry = { atMs: Infinity, onOver };
      watched.add(entry);
      timer ??= setInterval(look, stepMs).unref();
      return {
        set(ms) {
          entry.atMs = ms === Infinity ? Infinity : now() + ms;
        },
        clear() {
          watched.delete(entry);
          if (watched.size > 0) return;
          clearInterval(timer);
          timer = undefined;
        },
      };
    },
    get size() {
      return watched.size;
    },
  };
}
