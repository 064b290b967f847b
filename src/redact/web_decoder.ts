import type { BodyDecoder, BodyDecoders } from '../ports.ts';

/** The codings that `DecompressionStream` undoes on every runtime: no `br`, no `zstd`. */
export function webDecoders(): BodyDecoders {
  return { gzip: webDecoder('gzip'), deflate: webDecoder('deflate'), 'deflate-raw': webDecoder('deflate-raw') };
}

function webDecoder(format: CompressionFormat): BodyDecoder {
  return async function* (coded) {
    const decoder = new DecompressionStream(format);
    const reader = (streamOf(coded).pipeThrough(decoder as ReadableWritablePair<Uint8Array, Uint8Array>)).getReader();
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
    } finally {
      // Reaches the source: nobody will read the rest. It has failed already where this rejects.
      await reader.cancel().catch(() => {});
    }
  };
}

function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await iterator.return?.();
    },
  }, { highWaterMark: 0 });
}
