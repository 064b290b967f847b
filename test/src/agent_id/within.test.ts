import { setImmediate } from 'node:timers';
import { expect, test } from 'vitest';
import { within } from '../../../src/agent_id/within.ts';
import type { WireResponse } from '../../../src/ports.ts';
import { answer } from '../../_lib/fixture.ts';
import { heldTimer, quickTimer } from '../../_lib/timer.ts';

/** A response whose body never comes, and whether it was given up. */
function stalled(): { response: WireResponse; isGivenUp: () => boolean } {
  let isGivenUp = false;
  const iterator = {
    next: () => new Promise<IteratorResult<Uint8Array>>(() => {}),
    return: () => (isGivenUp = true, Promise.resolve({ done: true as const, value: undefined })),
  };
  return {
    response: { ...answer(200), body: { [Symbol.asyncIterator]: () => iterator } },
    isGivenUp: () => isGivenUp,
  };
}

async function drain(response: WireResponse): Promise<number> {
  for await (const _ of response.body) return 1;
  return 0;
}

test('within() gives what is made of the response, and its timer ends', async () => {
  const timer = heldTimer();
  expect(await within(10, 'No answer', timer, Promise.resolve(answer(200, 'x')), drain)).toBe(1);
  expect(timer.waiting).toEqual([]);
});

test('C11: within() counts the body too: one that stalls is given up', async () => {
  const timer = heldTimer();
  const { response, isGivenUp } = stalled();
  const work = within(5000, 'No answer', timer, Promise.resolve(response), drain);
  await Promise.resolve();
  await Promise.resolve();
  expect(timer.waiting).toEqual([5000]);
  timer.elapse();
  await expect(work).rejects.toMatchObject({ code: 'E_TIMEOUT', message: 'No answer within 5000 ms' });
  expect(isGivenUp()).toBe(true);
});

test('within() lets a response go that comes too late', async () => {
  const timer = heldTimer();
  const { response, isGivenUp } = stalled();
  let arrive = (_: WireResponse) => {};
  const work = within(1, 'No answer', timer, new Promise((resolve) => arrive = resolve), drain);
  timer.elapse();
  await expect(work).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  arrive(response);
  await new Promise((resolve) => setImmediate(resolve));
  expect(isGivenUp()).toBe(true);
});

test('within() hands failures on and gives the body up', async () => {
  const { response, isGivenUp } = stalled();
  const failing = within(1, 'No', quickTimer(), Promise.resolve(response), () => Promise.reject(new Error('mine')));
  await expect(failing).rejects.toThrow('mine');
  expect(isGivenUp()).toBe(true);
  await expect(within(1, 'No', quickTimer(), Promise.reject(new Error('net')), drain)).rejects.toThrow('net');
});

test('within() gives up a stream of the platform that is being read', async () => {
  const timer = heldTimer();
  const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  const response = { ...answer(200), body: body as AsyncIterable<Uint8Array> };
  const work = within(5000, 'No answer', timer, Promise.resolve(response), drain);
  await Promise.resolve();
  await Promise.resolve();
  timer.elapse();
  await expect(work).rejects.toMatchObject({ code: 'E_TIMEOUT' });
});
