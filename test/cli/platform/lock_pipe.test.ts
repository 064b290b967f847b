import process from 'node:process';
import { afterEach, expect, test } from 'vitest';
import { acquirePipeLock } from '../../../cli/platform/lock_pipe.ts';
import { bundleScript, endChildren, startChild } from '../../_lib/run_child.ts';

// Linux has no named pipes of the Windows kind, but abstract sockets behave like them: one listener per
// name, and the name is free when that process is gone.
const skipReason = 'only Linux has abstract sockets';
const isSkipped = process.platform !== 'linux';
const worker = await bundleScript(new URL('../../_lib/store_worker.ts', import.meta.url));
afterEach(endChildren);

let count = 0;
const newAddress = () => `\0sig-test-${process.pid}-${++count}`;
const soon = () => AbortSignal.timeout(20_000);

test('acquirePipeLock() lets one in at a time', async (context) => {
  context.skip(isSkipped, skipReason);
  const address = newAddress();
  let inside = 0;
  let entered = 0;
  await Promise.all(Array.from({ length: 12 }, async () => {
    const release = await acquirePipeLock(address, soon());
    expect(++inside).toBe(1);
    entered++;
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
    release();
  }));
  expect(entered).toBe(12);
});

test('acquirePipeLock() stops waiting when told to', async (context) => {
  context.skip(isSkipped, skipReason);
  const address = newAddress();
  const release = await acquirePipeLock(address, soon());
  const controller = new AbortController();
  const waiting = acquirePipeLock(address, controller.signal);
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow();
  release();
  (await acquirePipeLock(address, soon()))();
});

test('S18: a pipe lock ends with its holder', async (context) => {
  context.skip(isSkipped, skipReason);
  const address = newAddress();
  const holder = startChild(worker, ['hold-pipe', address.slice(1)]);
  expect(await holder.nextLine()).toBe('held');
  const waiting = acquirePipeLock(address, soon());
  holder.signal('SIGKILL');
  (await waiting)();
});

test('acquirePipeLock() passes on what the system refuses', async () => {
  await expect(acquirePipeLock('/nowhere/at/all', soon())).rejects.toThrow();
});
