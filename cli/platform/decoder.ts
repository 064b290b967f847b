import { pipeline, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { BodyDecoder, BodyDecoders } from '../../src/ports.ts';

/** The largest window of zstd in HTTP is 8 MiB (RFC 9659 §3). */
const ZSTD_WINDOW_LOG = 23;
const ZSTD_D_WINDOW_LOG_MAX = 100;

/** What `node:zlib` has from Node 22.15, and in Bun and Deno. */
type ZstdFactory = (options: { params: Record<number, number> }) => Transform;

/**
 * The content codings that this runtime can undo. `zstd` is missing on Node 20 and before 22.15;
 * servers are then not asked for it.
 */
export function createDecoders(): BodyDecoders {
  const { createZstdDecompress } = zlib as { createZstdDecompress?: ZstdFactory };
  return {
    gzip: throughNode(() => zlib.createGunzip()),
    deflate: throughNode(() => zlib.createInflate()),
    'deflate-raw': throughNode(() => zlib.createInflateRaw()),
    br: throughNode(() => zlib.createBrotliDecompress()),
    ...(createZstdDecompress === undefined ? {} : {
      zstd: throughNode(() => createZstdDecompress({ params: { [ZSTD_D_WINDOW_LOG_MAX]: ZSTD_WINDOW_LOG } })),
    }),
  };
}

function throughNode(create: () => Transform): BodyDecoder {
  return async function* (coded) {
    const transform = create();
    // Errors reach whoever reads the transform; the callback only keeps them from being thrown.
    pipeline(coded, transform, () => {});
    try {
      for await (const chunk of transform) yield chunk as Uint8Array;
    } finally {
      transform.destroy();
    }
  };
}
