import { Buffer } from 'node:buffer';
import process from 'node:process';
import * as zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { createDecoders } from '../../../cli/platform/decoder.ts';
import { readAll } from '../../../src/encoding/read_all.ts';
import { gzipEvents } from '../../_lib/redaction.ts';

const TEXT = Buffer.from('some text, and some more of it; '.repeat(5000));
const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Uint8Array, options?: object) => Uint8Array };

const CODED: Record<string, Uint8Array> = {
  gzip: zlib.gzipSync(TEXT),
  deflate: zlib.deflateSync(TEXT),
  'deflate-raw': zlib.deflateRawSync(TEXT),
  br: zlib.brotliCompressSync(TEXT),
  ...(zstdCompressSync === undefined ? {} : { zstd: zstdCompressSync(TEXT) }),
};

async function* inPieces(bytes: Uint8Array, size: number, onEnd = () => {}): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  } finally {
    onEnd();
  }
}

test('R4: createDecoders() has zstd exactly where the runtime has it', () => {
  expect(Object.keys(createDecoders())).toEqual(Object.keys(CODED));
});

test.each(Object.entries(CODED))('R4: createDecoders() undo %s, whatever the chunks', async (coding, coded) => {
  for (const size of [1, 13, 100_000]) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of createDecoders()[coding]!(inPieces(coded, size))) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(TEXT)).toBe(true);
  }
});

test.each(Object.keys(CODED))('R4: createDecoders() refuse what is not %s', async (coding) => {
  const decode = createDecoders()[coding]!;
  await expect(readAll(decode(inPieces(Buffer.from('plain text, not coded'), 10)), Infinity)).rejects.toThrow();
});

test.for(Object.entries(CODED))('R4: createDecoders() refuse %s that is cut off', async ([coding, coded], { skip }) => {
  const { bun, deno } = process.versions as Record<string, string | undefined>;
  skip(deno !== undefined && ['br', 'zstd'].includes(coding), `Deno takes cut-off ${coding} for whole`);
  skip(bun !== undefined && coding === 'zstd', 'Bun takes cut-off zstd for whole');
  const decode = createDecoders()[coding]!;
  await expect(readAll(decode(inPieces(coded.subarray(0, -9), 10)), Infinity)).rejects.toThrow();
});

test.each(Object.keys(CODED))('createDecoders() end the source of %s when nobody reads on', async (coding) => {
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  for await (const _ of createDecoders()[coding]!(inPieces(CODED[coding]!, 10, end))) break;
  await ended;
});

test('X16: createDecoders() expand no further than what is read', async () => {
  const bomb = zlib.gzipSync(new Uint8Array(64 * 1024 * 1024));
  let size = 0;
  let asked = 0;
  for await (const chunk of createDecoders().gzip!(inPieces(bomb, 1024))) {
    size += chunk.length;
    asked++;
    if (asked === 10) break;
  }
  expect(size).toBeLessThan(10 * 1024 * 1024);
});

test('R4: createDecoders() delay no event', async () => {
  const events = ['data: one\n\n', 'data: two\n\n', 'data: three\n\n'];
  const decoded = createDecoders().gzip!(gzipEvents(events))[Symbol.asyncIterator]();
  let text = '';
  while (text.length < events.join('').length) {
    text += Buffer.from((await decoded.next()).value as Uint8Array).toString();
  }
  expect(text).toBe(events.join(''));
});

test('R4: createDecoders() delay no event that was sent as br', async () => {
  const compressor = zlib.createBrotliCompress();
  async function* events(): AsyncGenerator<Uint8Array, void, void> {
    for (let i = 0; i < 3; i++) {
      compressor.write(`data: event ${i}\n\n`);
      await new Promise<void>((resolve) => compressor.flush(resolve));
      yield compressor.read() as Uint8Array;
    }
    await new Promise(() => {});
  }
  const decoded = createDecoders().br!(events())[Symbol.asyncIterator]();
  let text = '';
  while (text.length < 45) text += Buffer.from((await decoded.next()).value as Uint8Array).toString();
  expect(text).toBe('data: event 0\n\ndata: event 1\n\ndata: event 2\n\n');
});
