import type { Redaction } from './matcher.ts';
import { passBody } from './pass_body.ts';

/**
 * Redacts a body while it passes. Asks for the next chunk only when the last was taken, and passes
 * an event on at once: only what may be the beginning of a secret waits.
 *
 * @example
 * ```ts
 * for await (const chunk of redactBody(response.body, matcher.begin())) write(chunk);
 * ```
 */
export function redactBody(
  body: AsyncIterable<Uint8Array>,
  redaction: Redaction,
): AsyncIterableIterator<Uint8Array> {
  return passBody(body, redactChunks(body, redaction));
}

async function* redactChunks(
  body: AsyncIterable<Uint8Array>,
  redaction: Redaction,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of body) yield* redaction.push(chunk);
  yield* redaction.flush();
}

/** The same as a `TransformStream`, for `pipeThrough`. */
export function redactionStream(redaction: Redaction): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      for (const piece of redaction.push(chunk)) controller.enqueue(piece);
    },
    flush(controller) {
      for (const piece of redaction.flush()) controller.enqueue(piece);
    },
  });
}
