import { type Bytes, concatBytes } from '../encoding/bytes.ts';

/**
 * Reads the beginning of a body and lets the rest go.
 *
 * @returns at most `maxBytes`, and whether there was more
 */
export async function readStart(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ readonly bytes: Bytes; readonly truncated: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, maxBytes - size));
    size += chunk.length;
    if (size > maxBytes) return { bytes: concatBytes(...chunks), truncated: true };
  }
  return { bytes: concatBytes(...chunks), truncated: false };
}
