import { setTimeout as delay } from 'node:timers/promises';

/** How long a tab is waited for: one that shows a dialog or is busy answers nothing. */
export const ANSWER_MS = 2_000;

/** The result, or another value when it does not come in time, or fails because the tab or frame is gone. */
export async function within<T, U>(timeoutMs: number, work: Promise<T>, otherwise: U): Promise<T | U> {
  const done = new AbortController();
  const late = delay(timeoutMs, otherwise, { ref: false, signal: done.signal });
  late.catch(() => {}); // nobody waits for it any more
  try {
    return await Promise.race([work.catch(() => otherwise), late]);
  } finally {
    done.abort();
  }
}
