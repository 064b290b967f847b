import { SigError } from '../../../src/errors.ts';
import { BOTH_VERSIONS } from '../http2/support.ts';
import { type Connection, createConnection } from './connection.ts';
import {
  type ConnectionSource,
  type Exchange,
  type ExchangeListener,
  startExchange,
  type UpstreamRequest,
} from './exchange.ts';
import { allowsHttp2, isHttp2Only, needsHttp2 } from './http2_choice.ts';
import type { Http2Sessions } from './http2_sessions.ts';
import { openConnection, type Opened, type OpenOptions, openTunnel } from './open.ts';
import type { UpstreamOptions } from './options.ts';
import { createPool, POOL_LIMITS } from './pool.ts';
import { systemLookup } from './resolve.ts';
import { nameOf, ownerPrefix, type Route, routeKey } from './route.ts';
import { createTimeouts } from './timeouts.ts';
import { createTrust } from './trust.ts';
import { createTunnel, type Tunnel } from './tunnel.ts';

/** Our side towards servers: connections that are kept, verified and never shared between owners. */
export interface Upstream {
  /**
   * Sends a request on a free connection of the same route, or a new one.
   *
   * @throws {SigError} E_BAD_CREDENTIAL_VALUE; everything later goes to the listener's `fail`
   */
  start(route: Route, request: UpstreamRequest, listener: ExchangeListener): Exchange;
  /**
   * Opens a way for bytes to a target, paused.
   *
   * @throws {SigError} E_UPSTREAM, E_TIMEOUT, E_PRIVATE_ADDRESS
   */
  tunnel(route: Route): Promise<Tunnel>;
  /** Closes the free connections of an owner, or all. */
  close(owner?: string): void;
  /** How many connections are open, and how many of them are free. */
  readonly connections: { readonly open: number; readonly free: number };
}

/** TLS sessions that are remembered. */
const MAX_SESSIONS = 512;

/**
 * Makes an upstream.
 *
 * @example
 * ```ts
 * const upstream = createUpstream({ env: (name) => process.env[name] });
 * upstream.start({ target, owner: 'cli' }, { method: 'GET', path: '/', fields, hasBody: false }, listener);
 * ```
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { env, lookup = systemLookup, connectTimeoutMs = 10_000, maxConnections = 2_048 } = options;
  const now = options.now ?? (() => performance.now());
  const pool = createPool(now, POOL_LIMITS, options.mayHoldProcess);
  const sessions = createSessions();
  const openOptions: OpenOptions = { trust: createTrust(env), lookup, connectTimeoutMs, sessions };
  let http2Sessions: Promise<Http2Sessions> | undefined;
  /** Servers that refused HTTP/1.1. */
  const http2Only = new Set<string>();
  let count = 0;

  function requireRoom(route: Route): void {
    if (count < maxConnections) return;
    throw new SigError('E_UPSTREAM', `Cannot connect to "${nameOf(route)}": ${count} connections are open already`);
  }

  /** @param connect makes a connection that calls back when it is closed */
  async function counted<T>(route: Route, connect: (onClose: () => void) => Promise<T>): Promise<T> {
    requireRoom(route);
    count++;
    try {
      return await connect(() => count--);
    } catch (error) {
      count--;
      throw error;
    }
  }

  function keep(opened: Opened, route: Route, onClose: () => void): Connection {
    const shelf = pool.enter(route);
    return createConnection(opened, nameOf(route), {
      onFree: (connection) => pool.give(shelf, connection),
      onClose(connection) {
        onClose();
        pool.leave(shelf, connection);
      },
    });
  }

  async function open(route: Route, request: UpstreamRequest): Promise<Connection> {
    const name = nameOf(route);
    const mayUse = allowsHttp2(route, request);
    if (mayUse && (http2Only.has(name) || needsHttp2(request))) return await openHttp2(route);
    try {
      return await counted(route, async (onClose) => keep(await openConnection(route, openOptions), route, onClose));
    } catch (error) {
      if (!mayUse || !isHttp2Only(error)) throw error;
      if (http2Only.size >= MAX_SESSIONS) http2Only.clear();
      http2Only.add(name);
      return await openHttp2(route);
    }
  }

  async function openHttp2(route: Route): Promise<Connection> {
    let onClose = () => {};
    const dial = () =>
      counted(route, (closed) => {
        onClose = closed;
        return openConnection(route, openOptions, BOTH_VERSIONS);
      });
    // node:http2 takes 15 ms and more to load, and most programs never need it here.
    http2Sessions ??= import('./http2_sessions.ts').then(({ createHttp2Sessions }) => createHttp2Sessions());
    const found = await (await http2Sessions).connect(routeKey(route), nameOf(route), dial, () => onClose());
    return 'begin' in found ? found : keep(found, route, onClose);
  }

  const source: ConnectionSource = {
    timeouts: createTimeouts(now),
    take: (route, request, freshMs) => needsHttp2(request) ? undefined : pool.take(route, freshMs),
    open,
  };

  return {
    start: (route, request, listener) => startExchange(route, request, listener, source),
    tunnel: (route) =>
      counted(route, async (onClose) => {
        const { socket, gate } = await openTunnel(route, openOptions);
        socket.once('close', onClose);
        return createTunnel(socket, gate, new Uint8Array(0));
      }),
    close(owner) {
      pool.clear(owner);
      http2Sessions?.then((sessions) => sessions.clear(owner === undefined ? '' : ownerPrefix(owner)));
    },
    get connections() {
      return { open: count, free: pool.size };
    },
  };
}

/** The newest sessions: the oldest goes when there are too many. */
function createSessions(): OpenOptions['sessions'] {
  const sessions = new Map<string, Uint8Array>();
  return {
    get: (key) => sessions.get(key),
    set(key, session) {
      sessions.delete(key);
      sessions.set(key, session);
      if (sessions.size > MAX_SESSIONS) sessions.delete(sessions.keys().next().value!);
    },
  };
}
