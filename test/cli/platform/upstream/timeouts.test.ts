import { expect, test } from 'vitest';
import { createTimeouts, type Timed } from '../../../../cli/platform/upstream/timeouts.ts';

interface Watched extends Timed {
  count: number;
}

/** A watch whose clock stands still until it is told: its timers are real, and what they find is not left to chance. */
function useTimeouts() {
  let nowMs = 0;
  const order: string[] = [];

  function timed(name: string, onTimeout: () => void = () => {}): Watched {
    const made: Watched = {
      expiresMs: 0,
      place: -1,
      count: 0,
      onTimeout() {
        made.count++;
        order.push(name);
        onTimeout();
      },
    };
    return made;
  }

  return {
    timeouts: createTimeouts(() => nowMs),
    timed,
    order,
    advance: (toMs: number) => nowMs = toMs,
  };
}

test('set() calls once, not before the time, and what ends first is first', async () => {
  const { timeouts, timed, order, advance } = useTimeouts();
  const [late, soon] = [timed('late'), timed('soon')];
  timeouts.set(late, 40);
  timeouts.set(soon, 10);
  advance(9.5);
  await sleep(30);
  expect(order).toEqual([]);
  advance(39);
  await until(() => soon.count > 0);
  await sleep(30);
  expect(order).toEqual(['soon']);
  advance(40);
  await until(() => late.count > 0);
  advance(1_000);
  await sleep(30);
  expect([order, soon.place, late.place]).toEqual([['soon', 'late'], -1, -1]);
});

test('set() gives more time to what is watched already', async () => {
  const { timeouts, timed, order, advance } = useTimeouts();
  const [moved, fixed] = [timed('moved'), timed('fixed')];
  timeouts.set(moved, 10);
  timeouts.set(fixed, 20);
  timeouts.set(moved, 30);
  advance(20);
  await until(() => fixed.count > 0);
  expect(order).toEqual(['fixed']);
  advance(30);
  await until(() => moved.count > 0);
});

test('clear() ends the watch, in whatever order, and leaves the others', async () => {
  const { timeouts, timed, order, advance } = useTimeouts();
  const all = ['0', '1', '2', '3', '4', '5', '6'].map((name) => timed(name));
  for (const each of all) timeouts.set(each, 10);
  for (const i of [3, 6, 0, 0, 5]) timeouts.clear(all[i]!);
  advance(10);
  await until(() => order.length === 3);
  expect(order.sort()).toEqual(['1', '2', '4']);
});

test('what is cleared, moved or begun while others end is neither lost nor called too early', async () => {
  const { timeouts, timed, order, advance } = useTimeouts();
  const [cleared, moved, begun, far] = [timed('cleared'), timed('moved'), timed('begun'), timed('far')];
  const first = timed('first', () => {
    timeouts.clear(cleared);
    timeouts.set(moved, 30);
    timeouts.set(begun, 10);
  });
  timeouts.set(far, 2 ** 40);
  for (const each of [first, cleared, moved]) timeouts.set(each, 10);
  advance(10);
  await until(() => first.count > 0);
  advance(20);
  await until(() => begun.count > 0);
  advance(40);
  await until(() => moved.count > 0);
  expect([order, far.place]).toEqual([['first', 'begun', 'moved'], 0]);
  timeouts.clear(far);
});

test('a timer that is set for what is gone does no harm', async () => {
  const { timeouts, timed, order, advance } = useTimeouts();
  const [gone, next] = [timed('gone'), timed('next')];
  timeouts.set(gone, 10);
  timeouts.clear(gone);
  timeouts.set(next, 20);
  advance(20);
  await until(() => next.count > 0);
  expect(order).toEqual(['next']);
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await sleep(5);
  expect(condition()).toBe(true);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
