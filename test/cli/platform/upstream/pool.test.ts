import { expect, test } from 'vitest';
import type { Connection } from '../../../../cli/platform/upstream/connection.ts';
import { createPool, POOL_LIMITS } from '../../../../cli/platform/upstream/pool.ts';

interface Fake {
  readonly connection: Connection;
  closed: boolean;
  alive: boolean;
}

function fake(): Fake {
  const state = { closed: false, alive: true } as Fake;
  const connection = {
    close: () => state.closed = true,
    hold: (alive: boolean) => state.alive = alive,
  } as unknown as Connection;
  return Object.assign(state, { connection });
}

test('take() gives the connection that was used last, of that route only', () => {
  const pool = createPool(() => 0);
  const [a, b, c] = [fake(), fake(), fake()];
  pool.give('x', a.connection);
  pool.give('x', b.connection);
  pool.give('y', c.connection);
  expect(b.alive).toBe(false);
  expect(pool.take('z', 1)).toBeUndefined();
  expect(pool.take('x', 1)).toBe(b.connection);
  expect(b.alive).toBe(true);
  expect(pool.take('x', 1)).toBe(a.connection);
  expect(pool.take('x', 1)).toBeUndefined();
  expect(pool.size).toBe(1);
  pool.clear();
  expect(c.closed).toBe(true);
});

test('take() leaves connections that were free for too long', () => {
  let now = 0;
  const pool = createPool(() => now);
  const a = fake();
  pool.give('x', a.connection);
  now = 1001;
  expect(pool.take('x', 1000)).toBeUndefined();
  expect(pool.take('x', Infinity)).toBe(a.connection);
});

test('give() closes what is too much: the newcomer of a route, the oldest of all', () => {
  let now = 0;
  const pool = createPool(() => now++, { ...POOL_LIMITS, maxFreePerRoute: 2, maxFree: 3 });
  const fakes = [fake(), fake(), fake(), fake(), fake()];
  for (const [i, key] of ['x', 'x', 'x', 'y', 'z'].entries()) pool.give(key, fakes[i]!.connection);
  expect(fakes.map((item) => item.closed)).toEqual([true, false, true, false, false]);
  expect(pool.size).toBe(3);
  pool.clear();
});

test('remove() forgets a connection, known or not', () => {
  const pool = createPool(() => 0);
  const a = fake();
  pool.give('x', a.connection);
  pool.remove('x', fake().connection);
  pool.remove('y', a.connection);
  expect(pool.size).toBe(1);
  pool.remove('x', a.connection);
  expect(pool.size).toBe(0);
});

test('clear() closes the routes of one owner', () => {
  const pool = createPool(() => 0);
  const [a, b] = [fake(), fake()];
  pool.give('"a"\nx', a.connection);
  pool.give('"b"\nx', b.connection);
  pool.clear('"a"\n');
  expect([a.closed, b.closed]).toEqual([true, false]);
  pool.clear();
});
