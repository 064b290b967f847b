import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { tunnelThroughHttp } from './connect_tunnel.ts';
import { tunnelThroughSocks } from './socks5.ts';
import type { Gate } from './gate.ts';
import { dial } from './dial.ts';
import { type NetworkProxy, proxyAuthorization } from './network_proxy.ts';
import { checkUnresolved, type Lookup, resolveHost } from './resolve.ts';
import { bareHost, nameOf, type Route, sessionKey } from './route.ts';
import { secure } from './secure.ts';
import type { Trust } from './trust.ts';

/** A connection on which requests to a server can be written. */
export interface Opened {
  readonly socket: Socket | TLSSocket;
  /** Is paused and resumed together with the socket, where there is one. */
  readonly gate: Gate | undefined;
  /**
   * Set where an HTTP proxy reads the requests: they then have the absolute form, and this
   * `Proxy-Authorization` if there is one.
   */
  readonly readBy: { readonly authorization: string | undefined } | undefined;
}

/** What connections are opened with. */
export interface OpenOptions {
  readonly trust: Trust;
  readonly lookup: Lookup;
  /** Milliseconds for TCP, and again for each TLS handshake and each proxy's answer. */
  readonly connectTimeoutMs: number;
  /** Sessions of servers, by {@link sessionKey}. */
  readonly sessions: {
    get(key: string): Uint8Array | undefined;
    set(key: string, session: Uint8Array): void;
  };
}

/**
 * Opens a connection along a route: looks up, judges, dials, goes through the proxy if there is one,
 * begins TLS if the target has it.
 *
 * @param protocols what is offered by ALPN. Default HTTP/1.1 only
 * @throws {SigError} E_UPSTREAM, E_UPSTREAM_TLS, E_TIMEOUT, E_PRIVATE_ADDRESS
 */
export async function openConnection(
  route: Route,
  options: OpenOptions,
  protocols?: readonly string[],
): Promise<Opened> {
  const { target, networkProxy } = route;
  const isSecure = target.scheme === 'https';
  const raw = networkProxy ? await reachThroughProxy(route, networkProxy, options) : await reach(route, options);
  if (!isSecure) {
    const readsRequests = networkProxy?.scheme === 'http' || networkProxy?.scheme === 'https';
    return {
      ...raw,
      readBy: readsRequests ? { authorization: proxyAuthorization(networkProxy) } : undefined,
    };
  }
  // From loading the CAs on nobody else listens to what happens to the socket.
  const context = await guarded(raw.socket, options.trust.contextFor(route.caFile));
  const key = sessionKey(route);
  const secured = await secure(raw.socket, {
    name: nameOf(route),
    host: target.host,
    context,
    timeoutMs: options.connectTimeoutMs,
    protocols,
    session: options.sessions.get(key),
    onSession: (session) => options.sessions.set(key, session),
  });
  return { ...secured, readBy: undefined };
}

/**
 * Opens a way for bytes to a target, through the proxy if there is one: no TLS of ours, nothing is sent.
 *
 * @throws {SigError} as {@link openConnection}
 */
export async function openTunnel(route: Route, options: OpenOptions): Promise<Reached> {
  if (!route.networkProxy) return await reach(route, options);
  // As for https: an HTTP proxy is asked to CONNECT.
  const target = { ...route.target, scheme: 'https' } as const;
  return await reachThroughProxy({ ...route, target }, route.networkProxy, options);
}

/** A socket on which nothing was sent yet. */
export type Reached = Pick<Opened, 'socket' | 'gate'>;

async function reach(route: Route, options: OpenOptions): Promise<Reached> {
  const { target, allowPrivate = false } = route;
  const addresses = await resolveHost(target.host, allowPrivate, options.lookup);
  const socket = await dial(nameOf(route), addresses, target.port, options.connectTimeoutMs);
  return { socket, gate: undefined };
}

async function reachThroughProxy(route: Route, proxy: NetworkProxy, options: OpenOptions): Promise<Reached> {
  const { target, allowPrivate = false } = route;
  const { connectTimeoutMs } = options;
  const name = `${proxy.host}:${proxy.port}`;
  // What we look up ourselves is judged before the proxy hears of it.
  let host = bareHost(target.host);
  if (proxy.scheme === 'socks5') host = (await resolveHost(target.host, allowPrivate, options.lookup))[0]!;
  else checkUnresolved(target.host, allowPrivate);
  // A person named the proxy, and proxies often stand on this machine.
  const addresses = await resolveHost(proxy.host, true, options.lookup);
  const socket = await dial(name, addresses, proxy.port, connectTimeoutMs);
  if (proxy.scheme === 'socks5' || proxy.scheme === 'socks5h') {
    await tunnelThroughSocks(socket, proxy, host, target.port, connectTimeoutMs);
    return { socket, gate: undefined };
  }
  let reached: Reached = { socket, gate: undefined };
  if (proxy.scheme === 'https') {
    const context = await guarded(socket, options.trust.contextFor(undefined));
    reached = await secure(socket, { name, host: proxy.host, context, timeoutMs: connectTimeoutMs });
  }
  if (target.scheme === 'https') {
    await tunnelThroughHttp(reached.socket, proxy, `${target.host}:${target.port}`, connectTimeoutMs);
  }
  return reached;
}

/** Waits for something while a socket is idle, and destroys the socket when that fails. */
async function guarded<T>(socket: Duplex, wait: Promise<T>): Promise<T> {
  const ignore = () => {};
  socket.on('error', ignore);
  try {
    return await wait;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    if (!socket.destroyed) socket.off('error', ignore);
  }
}
