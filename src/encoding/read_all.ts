import type { Bytes } from './bytes.ts';
import { concatBytes } from './bytes.ts';

/**
 * Reads a body to its end, or gives up at a limit.
 *
 * @param limitBytes largest body that is kept
 * @returns the bytes, or `undefined` when there are more (the rest is not read)
 */
export async function readAll(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limitBytes: number,
): Promise<Bytes | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return concatBytes(...chunks);
}
