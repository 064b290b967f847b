import { expect, test, vi } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { holdBody } from '../../../src/sig/hold_body.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A body whose end is watched. */
function makeBody(pieces: readonly (string | Promise<string>)[]) {
  const onEnd = vi.fn();
  let asked = 0;
  const body = (async function* () {
    try {
      for (const piece of pieces) {
        asked++;
        yield encodeUtf8(await piece);
      }
    } finally {
      onEnd();
    }
  })();
  return { body, onEnd, asked: () => asked };
}

async function readPieces(body: AsyncIterable<Uint8Array>): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of body) pieces.push(text(piece));
  return pieces;
}

test('holdBody() gives a short body whole, and once more piece by piece', async () => {
  const { body, onEnd } = makeBody(['ab', 'cd']);
  const held = await holdBody(body, 4, 10_000);
  expect(text(held.whole!)).toBe('abcd');
  expect(await readPieces(held.body)).toEqual(['ab', 'cd']);
  expect(onEnd).toHaveBeenCalledTimes(1);
});

test('holdBody() gives a body without a byte', async () => {
  const held = await holdBody(makeBody([]).body, 4, 10_000);
  expect(held.whole).toEqual(new Uint8Array());
  expect(await readPieces(held.body)).toEqual([]);
});

test('holdBody() reads no further than its limit', async () => {
  const { body, asked } = makeBody(['ab', 'cd', 'ef', 'gh']);
  const held = await holdBody(body, 3, 10_000);
  expect([held.whole, asked()]).toEqual([undefined, 2]);
  expect(await readPieces(held.body)).toEqual(['ab', 'cd', 'ef', 'gh']);
});

test('holdBody() goes on with a body that is slow, and loses nothing of it', async () => {
  let come = (_: string) => {};
  const { body } = makeBody(['ab', new Promise<string>((resolve) => come = resolve), 'ef']);
  const held = await holdBody(body, 100, 10);
  expect(held.whole).toBeUndefined();
  const iterator = held.body[Symbol.asyncIterator]();
  expect(text((await iterator.next()).value!)).toBe('ab');
  come('cd');
  expect(text((await iterator.next()).value!)).toBe('cd');
  expect(text((await iterator.next()).value!)).toBe('ef');
  expect((await iterator.next()).done).toBe(true);
});

test.each([0, 1])('holdBody() ends its source when its reader gives up after %i pieces', async (count) => {
  const { body, onEnd } = makeBody(['ab', 'cd', 'ef']);
  const iterator = (await holdBody(body, 1, 10_000)).body[Symbol.asyncIterator]();
  for (let i = 0; i < count; i++) await iterator.next();
  await iterator.return?.();
  expect(onEnd).toHaveBeenCalledTimes(1);
});

test('holdBody() passes on what goes wrong, at once and later', async () => {
  const broken = makeBody(['ab', Promise.reject(new Error('cut'))]);
  await expect(holdBody(broken.body, 100, 10_000)).rejects.toThrow('cut');
  let fail = (_: Error) => {};
  const later = makeBody(['ab', new Promise<string>((_, reject) => fail = reject)]);
  const held = await holdBody(later.body, 100, 10);
  fail(new Error('cut'));
  await expect(readPieces(held.body)).rejects.toThrow('cut');
});
