import { SigError } from '../../../src/errors.ts';
import { type Connection, createConnection, type Tunnel } from './connection.ts';
import { type Exchange, type ExchangeListener, startExchange, type UpstreamRequest } from './exchange.ts';
import { openConnection, type OpenOptions, openTunnel } from './open.ts';
import { createPool } from './pool.ts';
import { type Lookup, systemLookup } from './resolve.ts';
import { nameOf, type Route, routeKey } from './route.ts';
import { createTrust } from './trust.ts';

/** What an upstream is made with. */
export interface UpstreamOptions {
  /** Answers with an environment variable's value. */
  readonly env: (name: string) => string | undefined;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup | undefined;
  /** Milliseconds for TCP, for each TLS handshake, and for a proxy's answer. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds of a clock that only goes forward. Default `performance.now`. */
  readonly now?: (() => number) | undefined;
  /** Connections at the same time, to all servers. Default 2,048. */
  readonly maxConnections?: number | undefined;
}

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
  const pool = createPool(options.now ?? (() => performance.now()));
  const sessions = createSessions();
  const openOptions: OpenOptions = { trust: createTrust(env), lookup, connectTimeoutMs, sessions };
  let count = 0;

  function requireRoom(route: Route): void {
    if (count < maxConnections) return;
    throw new SigError('E_UPSTREAM', `Cannot connect to "${nameOf(route)}": ${count} connections are open already`);
  }

  async function open(route: Route, key: string): Promise<Connection> {
    requireRoom(route);
    count++;
    try {
      const opened = await openConnection(route, key, openOptions);
      return createConnection(opened, nameOf(route), (free) => pool.give(key, free), (closed) => {
        count--;
        pool.remove(key, closed);
      });
    } catch (error) {
      count--;
      throw error;
    }
  }

  return {
    start(route, request, listener) {
      const key = routeKey(route);
      return startExchange(route, request, listener, {
        take: (freshMs) => pool.take(key, freshMs),
        open: () => open(route, key),
      });
    },
    async tunnel(route) {
      requireRoom(route);
      count++;
      try {
        const { socket, gate } = await openTunnel(route, openOptions);
        socket.once('close', () => count--);
        return {
          socket,
          rest: new Uint8Array(0),
          pause() {
            socket.pause();
            gate?.pause();
          },
          resume() {
            gate?.resume();
            socket.resume();
          },
        };
      } catch (error) {
        count--;
        throw error;
      }
    },
    close(owner) {
      pool.clear(owner === undefined ? '' : `${JSON.stringify(owner)}\n`);
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
