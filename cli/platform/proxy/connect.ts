import type { Socket } from 'node:net';
import { SigError } from '../../../src/errors.ts';
import type { ParsedRequest } from '../../../src/http1/message.ts';
import { targetOf } from '../../../src/http1/request_target.ts';
import { writeResponseHead } from '../../../src/http1/write.ts';
import type { Target } from '../../../src/target/target.ts';
import type { NetworkProxy } from '../upstream/network_proxy.ts';
import type { Upstream } from '../upstream/upstream.ts';
import { asProxyError, type Client, type Turn } from './client.ts';
import type { ProxyCore } from './core.ts';
import type { Deadline, ProxyTimes } from './deadline.ts';
import { joinTunnel } from './join.ts';
import type { LeafContexts } from './leaf_contexts.ts';
import { type Terminated, terminateTls } from './terminate.ts';

/** What CONNECT is answered with. */
export interface ConnectOptions {
  readonly core: Pick<ProxyCore, 'connect'>;
  readonly upstream: Upstream;
  readonly contexts: LeafContexts;
  readonly raw: Socket;
  readonly owner: string;
  readonly environmentProxy: (target: Target) => NetworkProxy | undefined;
  readonly deadline: Deadline;
  readonly times: ProxyTimes;
  /** @throws {SigError} when the caller may not, or the target is the proxy itself */
  readonly check: (request: ParsedRequest, target: Target) => Promise<void>;
  /** Serves what came out of the client's TLS. */
  readonly serve: (terminated: Terminated, tunnel: Target) => void;
  /** Called once, when the connection is over without having been served. */
  readonly onClose: () => void;
}

const ESTABLISHED = writeResponseHead(200, 'Connection Established', []);

/** Answers a CONNECT: with a tunnel, or in the place of the host. Nothing is said before it is clear that it can be done. */
export function answerConnect(request: ParsedRequest, client: Client, options: ConnectOptions): Turn {
  const { deadline, times } = options;
  let isGone = false;

  async function answer(): Promise<void> {
    const target = targetOf(request, undefined);
    await options.check(request, target);
    if (options.core.connect(target) === 'tunnel') await tunnel(target);
    else await intercept(target);
  }

  async function tunnel(target: Target): Promise<void> {
    const networkProxy = options.environmentProxy(target);
    const far = await options.upstream.tunnel({ target, owner: options.owner, networkProxy });
    if (isGone) return void far.socket.destroy();
    client.write(ESTABLISHED);
    joinTunnel(client.detach(), far, deadline, times.tunnelMs, options.onClose);
  }

  async function intercept(target: Target): Promise<void> {
    const context = await options.contexts.contextFor(target.host);
    if (isGone) return;
    client.write(ESTABLISHED);
    const { rest } = client.detach();
    deadline.set(times.handshakeMs);
    const terminated = await terminateTls(options.raw, rest, target.host, context);
    if (terminated) options.serve(terminated, target);
    else options.onClose();
  }

  answer().catch((error) => {
    if (isGone) return;
    isGone = true;
    // RFC 9931: what the client sent behind a refused CONNECT is not a request.
    if (client.isClosed) return void options.raw.destroy();
    client.refuse(asProxyError(error));
  });
  return {
    isReady: () => false,
    body() {},
    end() {},
    drain() {},
    abort() {
      isGone = true;
    },
  };
}

/** @throws {SigError} E_LOOP when a target is the proxy itself (security case P7) */
export function refuseLoop(target: Target, port: number): void {
  if (target.port !== port || !/^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(target.host)) return;
  throw new SigError('E_LOOP', 'The proxy was asked to fetch itself', { hint: 'check the address of the request' });
}
