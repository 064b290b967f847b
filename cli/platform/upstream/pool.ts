import { clearInterval, setInterval } from 'node:timers';
import type { Connection } from './connection.ts';
import { isSameRoute, type Route } from './route.ts';

/** What a pool keeps. */
export interface PoolLimits {
  /** Milliseconds that a free connection is kept. Servers close theirs after 5 s and more. Default 4,000. */
  readonly idleMs: number;
  /** Free connections of one route. Default 32. */
  readonly maxFreePerRoute: number;
  /** Free connections in all. Default 256. */
  readonly maxFree: number;
}

/** Defaults. */
export const POOL_LIMITS: PoolLimits = { idleMs: 4_000, maxFreePerRoute: 32, maxFree: 256 };

/** The connections of one route. It is in the pool for as long as one of them is open. */
export interface Shelf {
  readonly route: Route;
  /** Those that are free, the one used last at the end. */
  readonly free: Connection[];
  /** Since when each of them is free. */
  readonly sinceMs: number[];
  /** How many are open, in use or free. */
  open: number;
}

/** Free connections, by route. */
export interface Pool {
  /**
   * Takes the free connection that was used last.
   *
   * @param freshMs how long it may have been free
   */
  take(route: Route, freshMs: number): Connection | undefined;
  /** Counts a connection that was opened along a route, and answers where it belongs. */
  enter(route: Route): Shelf;
  /** Keeps a connection that has become free, or closes it when there are enough. */
  give(shelf: Shelf, connection: Connection): void;
  /** Forgets a connection that was closed: each that has entered leaves once. */
  leave(shelf: Shelf, connection: Connection): void;
  /** Closes the free connections of an owner; all by default. */
  clear(owner?: string): void;
  /** How many are free. */
  readonly size: number;
}

/**
 * A pool.
 *
 * @param now milliseconds of a clock that only goes forward
 * @param mayHoldProcess whether free connections may keep the process alive
 */
export function createPool(now: () => number, limits: PoolLimits = POOL_LIMITS, mayHoldProcess = false): Pool {
  /** By owner, in each list the route used last at its beginning. Most owners have one. */
  const owners = new Map<string, Shelf[]>();
  let size = 0;
  let sweep: ReturnType<typeof setInterval> | undefined;

  function find(route: Route): Shelf | undefined {
    const shelves = owners.get(route.owner);
    if (!shelves) return undefined;
    for (let i = 0; i < shelves.length; i++) {
      const shelf = shelves[i]!;
      if (!isSameRoute(shelf.route, route)) continue;
      shelves[i] = shelves[0]!;
      shelves[0] = shelf;
      return shelf;
    }
    return undefined;
  }

  function forget(shelf: Shelf): void {
    const { owner } = shelf.route;
    const shelves = owners.get(owner)!;
    if (shelves.length === 1) owners.delete(owner);
    else shelves.splice(shelves.indexOf(shelf), 1);
  }

  /** Takes a connection off its shelf without closing it. */
  function pick(shelf: Shelf, index: number): void {
    shelf.free.splice(index, 1);
    shelf.sinceMs.splice(index, 1);
    size--;
  }

  function closeOldest(shelf: Shelf): void {
    const connection = shelf.free[0]!;
    pick(shelf, 0);
    connection.close();
  }

  /** Closing changes the lists, so it goes over a copy. */
  function allShelves(): Shelf[] {
    return [...owners.values()].flat();
  }

  function closeOlderThan(limitMs: number): void {
    for (const shelf of allShelves()) {
      while (shelf.free.length > 0 && shelf.sinceMs[0]! <= limitMs) closeOldest(shelf);
    }
  }

  function makeRoom(): void {
    let oldest = Infinity;
    for (const shelves of owners.values()) {
      for (const { sinceMs } of shelves) if (sinceMs.length > 0) oldest = Math.min(oldest, sinceMs[0]!);
    }
    closeOlderThan(oldest);
  }

  /** Ends by itself: to stop and start it with every request would take longer than all the rest. */
  function lookAround(): void {
    closeOlderThan(now() - limits.idleMs);
    if (size > 0) return;
    clearInterval(sweep);
    sweep = undefined;
  }

  return {
    take(route, freshMs) {
      const shelf = find(route);
      if (!shelf || shelf.free.length === 0) return undefined;
      if (freshMs !== Infinity && now() - shelf.sinceMs[shelf.sinceMs.length - 1]! > freshMs) return undefined;
      const connection = shelf.free.pop()!;
      shelf.sinceMs.pop();
      size--;
      if (!mayHoldProcess) connection.hold(true);
      return connection;
    },
    enter(route) {
      let shelf = find(route);
      if (!shelf) {
        shelf = { route, free: [], sinceMs: [], open: 0 };
        const shelves = owners.get(route.owner);
        if (shelves) shelves.push(shelf);
        else owners.set(route.owner, [shelf]);
      }
      shelf.open++;
      return shelf;
    },
    give(shelf, connection) {
      if (shelf.free.length >= limits.maxFreePerRoute) return connection.close();
      if (size >= limits.maxFree) makeRoom();
      shelf.free.push(connection);
      shelf.sinceMs.push(now());
      size++;
      if (!mayHoldProcess) connection.hold(false);
      sweep ??= setInterval(lookAround, limits.idleMs / 2).unref();
    },
    leave(shelf, connection) {
      const index = shelf.free.indexOf(connection);
      if (index >= 0) pick(shelf, index);
      if (--shelf.open === 0) forget(shelf);
    },
    clear(owner) {
      const shelves = owner === undefined ? allShelves() : [...owners.get(owner) ?? []];
      for (const shelf of shelves) while (shelf.free.length > 0) closeOldest(shelf);
    },
    get size() {
      return size;
    },
  };
}
