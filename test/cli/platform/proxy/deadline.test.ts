import { expect, test, vi } from 'vitest';
import { createDeadlineClock } from '../../../../cli/platform/proxy/deadline.ts';

test('createDeadlineClock() calls once when the time has come, and not before', async () => {
  let nowMs = 0;
  const clock = createDeadlineClock(1, () => nowMs);
  const onOver = vi.fn();
  const deadline = clock.start(onOver);
  deadline.set(100);
  nowMs = 100;
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(onOver).not.toHaveBeenCalled();
  nowMs = 102;
  await expect.poll(() => onOver.mock.calls.length, { timeout: 10_000 }).toBe(1);
  deadline.clear();
  expect(clock.size).toBe(0);
});
