import { SigError } from '../errors.ts';
import type { Timer, WireResponse } from '../ports.ts';

/**
 * Waits for a response and for what is made of it, both within one time. Whatever ends it early,
 * the connection is given up.
 *
 * @param what happens then, as the beginning of a message
 * @throws {SigError} E_TIMEOUT, and what `use` or the sending throws
 */
export async function within<T>(
  timeoutMs: number,
  what: string,
  timer: Timer,
  sending: Promise<WireResponse>,
  use: (response: WireResponse) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  let reading: AsyncIterator<Uint8Array> | undefined;
  let isOver = false;
  const giveUp = () => reading?.return?.();
  const late = timer.wait(timeoutMs, stop.signal).then((): never => {
    throw new SigError('E_TIMEOUT', `${what} within ${timeoutMs} ms`, { hint: 'allow more with --timeout-ms' });
  });
  const done = sending.then(async (came) => {
    // One reader for both: a stream of the platform has no other while it is read.
    const iterator = reading = came.body[Symbol.asyncIterator]();
    if (isOver) return giveUp() as never; // It came too late for anybody.
    return await use({ ...came, body: { [Symbol.asyncIterator]: () => iterator } });
  });
  try {
    return await Promise.race([done, late]);
  } catch (error) {
    isOver = true;
    // Not awaited: a body that stalls may never settle.
    Promise.resolve(giveUp()).catch(() => {});
    done.catch(() => {});
    throw error;
  } finally {
    stop.abort();
  }
}
