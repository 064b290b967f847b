import { Buffer } from 'node:buffer';
import process from 'node:process';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readAll } from '../../../src/encoding/read_all.ts';
import { webDecoders } from '../../../src/redact/web_decoder.ts';

const TEXT = Buffer.from('some text, '.repeat(5000));
const CODED: Record<string, Uint8Array> = {
  gzip: gzipSync(TEXT),
  deflate: deflateSync(TEXT),
  'deflate-raw': deflateRawSync(TEXT),
};

async function* inPieces(bytes: Uint8Array, size: number, onEnd = () => {}): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  } finally {
    onEnd();
  }
}

test('webDecoders() undo what every runtime can undo', () => {
  expect(Object.keys(webDecoders())).toEqual(Object.keys(CODED));
});

test.each(Object.entries(CODED))('webDecoders() undo %s, whatever the chunks', async (coding, coded) => {
  for (const size of [1, 13, 100_000]) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of webDecoders()[coding]!(inPieces(coded, size))) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(TEXT)).toBe(true);
  }
});

test.each(Object.keys(CODED))('webDecoders() refuse what is not %s', async (coding) => {
  const decode = webDecoders()[coding]!;
  await expect(readAll(decode(inPieces(Buffer.from('plain text, not coded'), 10)), Infinity)).rejects.toThrow();
});

test.for(Object.entries(CODED))('webDecoders() refuse %s that is cut off', async ([coding, coded], { skip }) => {
  skip('deno' in process.versions && coding !== 'gzip', `Deno takes cut-off ${coding} for whole`);
  const decode = webDecoders()[coding]!;
  await expect(readAll(decode(inPieces(coded.subarray(0, -9), 10)), Infinity)).rejects.toThrow();
});

test('webDecoders() end their source when nobody reads on', async () => {
  let isEnded = false;
  const source = inPieces(CODED.gzip!, 10, () => (isEnded = true));
  for await (const _ of webDecoders().gzip!(source)) break;
  expect(isEnded).toBe(true);
});
