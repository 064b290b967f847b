import { expect, test } from 'vitest';
import { timer } from '../../../cli/platform/timer.ts';

test('timer.wait() resolves after its time', async () => {
  await expect(timer.wait(1)).resolves.toBeUndefined();
});

test('timer.wait() resolves at once when it is aborted, before or meanwhile', async () => {
  const stop = new AbortController();
  const waiting = timer.wait(60_000, stop.signal);
  stop.abort();
  await expect(waiting).resolves.toBeUndefined();
  await expect(timer.wait(60_000, stop.signal)).resolves.toBeUndefined();
});
