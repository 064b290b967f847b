import { clearTimeout, setTimeout } from 'node:timers';
import { type Bytes, concatBytes } from '../../../src/encoding/bytes.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import type { Delivery } from './deliver.ts';

/** The body of an answer that waits for its judgement. */
export interface HeldAnswer extends Pick<Delivery, 'body' | 'end' | 'abort'> {
  /** Hands on what has come, as it came. */
  release(to: Pick<Delivery, 'body' | 'end'>): void;
}

/**
 * Holds a body as long as it is short and quick.
 *
 * @param limitBytes most that is waited for
 * @param waitMs longest time until its end
 * @param onReady called once: with the whole body, or with nothing when it is longer or slower; what comes then is
 * held too, until it is released
 */
export function holdAnswer(limitBytes: number, waitMs: number, onReady: (body: Bytes | undefined) => void): HeldAnswer {
  const pieces: Uint8Array[] = [];
  let size = 0;
  let ended: HeaderPairs | undefined;
  let isReady = false;
  const timer = setTimeout(() => ready(undefined), waitMs);
  timer.unref();

  function ready(body: Bytes | undefined): void {
    if (isReady) return;
    isReady = true;
    clearTimeout(timer);
    onReady(body);
  }

  return {
    body(bytes) {
      pieces.push(bytes);
      size += bytes.length;
      if (size > limitBytes) ready(undefined);
    },
    end(trailers) {
      ended = trailers;
      ready(concatBytes(...pieces));
    },
    abort() {
      isReady = true;
      clearTimeout(timer);
    },
    release(to) {
      for (const piece of pieces) to.body(piece);
      if (ended) to.end(ended);
    },
  };
}
