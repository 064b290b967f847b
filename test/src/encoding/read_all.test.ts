import { expect, test } from 'vitest';
import { readAll } from '../../../src/encoding/read_all.ts';

test('readAll() joins the pieces of a body, streamed or not', async () => {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new Uint8Array([1]));
      controller.enqueue(new Uint8Array([2, 3]));
      controller.close();
    },
  });
  expect(await readAll(stream, 3)).toEqual(new Uint8Array([1, 2, 3]));
  expect(await readAll([new Uint8Array([1]), new Uint8Array([2])], 10)).toEqual(new Uint8Array([1, 2]));
});

test('readAll() gives up at the limit and ends the source', async () => {
  let isEnded = false;
  const endless = (async function* () {
    try {
      for (;;) yield new Uint8Array(1000);
    } finally {
      isEnded = true;
    }
  })();
  expect(await readAll(endless, 5000)).toBeUndefined();
  expect(isEnded).toBe(true);
});
