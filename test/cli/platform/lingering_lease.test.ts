import { setTimeout } from 'node:timers';
import { expect, test, vi } from 'vitest';
import { lingerLease } from '../../../cli/platform/lingering_lease.ts';

function setUp(lingerMs: number) {
  let nowMs = 0;
  const release = vi.fn(() => Promise.resolve());
  const onEnd = vi.fn(() => Promise.resolve());
  const acquire = vi.fn(() => Promise.resolve({ release }));
  return {
    release,
    onEnd,
    acquire,
    lease: lingerLease(acquire, onEnd, lingerMs, 200, () => nowMs),
    advance: (ms: number) => void (nowMs += ms),
  };
}

test('lingerLease() takes the lease once for what follows closely', async () => {
  const { lease, acquire, release } = setUp(1_000);
  for (let i = 0; i < 5; i++) await (await lease()).release();
  expect([acquire.mock.calls.length, release.mock.calls.length]).toEqual([1, 0]);
});

test('lingerLease() gives the lease back when nothing follows', async () => {
  const { lease, release, onEnd } = setUp(1);
  await (await lease()).release();
  await expect.poll(() => release.mock.calls.length, { timeout: 10_000 }).toBe(1);
  expect(onEnd).toHaveBeenCalledOnce();
  expect(onEnd.mock.invocationCallOrder[0]).toBeLessThan(release.mock.invocationCallOrder[0]!);
});

test('lingerLease() lets others in however busy it is', async () => {
  const { lease, acquire, release, advance } = setUp(1_000);
  const first = await lease();
  advance(201);
  await first.release();
  await (await lease()).release();
  expect([acquire.mock.calls.length, release.mock.calls.length]).toEqual([2, 1]);
});

test('lingerLease() keeps the lease for as long as anybody has it', async () => {
  const { lease, release, onEnd, advance } = setUp(1);
  const [first, second] = [await lease(), await lease()];
  advance(201);
  await first.release();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([onEnd.mock.calls.length, release.mock.calls.length]).toEqual([0, 0]);
  await second.release();
  expect([onEnd.mock.calls.length, release.mock.calls.length]).toEqual([1, 1]);
});

test('lingerLease() asks for the lease once, however many want it at a time', async () => {
  const { lease, acquire } = setUp(1_000);
  await Promise.all([lease(), lease(), lease()]);
  expect(acquire).toHaveBeenCalledOnce();
});

test('lingerLease() gives the lease back when what comes before fails, tells whoever released it, and goes on', async () => {
  const { lease, onEnd, acquire, release, advance } = setUp(1_000);
  onEnd.mockRejectedValueOnce(new Error('disk'));
  const held = await lease();
  advance(201);
  await expect(held.release()).rejects.toThrow('disk');
  expect(release).toHaveBeenCalledOnce();
  await (await lease()).release();
  expect(acquire).toHaveBeenCalledTimes(2);
});
