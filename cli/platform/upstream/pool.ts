import { clearInterval, setInterval } from 'node:timers';
import type { Connection } from './connection.ts';

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

/** Free connections, by route. */
export interface Pool {
  /**
   * Takes the free connection that was used last.
   *
   * @param freshMs how long it may have been free
   */
  take(key: string, freshMs: number): Connection | undefined;
  /** Keeps a connection that has become free, or closes it when there are enough. */
  give(key: string, connection: Connection): void;
  /** Forgets a connection that was closed. */
  remove(key: string, connection: Connection): void;
  /** Closes the free connections of routes whose key begins so; all by default. */
  clear(prefix?: string): void;
  /** How many are free. */
  readonly size: number;
}

interface Free {
  readonly connection: Connection;
  readonly sinceMs: number;
}

/**
 * A pool.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function createPool(now: () => number, limits: PoolLimits = POOL_LIMITS): Pool {
  /** By route, and in each list the connection used last at its end. */
  const routes = new Map<string, Free[]>();
  let size = 0;
  let sweep: ReturnType<typeof setInterval> | undefined;

  function drop(key: string, list: Free[], index: number): Connection {
    const [free] = list.splice(index, 1);
    if (list.length === 0) routes.delete(key);
    if (--size === 0) {
      clearInterval(sweep);
      sweep = undefined;
    }
    return free!.connection;
  }

  function closeOlderThan(limitMs: number): void {
    for (const [key, list] of routes) {
      while (list.length > 0 && list[0]!.sinceMs <= limitMs) drop(key, list, 0).close();
    }
  }

  function closeOldest(): void {
    let oldest = Infinity;
    for (const list of routes.values()) oldest = Math.min(oldest, list[0]!.sinceMs);
    closeOlderThan(oldest);
  }

  return {
    take(key, freshMs) {
      const list = routes.get(key);
      if (!list) return undefined;
      const last = list.length - 1;
      if (now() - list[last]!.sinceMs > freshMs) return undefined;
      const connection = drop(key, list, last);
      connection.hold(true);
      return connection;
    },
    give(key, connection) {
      const list = routes.get(key) ?? [];
      if (list.length >= limits.maxFreePerRoute) return connection.close();
      if (size >= limits.maxFree) closeOldest();
      list.push({ connection, sinceMs: now() });
      routes.set(key, list);
      size++;
      connection.hold(false);
      sweep ??= setInterval(() => closeOlderThan(now() - limits.idleMs), limits.idleMs / 2).unref();
    },
    remove(key, connection) {
      const list = routes.get(key);
      const index = list?.findIndex((free) => free.connection === connection) ?? -1;
      if (list && index >= 0) drop(key, list, index);
    },
    clear(prefix = '') {
      for (const [key, list] of routes) {
        if (!key.startsWith(prefix)) continue;
        while (list.length > 0) drop(key, list, 0).close();
      }
    },
    get size() {
      return size;
    },
  };
}
