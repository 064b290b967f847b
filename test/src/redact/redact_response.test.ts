import { Buffer } from 'node:buffer';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { createDecoders } from '../../../cli/platform/decoder.ts';
import type { WireResponse } from '../../../src/ports.ts';
import { createMatcher } from '../../../src/redact/matcher.ts';
import { createNeedles } from '../../../src/redact/needles.ts';
import { redactResponse } from '../../../src/redact/redact_response.ts';
import { Secret } from '../../../src/secret.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { findLeaks, makeAwkwardCanary, makeCanary } from '../../_lib/canary.ts';
import { createRandom, cut, ENCODINGS } from '../../_lib/redaction.ts';

const SECRET = makeCanary();
const AWKWARD = makeAwkwardCanary();
const MATCHER = createMatcher(createNeedles([
  { provider: 'jira', kind: 'header', name: 'Authorization', value: new Secret(`Bearer ${SECRET}`) },
  { provider: 'other', kind: 'value', value: new Secret(AWKWARD) },
]));
const OPTIONS = { decoders: createDecoders(), strict: true };
const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Uint8Array) => Uint8Array };

const CODERS: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  identity: (bytes) => bytes,
  gzip: (bytes) => gzipSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  ...(zstdCompressSync === undefined ? {} : { zstd: zstdCompressSync }),
};

function responseOf(headers: HeaderPairs, body: Iterable<Uint8Array>, onEnd = () => {}): WireResponse {
  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    yield* body;
  }
  const source = chunks();
  const iterator: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => iterator,
    next: () => source.next(),
    return: () => (onEnd(), source.return()),
  };
  return { status: 200, reason: 'OK', headers, body: iterator };
}

async function read(response: WireResponse): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('R1: redactResponse() redacts what an echo endpoint returns, wherever it is', async () => {
  const body = Buffer.from(JSON.stringify({ headers: { Authorization: `Bearer ${SECRET}` }, url: `/x?t=${SECRET}` }));
  const wire: WireResponse = {
    ...responseOf([
      ['Content-Type', 'application/json'],
      ['Content-Length', String(body.length)],
      ['Location', `/next?token=${SECRET}`],
      ['Set-Cookie', `echo=${SECRET}; Path=/`],
    ], [body]),
    reason: `OK ${SECRET}`,
  };
  const { response, counts } = await redactResponse(MATCHER, wire, OPTIONS);
  const redacted = '{"headers":{"Authorization":"[sig:redacted:jira]"},"url":"/x?t=[sig:redacted:jira]"}';
  expect(await read(response)).toEqual(Buffer.from(redacted));
  expect({ ...response, body: undefined }).toEqual({
    status: 200,
    reason: 'OK [sig:redacted:jira]',
    headers: [
      ['Content-Type', 'application/json'],
      ['Content-Length', String(redacted.length)],
      ['Location', '/next?token=[sig:redacted:jira]'],
      ['Set-Cookie', 'echo=[sig:redacted:jira]; Path=/'],
    ],
    body: undefined,
  });
  expect([...counts]).toEqual([['jira', 2]]);
});

test.each(Object.entries(CODERS))(
  'R3: redactResponse() finds every encoding, split anywhere, in %s',
  async (coding, code) => {
    const random = createRandom(4);
    for (const [name, encode] of Object.entries(ENCODINGS)) {
      for (const secret of [SECRET, AWKWARD]) {
        const text = Buffer.concat([
          Buffer.from('<before>'),
          Buffer.from(encode(secret) as string),
          Buffer.from('<after>'),
        ]);
        for (let i = 0; i < 3; i++) {
          const wire = responseOf([['Content-Encoding', coding]], cut(code(text), random));
          const { response } = await redactResponse(MATCHER, wire, OPTIONS);
          const body = await read(response);
          expect([name, ...findLeaks(secret, { body })]).toEqual([name]);
          expect(body.toString('latin1').replaceAll('\0', '')).toContain('[sig:redacted:');
          expect(body.toString('latin1')).toMatch(/^<before>.*<after>$/s);
        }
      }
    }
  },
);

test('R4: redactResponse() delivers a coded body without its coding, and says so', async () => {
  const coded = deflateRawSync(Buffer.from(`token ${SECRET}`));
  const wire = responseOf(
    [['Content-Encoding', 'deflate'], ['Content-Length', String(coded.length)], ['ETag', '"x"']],
    [coded],
  );
  const { response } = await redactResponse(MATCHER, wire, OPTIONS);
  expect(response.headers).toEqual([['ETag', '"x"']]);
  expect((await read(response)).toString()).toBe('token [sig:redacted:jira]');
});

test('R4: redactResponse() refuses an unknown coding when strict, and ends the response', async () => {
  let isEnded = false;
  const wire = responseOf([['Content-Encoding', 'x-secret']], [Buffer.from(SECRET)], () => (isEnded = true));
  await expect(redactResponse(MATCHER, wire, OPTIONS)).rejects.toMatchObject({ code: 'E_CODING' });
  expect(isEnded).toBe(true);
});

test('R4: redactResponse() refuses a part that nobody asked for, when strict', async () => {
  const wire = { ...responseOf([['Content-Range', 'bytes 0-9/32']], [Buffer.from(SECRET.slice(0, 10))]), status: 206 };
  await expect(redactResponse(MATCHER, wire, OPTIONS)).rejects.toMatchObject({ code: 'E_CODING' });
  const { response } = await redactResponse(MATCHER, wire, { ...OPTIONS, strict: false });
  expect(response.status).toBe(206);
});

test('R4: redactResponse() still looks at the bytes of an unknown coding when not strict', async () => {
  const wire = responseOf([['Content-Encoding', 'utf-8']], [Buffer.from(`a ${SECRET}`)]);
  const { response } = await redactResponse(MATCHER, wire, { ...OPTIONS, strict: false });
  expect(response.headers).toEqual([['Content-Encoding', 'utf-8']]);
  expect((await read(response)).toString()).toBe('a [sig:redacted:jira]');
});

test('X16: redactResponse() breaks a bomb off', async () => {
  const bomb = gzipSync(new Uint8Array(32 * 1024 * 1024));
  const chunks = Array.from(
    { length: Math.ceil(bomb.length / 1000) },
    (_, i) => bomb.subarray(i * 1000, (i + 1) * 1000),
  );
  const { response } = await redactResponse(MATCHER, responseOf([['Content-Encoding', 'gzip']], chunks), OPTIONS);
  await expect(read(response)).rejects.toMatchObject({ code: 'E_CODING' });
});

test('redactResponse() keeps the length of a short clean body, and drops that of a long one', async () => {
  const short = await redactResponse(MATCHER, responseOf([['Content-Length', '5']], [Buffer.from('clean')]), OPTIONS);
  expect(short.response.headers).toEqual([['Content-Length', '5']]);
  const long = Buffer.alloc(70_000, 'x');
  const wire = responseOf([['X', 'y'], ['content-length', '70000']], [long]);
  const { response } = await redactResponse(MATCHER, wire, OPTIONS);
  expect(response.headers).toEqual([['X', 'y']]);
  expect((await read(response)).equals(long)).toBe(true);
});

test('redactResponse() keeps the length that the answer to a HEAD tells', async () => {
  const { response } = await redactResponse(MATCHER, responseOf([['Content-Length', '123']], []), OPTIONS);
  expect(response.headers).toEqual([['Content-Length', '123']]);
  expect((await read(response)).length).toBe(0);
});

test('redactResponse() ends the response when its body is given up unread', async () => {
  let isEnded = false;
  const wire = responseOf([['Content-Encoding', 'gzip']], [gzipSync('x')], () => (isEnded = true));
  const { response } = await redactResponse(MATCHER, wire, OPTIONS);
  await response.body[Symbol.asyncIterator]().return?.();
  expect(isEnded).toBe(true);
});
