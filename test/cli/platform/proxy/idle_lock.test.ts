import { expect, onTestFinished, test, vi } from 'vitest';
import { createIdleLock } from '../../../../cli/platform/proxy/idle_lock.ts';

const MINUTES = 60_000;

/** Looks every two milliseconds; the time is said by the test. */
function setUp() {
  let nowMs = 0;
  const lock = vi.fn();
  let looks = 0;
  const idle = createIdleLock(30, lock, () => {
    looks++;
    return nowMs;
  });
  onTestFinished(idle.stop);
  return {
    idle,
    lock,
    async passes(ms: number) {
      nowMs += ms;
      const before = looks;
      await expect.poll(() => looks, { interval: 1 }).toBeGreaterThan(before + 1);
    },
    jump: (ms: number) => void (nowMs += ms),
  };
}

test('S24: createIdleLock() locks what nobody uses, once', async () => {
  const { lock, passes, jump } = setUp();
  await passes(10);
  expect(lock).not.toHaveBeenCalled();
  jump(30);
  await expect.poll(() => lock.mock.calls.length).toBe(1);
  jump(15 * MINUTES);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(lock).toHaveBeenCalledTimes(1);
});

test('S24: createIdleLock() counts from the last use, and locks again after another', async () => {
  const { idle, lock, passes, jump } = setUp();
  for (let i = 0; i < 5; i++) {
    idle.touch();
    await passes(20);
  }
  expect(lock).not.toHaveBeenCalled();
  jump(30);
  await expect.poll(() => lock.mock.calls.length).toBe(1);
  idle.touch();
  await new Promise((resolve) => setTimeout(resolve, 20));
  jump(30);
  await expect.poll(() => lock.mock.calls.length).toBe(2);
});

test('createIdleLock() does nothing after it was stopped', async () => {
  const { idle, lock, jump } = setUp();
  idle.stop();
  jump(15 * MINUTES);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(lock).not.toHaveBeenCalled();
});
