import { expect, test } from 'vitest';
import { createTimeouts, type Timed, type Timeouts } from '../../../../cli/platform/upstream/timeouts.ts';

interface Watched extends Timed {
  count: number;
}

function timed(onTimeout: () => void = () => {}): Watched {
  const made: Watched = {
    expiresMs: 0,
    place: -1,
    count: 0,
    onTimeout() {
      made.count++;
      onTimeout();
    },
  };
  return made;
}

const clock = () => performance.now();

test('set() calls once, not before the time, and what ends first is first', async () => {
  const timeouts = createTimeouts(clock);
  const order: string[] = [];
  const since = clock();
  const [late, soon] = [timed(() => order.push('late')), timed(() => order.push('soon'))];
  timeouts.set(late, 60);
  timeouts.set(soon, 20);
  await until(() => late.count > 0);
  expect(clock() - since).toBeGreaterThanOrEqual(60);
  expect([order, soon.count, late.count]).toEqual([['soon', 'late'], 1, 1]);
  expect([soon.place, late.place]).toEqual([-1, -1]);
});

test('set() gives more time to what is watched already', async () => {
  const timeouts = createTimeouts(clock);
  const [moved, fixed] = [timed(), timed()];
  timeouts.set(moved, 20);
  timeouts.set(fixed, 40);
  const since = clock();
  timeouts.set(moved, 80);
  await until(() => fixed.count > 0);
  expect(moved.count).toBe(0);
  await until(() => moved.count > 0);
  expect(clock() - since).toBeGreaterThanOrEqual(80);
});

test('clear() ends the watch, in whatever order, and leaves the others', async () => {
  const timeouts = createTimeouts(clock);
  const all = Array.from({ length: 7 }, () => timed());
  for (const each of all) timeouts.set(each, 30);
  for (const i of [3, 6, 0, 0, 5]) timeouts.clear(all[i]!);
  await until(() => all[1]!.count > 0);
  expect(all.map((each) => each.count)).toEqual([0, 1, 1, 0, 1, 0, 0]);
});

test('what is cleared, moved or begun while others end is neither lost nor called too early', async () => {
  const timeouts: Timeouts = createTimeouts(clock);
  const [cleared, moved, begun, far] = [timed(), timed(), timed(), timed()];
  const first = timed(() => {
    timeouts.clear(cleared);
    timeouts.set(moved, 40);
    timeouts.set(begun, 10);
  });
  timeouts.set(far, 2 ** 40);
  for (const each of [first, cleared, moved]) timeouts.set(each, 20);
  await until(() => begun.count > 0);
  expect([first, cleared, moved, far].map((each) => each.count)).toEqual([1, 0, 0, 0]);
  await until(() => moved.count > 0);
  expect([cleared.count, far.count, far.place]).toEqual([0, 0, 0]);
  timeouts.clear(far);
});

test('a timer that is set for what is gone does no harm', async () => {
  const timeouts = createTimeouts(clock);
  const [gone, next] = [timed(), timed()];
  timeouts.set(gone, 10);
  timeouts.clear(gone);
  timeouts.set(next, 30);
  await until(() => next.count > 0);
  expect(gone.count).toBe(0);
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}
