/**
 * The proxy inside a test: real sockets and TLS, credentials and audit log in memory.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { createDecoders } from '../../cli/platform/decoder.ts';
import { type Listener, type ListenerOptions, startListener } from '../../cli/platform/proxy/listener.ts';
import { createUpstream } from '../../cli/platform/upstream/upstream.ts';
import type { ProviderConfig } from '../../src/config/config.ts';
import type { Credential } from '../../src/credential/credential.ts';
import type { Credentials } from '../../src/credential/credentials.ts';
import { SigError } from '../../src/errors.ts';
import type { Renew } from '../../src/login/renew.ts';
import { createProviderSet } from '../../src/provider/find.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { createControl } from '../../src/proxy/control.ts';
import { createLeafIssuer, mintAuthority } from '../../src/proxy/leaf_issuer.ts';
import { createPassages } from '../../src/proxy/passage.ts';
import type { Placeholder } from '../../src/proxy/placeholder.ts';
import { createPolicy, decideConnect, interceptedHosts } from '../../src/proxy/policy.ts';
import { problemOf } from '../../src/proxy/problem.ts';
import { createSessionToken } from '../../src/proxy/session_token.ts';
import { createAuthorizer } from '../../src/sig/authorize.ts';
import { makeCanary } from './canary.ts';
import { makeCredential, makeProvider, memoryAudit, memoryCredentials } from './fixture.ts';
import type { TestServer } from './tls_server.ts';

/** What the proxy of a test is. */
export interface TestProxyOptions {
  /** What differs from a bearer provider of the server. */
  readonly provider?: Partial<ProviderConfig>;
  /** Further providers. */
  readonly others?: readonly Provider[];
  readonly credential?: Partial<Credential>;
  /** `false`: nobody is logged in. */
  readonly isLoggedIn?: boolean;
  readonly renew?: Renew;
  readonly isStrict?: boolean;
  readonly placeholders?: (provider: Provider) => readonly Placeholder[];
  readonly listener?: Partial<ListenerOptions>;
}

/** A proxy under test. */
export interface TestProxy {
  readonly port: number;
  /** Of the session. */
  readonly token: string;
  /** The secret of the login. */
  readonly canary: string;
  readonly caPem: string;
  readonly provider: Provider;
  readonly credentials: Credentials;
  readonly audit: ReturnType<typeof memoryAudit>;
  readonly listener: Listener;
  /** Sends bytes on a connection of its own and collects all that comes until it ends or is silent. */
  raw(text: string | Uint8Array, until?: RegExp): Promise<string>;
  /** CONNECT, then TLS. */
  tunnel(authority: string, options?: { readonly servername?: string }): Promise<TLSSocket>;
  /** A request within a tunnel of its own. */
  request(text: string, until?: RegExp): Promise<string>;
}

/** Starts a proxy for a server: one provider, one login, whose token is a canary. */
export async function useProxy(server: TestServer, options: TestProxyOptions = {}): Promise<TestProxy> {
  const authority = `localhost:${server.port}`;
  const provider = makeProvider({ domains: [authority], caFile: server.caFile, ...options.provider });
  const canary = makeCanary();
  const clock = { now: () => Date.now() };
  const logins = options.isLoggedIn === false ? [] : [
    makeCredential(provider, { token: canary, access_token: canary }, {
      obtainedAtSec: Date.now() / 1000 - 60,
      ...options.credential,
    }),
  ];
  const credentials = await memoryCredentials(...logins);
  const audit = memoryAudit();
  const env = () => undefined;
  const policy = createPolicy(createProviderSet([provider, ...options.others ?? []]), {
    env,
    isStrict: options.isStrict,
  });
  const { authority: ca } = await mintAuthority(interceptedHosts(policy), 'test', clock);
  const issuer = createLeafIssuer(ca, clock);
  const session = createSessionToken();
  const renew: Renew = options.renew ?? ((its) =>
    Promise.reject(
      new SigError('E_LOGIN_REQUIRED', `Provider "${its.id}" is not logged in`, {
        hint: `sig login ${its.id}`,
        provider: its.id,
      }),
    ));
  const listener = await startListener({
    core: {
      connect: (target) => decideConnect(policy, target),
      begin: createPassages({
        policy: () => policy,
        authorizer: createAuthorizer({ credentials, clock, renew, env }),
        credentials,
        audit,
        clock,
        decoders: createDecoders(),
        placeholders: options.placeholders?.(provider),
      }),
      problem: problemOf,
      leaf: (host) => issuer.issue(host),
      control: createControl({
        isToken: session.isToken,
        certificatesPem: () => issuer.certificatesPem,
        status: () => ({ ok: true }),
        stop: () => {},
      }),
      isToken: session.isToken,
    },
    upstream: createUpstream({ env }),
    env,
    isSameUser: () => Promise.resolve(true),
    ...options.listener,
  });
  onTestFinished(() => listener.close());

  async function dial(): Promise<Socket> {
    const socket = connect(listener.port, '127.0.0.1');
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await new Promise((resolve) => socket.once('connect', resolve));
    return socket;
  }

  const proxy: TestProxy = {
    port: listener.port,
    token: session.token.reveal(),
    canary,
    caPem: issuer.certificatesPem,
    provider,
    credentials,
    audit,
    listener,
    raw: async (text, until) => await converse(await dial(), text, until),
    async tunnel(to, { servername } = {}) {
      const socket = await dial();
      const answer = await converse(socket, `CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n\r\n`, /\r\n\r\n/);
      if (!answer.startsWith('HTTP/1.1 200')) throw new Error(answer);
      const host = to.replace(/:\d+$/, '').replace(/[[\]]/g, '');
      const isName = !/^[\d.:]+$/.test(host);
      return await new Promise((resolve, reject) => {
        const tls = connectTls({
          socket,
          ca: proxy.caPem,
          host,
          ...(servername !== undefined ? { servername } : isName ? { servername: host } : {}),
          checkServerIdentity: () => undefined,
          ALPNProtocols: ['http/1.1'],
        });
        tls.once('secureConnect', () => resolve(tls));
        tls.once('error', reject);
        tls.once('close', () => reject(new Error('closed')));
        onTestFinished(() => void tls.destroy());
      });
    },
    async request(text, until) {
      return await converse(await proxy.tunnel(authority), text, until);
    },
  };
  return proxy;
}

/** Whether a text is a whole response: by its Content-Length, its last chunk, or a status without a body. */
export function isWholeResponse(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0 || /^HTTP\/1\.1 1(?!01)\d\d/.test(text)) return false;
  const head = text.slice(0, end);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return text.length - end - 4 >= Number(length);
  if (/\r\ntransfer-encoding: chunked/i.test(head)) return /\r\n0\r\n(?:.+\r\n)*\r\n$/.test(text.slice(end + 2));
  return /^HTTP\/1\.1 (?:101|204|304)/.test(text);
}

/** Writes a text, one byte a character, and reads until a whole response, the pattern, or the end. */
export function converse(socket: Socket, text: string | Uint8Array, until?: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const done = () => {
      socket.off('data', onData);
      socket.off('close', done);
      resolve(got);
    };
    const onData = (bytes: Buffer) => {
      got += bytes.toString('latin1');
      if (until ? until.test(got) : isWholeResponse(got)) done();
    };
    socket.on('data', onData);
    socket.on('close', done);
    socket.on('error', () => {});
    socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  });
}
