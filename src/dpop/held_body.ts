import { concatBytes } from '../encoding/bytes.ts';

/** A request body, held so that it can be sent again as far as it is short enough. */
export interface HeldBody {
  /** Whether {@link HeldBody.open} may be called more than once. */
  readonly isReplayable: boolean;
  /** The body for one sending; `null` when there is none. */
  open(): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
}

/**
 * Reads a body into memory up to a limit. A longer one stays a stream, which goes out once.
 *
 * @param maxBytes 0 holds nothing
 */
export async function holdBody(stream: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<HeldBody> {
  if (stream === null) return { isReplayable: true, open: () => null };
  if (maxBytes === 0) return { isReplayable: false, open: () => stream };
  const reader = stream.getReader();
  const held: Uint8Array[] = [];
  for (let length = 0; length <= maxBytes;) {
    const { done, value } = await reader.read();
    if (done) {
      const bytes = concatBytes(...held);
      return { isReplayable: true, open: () => bytes };
    }
    held.push(value);
    length += value.length;
  }
  const rest = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const first = held.shift();
      if (first) return controller.enqueue(first);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { isReplayable: false, open: () => rest };
}
