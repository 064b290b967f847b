import { type Bytes, concatBytes } from '../encoding/bytes.ts';
import { passBody } from '../redact/pass_body.ts';

/** A body that was waited for. */
export interface HeldBody {
  /** All of it; absent when it is longer or slower than it may be. */
  readonly whole: Bytes | undefined;
  /** The same body, from its beginning. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Waits for a body as long as it is short and quick.
 *
 * @param limitBytes most that is held
 * @param waitMs longest time until its end
 */
export async function holdBody(
  body: AsyncIterable<Uint8Array>,
  limitBytes: number,
  waitMs: number,
): Promise<HeldBody> {
  const iterator = body[Symbol.asyncIterator]();
  const source = { [Symbol.asyncIterator]: () => iterator };
  const signal = AbortSignal.timeout(waitMs);
  const late = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  const held: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const next = iterator.next();
    const result = await Promise.race([next, late]);
    if (result?.done) return { whole: concatBytes(...held), body: passBody(source, replay(held, undefined, iterator)) };
    if (result) {
      held.push(result.value);
      size += result.value.length;
      if (size <= limitBytes) continue;
    }
    // Whoever reads on is told of it.
    if (!result) next.catch(() => {});
    return { whole: undefined, body: passBody(source, replay(held, result ? undefined : next, iterator)) };
  }
}

async function* replay(
  held: readonly Uint8Array[],
  pending: Promise<IteratorResult<Uint8Array>> | undefined,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* held;
    for (let next = await (pending ?? iterator.next()); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}
