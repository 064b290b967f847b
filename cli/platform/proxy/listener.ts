import { createServer, type Server, type Socket } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';
import { SigError } from '../../../src/errors.ts';
import type { ParsedRequest } from '../../../src/http1/message.ts';
import type { ConnectDecision } from '../../../src/proxy/policy.ts';
import { originOf, type Target } from '../../../src/target/target.ts';
import { environmentProxy, type NetworkProxy } from '../upstream/network_proxy.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { createCaller } from './caller.ts';
import { type Client, type ClientStream, serveClient, type Served, type Turn } from './client.ts';
import { answerConnect, refuseLoop } from './connect.ts';
import { answerControl } from './control_request.ts';
import type { ProxyCore } from './core.ts';
import { createDeadlineClock, PROXY_TIMES, type ProxyTimes } from './deadline.ts';
import { type ForwardOptions, forwardRequest } from './forward.ts';
import { createLeafContexts } from './leaf_contexts.ts';
import { createOwnerCheck } from './socket_owner.ts';
import type { Terminated } from './terminate.ts';

/** How a proxy is started. */
export interface ListenerOptions {
  readonly core: ProxyCore;
  readonly upstream: Upstream;
  /** Answers with an environment variable's value: of network proxies. */
  readonly env: (name: string) => string | undefined;
  /** Port on loopback; any free one by default. */
  readonly port?: number | undefined;
  readonly times?: Partial<ProxyTimes> | undefined;
  /**
   * Connections of clients at the same time. Default 4,096. When there are more, the oldest goes on which no
   * request has come, else the oldest on which none is under way.
   */
  readonly maxClients?: number | undefined;
  /** Whether a connection was made by the user who runs the proxy. Default: asks the system. */
  readonly isSameUser?: ((socket: Socket) => Promise<boolean>) | undefined;
}

/** A proxy that listens. */
export interface Listener {
  readonly port: number;
  /** Open connections of clients. */
  readonly clients: number;
  /** Forgets the certificates that were made, after the CA changed. */
  forgetLeaves(): void;
  /**
   * Stops listening and ends every connection.
   *
   * @param graceMs how long answers that are under way may take to end. Default 0
   */
  close(graceMs?: number): Promise<void>;
}

/** Origins whose network proxy is remembered. */
const MAX_ORIGINS = 1_024;

/**
 * Listens on loopback, IPv4 and where there is one IPv6, on the same port (security case P1).
 *
 * @throws {SigError} E_EXISTS when the port is taken
 */
export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { core, upstream, maxClients = 4_096, isSameUser = createOwnerCheck() } = options;
  const times: ProxyTimes = { ...PROXY_TIMES, ...options.times };
  const clock = createDeadlineClock();
  const contexts = createLeafContexts(core.leaf);
  const sockets = new Map<Socket, Served>();
  /** Those on which no request has come yet, the oldest first. */
  const silent = new Set<Socket>();
  let isClosing = false;
  let onEmpty = () => {};
  let port = 0;
  let count = 0;

  const proxyFor = memoize((target: Target): NetworkProxy | undefined => {
    const proxy = environmentProxy(options.env, target);
    // Started in a shell that was told to use this very proxy: then it is not meant for us.
    if (proxy && proxy.port === port && /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(proxy.host)) return undefined;
    return proxy;
  });

  function accept(raw: Socket): void {
    // Connections that only hold a place do not keep others out (security case P9).
    if (sockets.size >= maxClients) forget(silent.values().next().value ?? findIdle() ?? raw);
    if (raw.destroyed) return;
    silent.add(raw);
    const owner = `client-${++count}`;
    const deadline = clock.start(() => raw.destroy());
    raw.on('error', () => {});
    raw.once('close', () => {
      forget(raw);
      deadline.clear();
      upstream.close(owner);
    });
    const caller = createCaller(core.isToken, () => isSameUser(raw));
    const own = { upstream, owner, deadline, times, environmentProxy: proxyFor, onClose: () => raw.destroy() };
    let inTunnel: ForwardOptions | undefined;
    serve({ socket: raw, gate: undefined }, undefined);

    function serve(stream: ClientStream, tunnel: Target | undefined): void {
      keep(serveClient({
        stream,
        problem: core.problem,
        deadline,
        times,
        begin: (request, client) => begin(request, client, tunnel),
        onClose: () => raw.destroy(),
      }));
    }

    function keep(served: Served): void {
      if (raw.destroyed) return;
      sockets.set(raw, served);
      if (isClosing) served.retire();
    }

    function serveTunnel(terminated: Terminated, tunnel: Target): void {
      if (!terminated.isHttp2) return serve(terminated, tunnel);
      // node:http2 takes 15 ms and more to load, which the first client waits for who needs it.
      import('./http2_session.ts').then(({ serveSession }) => {
        deadline.set(Infinity);
        keep(serveSession({
          socket: terminated.socket,
          problem: core.problem,
          clock,
          times,
          begin: (request, client) => begin(request, client, tunnel),
          onClose: () => raw.destroy(),
        }));
      }).catch(() => raw.destroy());
    }

    function begin(request: ParsedRequest, client: Client, tunnel: Target | undefined): Turn {
      if (request.method !== 'CONNECT') silent.delete(raw);
      // A connection has one tunnel at most: what its requests are forwarded with is the same for all of them.
      if (tunnel) return forwardRequest(request, client, inTunnel ??= { ...own, core, tunnel });
      if (request.method === 'CONNECT') {
        return answerConnect(request, client, { ...own, core: { connect }, contexts, raw, check, serve: serveTunnel });
      }
      if (request.target.form !== 'absolute') return answerControl(request, client, authoritiesOf(port), core.control);
      const guarded: Pick<ProxyCore, 'begin'> = {
        async begin(its, target) {
          await check(its, target);
          return await core.begin(its, target);
        },
      };
      return forwardRequest(request, client, { ...own, core: guarded, tunnel });
    }

    function connect(target: Target): ConnectDecision {
      const decision = core.connect(target);
      if (decision === 'tunnel') silent.delete(raw);
      return decision;
    }

    async function check(request: ParsedRequest, target: Target): Promise<void> {
      await caller.check(request.fields);
      refuseLoop(target, port);
    }
  }

  function findIdle(): Socket | undefined {
    for (const [socket, served] of sockets) if (served.isIdle()) return socket;
    return undefined;
  }

  function forget(raw: Socket): void {
    sockets.delete(raw);
    silent.delete(raw);
    raw.destroy();
    if (sockets.size === 0) onEmpty();
  }

  const servers = [await listen(accept, '127.0.0.1', options.port ?? 0)];
  port = (servers[0]!.address() as { port: number }).port;
  // Not everywhere; what does not listen there can also not be taken by somebody else's program unnoticed.
  const second = await listen(accept, '::1', port).catch(() => undefined);
  if (second) servers.push(second);

  return {
    port,
    get clients() {
      return sockets.size;
    },
    forgetLeaves: contexts.clear,
    async close(graceMs = 0) {
      const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
      isClosing = true;
      for (const served of sockets.values()) served.retire();
      if (sockets.size > 0) {
        let timer: ReturnType<typeof setTimeout> | undefined;
        await new Promise<void>((resolve) => {
          onEmpty = resolve;
          timer = setTimeout(resolve, graceMs);
        });
        clearTimeout(timer);
      }
      for (const socket of sockets.keys()) socket.destroy();
      upstream.close();
      await Promise.all(closed);
    },
  };
}

/** What the environment says of a target: reading it takes longer than all else that is decided about a request. */
function memoize(
  find: (target: Target) => NetworkProxy | undefined,
): (target: Target) => NetworkProxy | undefined {
  const byOrigin = new Map<string, { readonly proxy: NetworkProxy | undefined }>();
  /** One target serves all requests of a tunnel. */
  const byTarget = new WeakMap<Target, { readonly proxy: NetworkProxy | undefined }>();
  return (target) => {
    let found = byTarget.get(target);
    if (found) return found.proxy;
    const key = originOf(target);
    found = byOrigin.get(key);
    if (!found) {
      if (byOrigin.size >= MAX_ORIGINS) byOrigin.clear();
      byOrigin.set(key, found = { proxy: find(target) });
    }
    byTarget.set(target, found);
    return found.proxy;
  };
}

/** What `Host` is in a request to the proxy itself. */
function authoritiesOf(port: number): string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
}

function listen(accept: (socket: Socket) => void, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true }, accept);
    server.once('error', (cause) => {
      reject(
        new SigError('E_EXISTS', `Cannot listen on ${host}:${port}: ${reasonOf(cause)}`, {
          hint: 'choose another port with --port, or none for a free one',
          cause,
        }),
      );
    });
    server.listen({ port, host, ipv6Only: host === '::1' }, () => resolve(server));
  });
}

function reasonOf(cause: Error): string {
  const { code } = cause as Error & { code?: string };
  return code === 'EADDRINUSE' ? 'another program listens there' : 'the system does not allow it';
}
