import { clearInterval, setInterval } from 'node:timers';

/** Locks what nobody uses. */
export interface IdleLock {
  /** Says that it is used. Costs next to nothing: it is called for each request. */
  touch(): void;
  stop(): void;
}

/** How often it looks, in each period. */
const LOOKS = 15;

/**
 * Calls back when nothing was used for a while, at most a fifteenth of it late; and once more only after another use.
 *
 * @param lockAfterMs milliseconds
 * @param now milliseconds since 1970: the time that a sleeping machine sleeps counts too
 */
export function createIdleLock(lockAfterMs: number, lock: () => void, now: () => number = Date.now): IdleLock {
  let isTouched = true;
  let isOpen = false;
  let usedAtMs = now();
  const timer = setInterval(() => {
    if (isTouched) {
      isTouched = false;
      isOpen = true;
      usedAtMs = now();
    } else if (isOpen && now() - usedAtMs >= lockAfterMs) {
      isOpen = false;
      lock();
    }
  }, Math.ceil(lockAfterMs / LOOKS));
  timer.unref();
  return {
    touch() {
      isTouched = true;
    },
    stop: () => clearInterval(timer),
  };
}
