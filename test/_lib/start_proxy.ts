/**
 * A proxy for tests and for the children of tests: real sockets and TLS, credentials and audit log in memory.
 *
 * @module
 */

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
import { type Counters, createCounters } from '../../src/proxy/counters.ts';
import { createLeafIssuer, mintAuthority } from '../../src/proxy/leaf_issuer.ts';
import { createPassages } from '../../src/proxy/passage.ts';
import type { Placeholder } from '../../src/proxy/placeholder.ts';
import { createPolicy, decideConnect, interceptedHosts } from '../../src/proxy/policy.ts';
import { problemOf } from '../../src/proxy/problem.ts';
import { createSessionToken } from '../../src/proxy/session_token.ts';
import { createAuthorizer } from '../../src/sig/authorize.ts';
import type { Check } from '../../src/sig/retest.ts';
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
  /** The secret of the login; a fresh one by default. */
  readonly canary?: string;
  /** `false`: nobody is logged in. */
  readonly isLoggedIn?: boolean;
  readonly renew?: Renew;
  readonly check?: Check;
  readonly isStrict?: boolean;
  readonly placeholders?: (provider: Provider) => readonly Placeholder[];
  readonly listener?: Partial<ListenerOptions>;
}

/** A proxy that runs. */
export interface StartedProxy {
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
  readonly counters: Counters;
}

/** Starts a proxy for a server: one provider, one login, whose token is a canary. Whoever starts it closes it. */
export async function startProxy(
  server: Pick<TestServer, 'port' | 'caFile'>,
  options: TestProxyOptions = {},
): Promise<StartedProxy> {
  const authority = `localhost:${server.port}`;
  const provider = makeProvider({ domains: [authority], caFile: server.caFile, ...options.provider });
  const canary = options.canary ?? makeCanary();
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
  const counters = createCounters();
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
        authorizer: createAuthorizer({ credentials, clock, renew, check: options.check, audit, env }),
        credentials,
        audit,
        clock,
        decoders: createDecoders(),
        counters,
        placeholders: options.placeholders?.(provider),
      }).begin,
      problem: problemOf,
      leaf: (host) => issuer.issue(host),
      control: createControl({
        isToken: session.isToken,
        certificatesPem: () => issuer.certificatesPem,
        status: () => ({ ok: true }),
        metrics: () => '',
        lock: () => {},
        stop: () => {},
      }),
      isToken: session.isToken,
    },
    upstream: createUpstream({ env }),
    env,
    isSameUser: () => Promise.resolve(true),
    ...options.listener,
  });
  return {
    port: listener.port,
    token: session.token.reveal(),
    canary,
    caPem: issuer.certificatesPem,
    provider,
    credentials,
    audit,
    listener,
    counters,
  };
}
