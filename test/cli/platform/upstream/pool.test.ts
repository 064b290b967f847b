import { expect, test } from 'vitest';
import type { Connection } from '../../../../cli/platform/upstream/connection.ts';
import { createPool, type Pool, POOL_LIMITS, type Shelf } from '../../../../cli/platform/upstream/pool.ts';
import type { Route } from '../../../../cli/platform/upstream/route.ts';

function routeTo(host: string, owner = 'a'): Route {
  return { target: { scheme: 'https', host, port: 443 }, owner };
}

interface Fake {
  readonly connection: Connection;
  readonly shelf: Shelf;
  closed: boolean;
  alive: boolean;
  holds: number;
}

/** A connection that is open and in use. */
function fake(pool: Pool, route: Route): Fake {
  const shelf = pool.enter(route);
  const state = { shelf, closed: false, alive: true, holds: 0 } as Fake;
  const connection = {
    close: () => {
      state.closed = true;
      pool.leave(shelf, connection);
    },
    hold: (alive: boolean) => {
      state.alive = alive;
      state.holds++;
    },
  } as unknown as Connection;
  return Object.assign(state, { connection });
}

function give(pool: Pool, ...fakes: readonly Fake[]): void {
  for (const { shelf, connection } of fakes) pool.give(shelf, connection);
}

test('take() gives the connection that was used last, of that route only', () => {
  const pool = createPool(() => 0);
  const [a, b, c] = [fake(pool, routeTo('x')), fake(pool, routeTo('x')), fake(pool, routeTo('y'))];
  give(pool, a, b, c);
  expect(b.alive).toBe(false);
  expect(pool.take(routeTo('z'), 1)).toBeUndefined();
  expect(pool.take(routeTo('x', 'b'), 1)).toBeUndefined();
  expect(pool.take(routeTo('x'), 1)).toBe(b.connection);
  expect(b.alive).toBe(true);
  expect(pool.take(routeTo('x'), 1)).toBe(a.connection);
  expect(pool.take(routeTo('x'), 1)).toBeUndefined();
  expect(pool.size).toBe(1);
  pool.clear();
  expect([a.closed, b.closed, c.closed]).toEqual([false, false, true]);
});

test('take() finds each of many routes of one owner, in whatever order they are used', () => {
  const pool = createPool(() => 0);
  const hosts = ['u', 'v', 'w', 'x', 'y', 'z'];
  const fakes = hosts.map((host) => fake(pool, routeTo(host)));
  give(pool, ...fakes);
  for (const i of [5, 0, 3, 3, 1, 4, 2, 5]) {
    expect(pool.take(routeTo(hosts[i]!), Infinity)).toBe(fakes[i]!.connection);
    give(pool, fakes[i]!);
  }
  pool.clear();
  expect([pool.size, fakes.every((item) => item.closed)]).toEqual([0, true]);
});

test('take() leaves connections that were free for too long', () => {
  let now = 0;
  const pool = createPool(() => now);
  const a = fake(pool, routeTo('x'));
  give(pool, a);
  now = 1001;
  expect(pool.take(routeTo('x'), 1000)).toBeUndefined();
  expect(pool.take(routeTo('x'), Infinity)).toBe(a.connection);
});

test('give() closes what is too much: the newcomer of a route, the oldest of all', () => {
  let now = 0;
  const pool = createPool(() => now++, { ...POOL_LIMITS, maxFreePerRoute: 2, maxFree: 3 });
  const fakes = ['x', 'x', 'x', 'y', 'z'].map((host) => fake(pool, routeTo(host)));
  give(pool, ...fakes);
  expect(fakes.map((item) => item.closed)).toEqual([true, false, true, false, false]);
  expect(pool.size).toBe(3);
  pool.clear();
});

test('give() says nothing to the process where connections may hold it', () => {
  const pool = createPool(() => 0, POOL_LIMITS, true);
  const a = fake(pool, routeTo('x'));
  give(pool, a);
  expect(pool.take(routeTo('x'), 1)).toBe(a.connection);
  expect([a.alive, a.holds]).toEqual([true, 0]);
});

test('leave() forgets a connection, free or not, and with the last one its route', () => {
  const pool = createPool(() => 0);
  const [a, b] = [fake(pool, routeTo('x')), fake(pool, routeTo('x'))];
  give(pool, a);
  b.connection.close();
  expect([pool.size, pool.enter(routeTo('x'))]).toEqual([1, a.shelf]);
  a.connection.close();
  expect(pool.size).toBe(0);
  expect(pool.take(routeTo('x'), Infinity)).toBeUndefined();
  // The one that was entered and never closed.
  pool.leave(a.shelf, b.connection);
  expect(pool.enter(routeTo('x'))).not.toBe(a.shelf);
});

test('clear() closes the free connections of one owner', () => {
  const pool = createPool(() => 0);
  const fakes = ['x', 'y', 'z'].map((host) => fake(pool, routeTo(host)));
  const [busy, other] = [fake(pool, routeTo('z')), fake(pool, routeTo('x', 'b'))];
  give(pool, ...fakes, other);
  pool.clear('c');
  pool.clear('a');
  expect([...fakes, busy, other].map((item) => item.closed)).toEqual([true, true, true, false, false]);
  pool.clear();
  expect(other.closed).toBe(true);
});

test('give() keeps connections for a while: free ones are closed then, again and again', async () => {
  let now = 0;
  const pool = createPool(() => now, { ...POOL_LIMITS, idleMs: 20 });
  const [a, b] = [fake(pool, routeTo('x')), fake(pool, routeTo('y'))];
  give(pool, a);
  now = 15;
  give(pool, b);
  now = 25;
  await until(() => a.closed);
  expect(b.closed).toBe(false);
  now = 40;
  await until(() => b.closed);
  const late = fake(pool, routeTo('x'));
  give(pool, late);
  now = 100;
  await until(() => late.closed);
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}
