import { expect, test } from 'vitest';
import { holdBody } from '../../../src/dpop/held_body.ts';

const streamOf = (...chunks: string[]) => new Blob(chunks).stream() as ReadableStream<Uint8Array>;
const textOf = (body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null) => new Response(body).text();

test('holdBody() holds a short body, byte for byte, for any number of sendings', async () => {
  const body = await holdBody(streamOf('one', 'two'), 6);
  expect(body.isReplayable).toBe(true);
  expect([await textOf(body.open()), await textOf(body.open())]).toEqual(['onetwo', 'onetwo']);
});

test('holdBody() streams a body that is too long, complete, once', async () => {
  const body = await holdBody(streamOf('one', 'two', 'three'), 5);
  expect(body.isReplayable).toBe(false);
  expect(await textOf(body.open())).toBe('onetwothree');
});

test('holdBody() reads no more than it must of an endless body', async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(1000));
    },
  });
  const body = await holdBody(endless, 5000);
  expect(body.isReplayable).toBe(false);
  expect(pulled).toBeLessThan(10);
  await (body.open() as ReadableStream).cancel();
});

test('holdBody() hands the stream through when it may hold nothing', async () => {
  const stream = streamOf('x');
  const body = await holdBody(stream, 0);
  expect(body.isReplayable).toBe(false);
  expect(body.open()).toBe(stream);
});

test('holdBody() of no body is replayable', async () => {
  const body = await holdBody(null, 0);
  expect([body.isReplayable, body.open()]).toEqual([true, null]);
});

test('holdBody() passes cancellation and failure on', async () => {
  let cancelled: unknown;
  const source = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: (reason) => void (cancelled = reason),
  });
  await ((await holdBody(source, 5)).open() as ReadableStream).cancel('why');
  expect(cancelled).toBe('why');
  const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('broken')) });
  await expect(holdBody(broken, 5)).rejects.toThrow('broken');
});
