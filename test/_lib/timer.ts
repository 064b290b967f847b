import type { Timer } from '../../src/ports.ts';

/** A timer whose time the test lets pass. */
export interface HeldTimer extends Timer {
  /** What is being waited for, in milliseconds. */
  readonly waiting: readonly number[];
  /** Lets everything that waits end. */
  elapse(): void;
}

/** Makes a timer that stands still until the test says otherwise. */
export function heldTimer(): HeldTimer {
  const entries = new Set<{ ms: number; end: () => void }>();
  return {
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const entry = { ms, end: () => (entries.delete(entry), resolve()) };
        entries.add(entry);
        signal?.addEventListener('abort', entry.end);
      }),
    get waiting() {
      return [...entries].map(({ ms }) => ms);
    },
    elapse: () => [...entries].forEach((entry) => entry.end()),
  };
}

/** A timer in which waiting takes no time but is counted; a limit that is aborted never comes. */
export function quickTimer(onWait: (ms: number) => void = () => {}): Timer {
  return {
    wait: (ms, signal) => {
      if (signal) return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
      onWait(ms);
      return Promise.resolve();
    },
  };
}
