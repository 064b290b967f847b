import { expect, test, vi } from 'vitest';
import { createDeadlineClock } from '../../../../cli/platform/proxy/deadline.ts';

test('createDeadlineClock() calls once when the time has come, and not before', async () => {
  let nowMs = 0;
  const clock = createDeadlineClock(1, () => nowMs);
  const onOver = vi.fn();
  const deadline = clock.start(onOver);
  deadline.set(100);
  nowMs = 99;
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(onOver).not.toHaveBeenCalled();
  nowMs = 100;
  await expect.poll(() => onOver.mock.calls.length, { timeout: 10_000 }).toBe(1);
  deadline.clear();
  expect(clock.size).toBe(0);
});

test('createDeadlineClock() counts from when a deadline is set, also after the process stood still', async () => {
  let nowMs = 0;
  const clock = createDeadlineClock(1, () => nowMs);
  const onOver = vi.fn();
  const deadline = clock.start(onOver);
  nowMs = 60_000;
  deadline.set(100);
  nowMs = 60_099;
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(onOver).not.toHaveBeenCalled();
  deadline.set(Infinity);
  nowMs = 120_000;
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(onOver).not.toHaveBeenCalled();
  deadline.clear();
});
