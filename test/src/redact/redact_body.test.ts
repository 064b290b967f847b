import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { createMatcher } from '../../../src/redact/matcher.ts';
import { createNeedles } from '../../../src/redact/needles.ts';
import { redactBody, redactionStream } from '../../../src/redact/redact_body.ts';
import { Secret } from '../../../src/secret.ts';
import { makeCanary } from '../../_lib/canary.ts';

const SECRET = makeCanary();
const MATCHER = createMatcher(createNeedles([{ provider: 'p', kind: 'value', value: new Secret(SECRET) }]));
const MARK = '[sig:redacted:p]';

/** A body whose chunks are handed over by hand, and which knows how many were asked for. */
function makeBody() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  return { readable, push: (text: string) => writer.write(encodeUtf8(text)), end: () => writer.close() };
}

async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array, void, void> {
  for (const text of texts) yield encodeUtf8(text);
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('R2: redactBody() redacts across chunks and passes the rest on at the end', async () => {
  const body = chunksOf('a', SECRET.slice(0, 7), SECRET.slice(7), 'b', '', SECRET.slice(0, 9));
  expect(await collect(redactBody(body, MATCHER.begin()))).toBe(`a${MARK}b${SECRET.slice(0, 9)}`);
});

test('R2: redactBody() hands an event on before the next one comes', async () => {
  const source = makeBody();
  const body = redactBody(source.readable, MATCHER.begin());
  for (const event of ['data: one\n\n', `data: ${MARK}\n\n`, ': comment\n\n']) {
    void source.push(event.replace(MARK, SECRET));
    let received = '';
    while (received.length < event.length) received += Buffer.from((await body.next()).value as Uint8Array).toString();
    expect(received).toBe(event);
  }
  void source.end();
  expect((await body.next()).done).toBe(true);
});

test('redactBody() asks for a chunk only when the last one was taken', async () => {
  let asked = 0;
  async function* endless(): AsyncGenerator<Uint8Array, void, void> {
    for (;; asked++) yield encodeUtf8('clean text\n\n');
  }
  const body = redactBody(endless(), MATCHER.begin());
  await body.next();
  await body.next();
  expect(asked).toBe(1);
  await body.return?.();
});

test('redactBody() passes on the error of its source', async () => {
  async function* broken(): AsyncGenerator<Uint8Array, void, void> {
    yield encodeUtf8('x');
    throw new Error('broken');
  }
  await expect(collect(redactBody(broken(), MATCHER.begin()))).rejects.toThrow('broken');
});

test('R2: redactionStream() does the same for pipeThrough', async () => {
  const source = makeBody();
  const redaction = MATCHER.begin();
  const redacted = collect(source.readable.pipeThrough(redactionStream(redaction)));
  for (const character of `a ${SECRET} b ${SECRET.slice(0, 5)}`) await source.push(character);
  await source.end();
  expect(await redacted).toBe(`a ${MARK} b ${SECRET.slice(0, 5)}`);
  expect([...redaction.counts]).toEqual([['p', 1]]);
});
