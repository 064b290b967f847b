import { Buffer } from 'node:buffer';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createDecoders } from '../../../cli/platform/decoder.ts';
import { askForReadable, decodeBody, planDecoding, readCodings } from '../../../src/redact/content_coding.ts';
import { webDecoders } from '../../../src/redact/web_decoder.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { gzipEvents } from '../../_lib/redaction.ts';

const DECODERS = createDecoders();
const TEXT = Buffer.from('some text that repeats, '.repeat(400));

async function* inPieces(bytes: Uint8Array, size = 100, onEnd = () => {}): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  } finally {
    onEnd();
  }
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test.each([
  [[], []],
  [[['Content-Encoding', 'gzip']], ['gzip']],
  [[['content-encoding', ' GZIP , br '], ['Content-Encoding', 'x-gzip']], ['gzip', 'br', 'gzip']],
  [[['Content-Encoding', 'identity']], []],
  [[['Content-Encoding', '']], []],
] as [HeaderPairs, string[]][])('R4: readCodings(%j) is %j', (headers, codings) => {
  expect(readCodings(headers)).toEqual(codings);
});

test('R4: planDecoding() takes what spoke of the coded bytes out of the head, and leaves the rest', () => {
  const plan = planDecoding(
    [
      ['Content-Type', 'text/plain'],
      ['Content-Encoding', 'br'],
      ['content-length', '12'],
      ['Content-Digest', 'sha-256=:x:'],
      ['Repr-Digest', 'sha-256=:x:'],
      ['Digest', 'x'],
      ['Content-MD5', 'x'],
      ['ETag', '"x"'],
      ['Vary', 'Accept-Encoding'],
    ],
    DECODERS,
    true,
  );
  expect(plan).toEqual({
    codings: ['br'],
    headers: [['Content-Type', 'text/plain'], ['ETag', '"x"'], ['Vary', 'Accept-Encoding']],
  });
});

test('planDecoding() leaves a head alone whose body has no coding', () => {
  const headers: HeaderPairs = [['Content-Length', '12'], ['Content-Digest', 'x']];
  expect(planDecoding(headers, DECODERS, true)).toEqual({ codings: [], headers });
});

test.each(['compress', 'dcb', 'gzip, what-is-this', 'constructor', 'gzip, gzip, gzip, gzip', '"gzip"'])(
  'R4: planDecoding() refuses %j when strict, and else does not pretend to read it',
  (coding) => {
    const headers: HeaderPairs = [['Content-Encoding', coding], ['Content-Length', '5']];
    expect(() => planDecoding(headers, DECODERS, true)).toThrow(expect.objectContaining({ code: 'E_CODING' }));
    expect(planDecoding(headers, DECODERS, false)).toEqual({ codings: [], headers });
  },
);

test.each(['Grpc-Encoding', 'connect-content-encoding'])(
  'R4: planDecoding() refuses messages that %s compresses within a body when strict',
  (name) => {
    const headers: HeaderPairs = [['Content-Type', 'application/grpc'], [name, 'gzip']];
    expect(() => planDecoding(headers, DECODERS, true)).toThrow(expect.objectContaining({ code: 'E_CODING' }));
    expect(planDecoding(headers, DECODERS, false)).toEqual({ codings: [], headers });
    const plain: HeaderPairs = [[name, 'identity'], [name, '']];
    expect(planDecoding(plain, DECODERS, true)).toEqual({ codings: [], headers: plain });
  },
);

test('R4: planDecoding() refuses zstd where the runtime has none', () => {
  expect(() => planDecoding([['Content-Encoding', 'zstd']], webDecoders(), true)).toThrow('content coding "zstd"');
});

test.each([
  ['gzip, deflate, br, zstd', 'gzip, deflate'],
  ['br;q=1.0, gzip;q=0.5, *;q=0.1', 'gzip;q=0.5'],
  ['br', 'identity'],
  ['zstd, identity;q=0.5', 'identity;q=0.5'],
  ['GZIP, x-gzip', undefined],
  ['deflate-raw', 'identity'],
  ['constructor, toString', 'identity'],
  ['*', 'identity'],
])('R4: askForReadable() makes of "Accept-Encoding: %s" what web streams can undo: %j', (value, expected) => {
  const headers: HeaderPairs = [['Host', 'x'], ['accept-ENCODING', value], ['X', 'y']];
  const asked = askForReadable(headers, webDecoders());
  if (expected === undefined) expect(asked).toBe(headers);
  else expect(asked).toEqual([['Host', 'x'], ['accept-ENCODING', expected], ['X', 'y']]);
});

test('R4: askForReadable() asks for the whole, and joins what was said in two lines', () => {
  expect(askForReadable(
    [['Range', 'bytes=0-9'], ['Accept-Encoding', 'gzip'], ['if-range', '"x"'], ['Accept-Encoding', 'br'], ['X', 'y']],
    webDecoders(),
  )).toEqual([['Accept-Encoding', 'gzip'], ['X', 'y']]);
  const headers: HeaderPairs = [['RANGE', 'bytes=-1'], ['Accept-Encoding', 'gzip'], ['X', 'y']];
  expect(askForReadable(headers, webDecoders())).toEqual(headers.slice(1));
  const grpc: HeaderPairs = [['te', 'trailers'], ['grpc-accept-encoding', 'gzip'], ['Connect-Accept-Encoding', 'gzip']];
  expect(askForReadable(grpc, webDecoders())).toEqual([['te', 'trailers']]);
  const plain: HeaderPairs = [['Accept', '*/*']];
  expect(askForReadable(plain, webDecoders())).toBe(plain);
});

const CODED: Record<string, [codings: string[], coded: Uint8Array]> = {
  gzip: [['gzip'], gzipSync(TEXT)],
  'deflate with zlib': [['deflate'], deflateSync(TEXT)],
  'deflate without': [['deflate'], deflateRawSync(TEXT)],
  br: [['br'], brotliCompressSync(TEXT)],
  'gzip twice': [['gzip', 'gzip'], gzipSync(gzipSync(TEXT))],
  'deflate in br in gzip': [['deflate', 'br', 'gzip'], gzipSync(brotliCompressSync(deflateRawSync(TEXT)))],
};

test.each(Object.entries(CODED))('R4: decodeBody() undoes %s', async (_name, [codings, coded]) => {
  for (const size of [1, 7, 100_000]) {
    expect(await collect(decodeBody(inPieces(coded, size), codings, DECODERS))).toBe(TEXT.toString());
  }
});

test.each(Object.entries(CODED))('R4: decodeBody() refuses what is not coded as %s', async (_name, [codings]) => {
  const body = decodeBody(inPieces(Buffer.from('not coded at all')), codings, DECODERS);
  await expect(collect(body)).rejects.toMatchObject({ code: 'E_CODING' });
});

test('R4: decodeBody() refuses a body that is cut off', async () => {
  for (const name of ['gzip', 'deflate with zlib', 'deflate without', 'gzip twice']) {
    const [codings, coded] = CODED[name]!;
    const body = decodeBody(inPieces(coded.subarray(0, -12)), codings, DECODERS);
    await expect(collect(body)).rejects.toMatchObject({ code: 'E_CODING' });
  }
});

test('decodeBody() leaves an empty body empty, as for HEAD and 304', async () => {
  for (const codings of [['gzip'], ['br', 'gzip']]) {
    expect(await collect(decodeBody(inPieces(new Uint8Array(0)), codings, DECODERS))).toBe('');
  }
});

test('R4: decodeBody() hands an event on before the next one comes', async () => {
  const body = decodeBody(gzipEvents(['data: one\n\n', 'data: two\n\n']), ['gzip'], DECODERS);
  let text = '';
  while (text.length < 22) text += Buffer.from((await body.next()).value as Uint8Array).toString();
  expect(text).toBe('data: one\n\ndata: two\n\n');
});

test('X16: decodeBody() stops a body that expands a thousand times, after a mebibyte', async () => {
  const zeros = gzipSync(new Uint8Array(64 * 1024 * 1024));
  let isEnded = false;
  let size = 0;
  const body = decodeBody(inPieces(zeros, 4096, () => (isEnded = true)), ['gzip'], DECODERS);
  await expect((async () => {
    for await (const chunk of body) size += chunk.length;
  })()).rejects.toMatchObject({ code: 'E_CODING', message: 'Stopped a body that expands more than 100 times' });
  expect(size).toBeLessThan(16 * 1024 * 1024);
  expect(isEnded).toBe(true);
});

test('X16: decodeBody() stops a bomb within a bomb', async () => {
  const bomb = gzipSync(gzipSync(new Uint8Array(64 * 1024 * 1024)));
  await expect(collect(decodeBody(inPieces(bomb, 50), ['gzip', 'gzip'], DECODERS))).rejects.toMatchObject({
    code: 'E_CODING',
  });
});

test('X16: decodeBody() lets a body pass that expands less, however long it is', async () => {
  const line = Buffer.from(`${Array.from({ length: 40 }, (_, i) => (i * 7919).toString(36)).join(' ')}\n`);
  const text = Buffer.concat(
    Array.from({ length: 20_000 }, (_, i) => Buffer.concat([Buffer.from(`${i * 104_729} `), line])),
  );
  const coded = gzipSync(text);
  expect(text.length).toBeGreaterThan(3_000_000);
  expect((await collect(decodeBody(inPieces(coded, 4096), ['gzip'], DECODERS))).length).toBe(text.length);
});

test('X16: decodeBody() lets a small body expand as it likes', async () => {
  const coded = gzipSync(new Uint8Array(1024 * 1024));
  expect(coded.length).toBeLessThan(2000);
  expect((await collect(decodeBody(inPieces(coded), ['gzip'], DECODERS))).length).toBe(1024 * 1024);
});

test('decodeBody() passes on the error of its source as it is', async () => {
  const error = new Error('connection lost');
  async function* broken(): AsyncGenerator<Uint8Array, void, void> {
    yield gzipSync(TEXT).subarray(0, 20);
    throw error;
  }
  await expect(collect(decodeBody(broken(), ['gzip'], DECODERS))).rejects.toBe(error);
});

test('decodeBody() ends its source when nobody reads on, or begins to', async () => {
  for (const isRead of [true, false]) {
    let isEnded = false;
    const source = inPieces(gzipSync(randomBytes(2_000_000)), 1000);
    const body = decodeBody(
      {
        [Symbol.asyncIterator]: () => ({
          next: () => source.next(),
          return: () => ((isEnded = true), source.return()),
        }),
      },
      ['gzip'],
      DECODERS,
    );
    if (isRead) await body.next();
    await body.return?.();
    expect(isEnded).toBe(true);
  }
});
