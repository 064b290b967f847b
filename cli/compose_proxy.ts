/**
 * Puts a proxy together: the policy and pieces of `src/proxy`, and the sockets of `cli/platform/proxy`.
 *
 * @module
 */

import { hostname } from 'node:os';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { encodeTrustStore } from '../src/certificate/trust_store.ts';
import { parseConfig } from '../src/config/parse.ts';
import type { Credentials } from '../src/credential/credentials.ts';
import { encodeUtf8 } from '../src/encoding/bytes.ts';
import { isSigError } from '../src/errors.ts';
import type { Renew } from '../src/login/renew.ts';
import type { AuditSink, Clock } from '../src/ports.ts';
import type { ProviderSet } from '../src/provider/find.ts';
import type { ChildProxy } from '../src/proxy/child_environment.ts';
import { createControl } from '../src/proxy/control.ts';
import { countProblem, createCounters, renderMetrics } from '../src/proxy/counters.ts';
import { cacheCredentials } from '../src/proxy/credential_cache.ts';
import { createLeafIssuer, mintAuthority } from '../src/proxy/leaf_issuer.ts';
import { createPassages } from '../src/proxy/passage.ts';
import type { Placeholder } from '../src/proxy/placeholder.ts';
import { createPolicy, decideConnect, interceptedHosts } from '../src/proxy/policy.ts';
import { problemOf } from '../src/proxy/problem.ts';
import { createSessionToken } from '../src/proxy/session_token.ts';
import { openStoredAuthority } from '../src/proxy/stored_authority.ts';
import { createAuthorizer } from '../src/sig/authorize.ts';
import { loadProviders } from '../src/sig/load_providers.ts';
import type { Check } from '../src/sig/retest.ts';
import type { Vault } from '../src/vault/vault.ts';
import type { ProxyOptions, ProxySession } from './command/command.ts';
import { readConfigFile } from './platform/config_file.ts';
import { createDecoders } from './platform/decoder.ts';
import { writePrivateFile } from './platform/durable_file.ts';
import { ensurePrivateFolder } from './platform/private_path.ts';
import { decodeCertificates, readTrustedCas } from './platform/proxy/ca_files.ts';
import { createIdleLock } from './platform/proxy/idle_lock.ts';
import { startListener } from './platform/proxy/listener.ts';
import { refuseDebugger } from './platform/proxy/no_debugger.ts';
import { makeSessionFolder } from './platform/proxy/session_folder.ts';
import { watchForChange } from './platform/proxy/watch_file.ts';
import { createUpstream } from './platform/upstream/upstream.ts';

/** What a proxy is put together from. */
export interface ProxyParts {
  readonly home: string;
  readonly configPath: string;
  readonly env: (name: string) => string | undefined;
  readonly clock: Clock;
  readonly providers: ProviderSet;
  readonly vault: Vault;
  readonly credentials: Credentials;
  readonly audit: AuditSink & { forget?(): void };
  readonly renew: Renew;
  /** Default: no login is put to the test. */
  readonly check?: Check | undefined;
  readonly placeholders?: readonly Placeholder[] | undefined;
}

/** A session's CA lives as long as nobody needs it anyway, in seconds. */
const SESSION_CA_SEC = 30 * 86_400;

/**
 * Starts a proxy.
 *
 * @throws {SigError} E_NO_PROVIDER, E_EXISTS when the port is taken, and what the vault throws
 */
export async function startProxy(parts: ProxyParts, options: ProxyOptions): Promise<ProxySession> {
  const { clock, env } = parts;
  refuseDebugger();
  const policyOptions = { only: options.providers, isStrict: options.isStrict, env };
  let policy = createPolicy(parts.providers, policyOptions);
  let isLocked = false;
  const cached = cacheCredentials({
    ...parts.credentials,
    async open(id) {
      const found = await parts.credentials.open(id);
      isLocked = false;
      return found;
    },
  }, clock);
  const idle = options.lockAfterMs === undefined ? undefined : createIdleLock(options.lockAfterMs, () => {
    lock();
    options.onNote?.('no login was used for a while: the proxy has forgotten them all, and the vault key');
  });
  const credentials = idle
    ? {
      ...cached,
      open(id: string) {
        idle.touch();
        return cached.open(id);
      },
      peek(id: string) {
        idle.touch();
        return cached.peek(id);
      },
    }
    : cached;
  const session = createSessionToken();
  const counters = createCounters();
  const upstream = createUpstream({ env, mayHoldProcess: true });
  const renew: Renew = (provider, old) => {
    counters.renewals++;
    return parts.renew(provider, old);
  };
  const isStored = options.ca === 'stored';
  const mint = async (hosts: readonly string[]) =>
    isStored
      ? (await openStoredAuthority(parts.vault, hosts, hostname(), clock)).authority
      : (await mintAuthority(hosts, hostname(), clock, SESSION_CA_SEC)).authority;
  const issuer = createLeafIssuer(await mint(interceptedHosts(policy)), clock);
  const folder = isStored ? join(parts.home, 'proxy') : makeSessionFolder();
  if (isStored) ensurePrivateFolder(folder);
  const files = {
    caFile: join(folder, 'ca.pem'),
    extraCaFile: join(folder, 'extra.pem'),
    bundleFile: join(folder, 'bundle.pem'),
    trustStoreFile: join(folder, 'bundle.p12'),
  };
  const trusted = readTrustedCas(env);
  const writeFiles = async () => {
    const own = issuer.certificatesPem;
    await Promise.all([
      writePrivateFile(files.caFile, encodeUtf8(own)),
      writePrivateFile(files.extraCaFile, encodeUtf8(own + trusted.extra)),
      writePrivateFile(files.bundleFile, encodeUtf8(own + trusted.all)),
      writePrivateFile(files.trustStoreFile, encodeTrustStore(decodeCertificates(own + trusted.all))),
    ]);
  };
  await writeFiles();

  const startedAt = new Date(clock.now()).toISOString();
  let reportStop = () => {};
  const stopAsked = new Promise<void>((resolve) => reportStop = resolve);
  const passages = createPassages({
    policy: () => policy,
    authorizer: createAuthorizer({ credentials, clock, renew, check: parts.check, audit: parts.audit, env }),
    credentials,
    audit: parts.audit,
    clock,
    decoders: createDecoders(),
    counters,
    placeholders: parts.placeholders,
  });

  /**
   * Security case S24. The CA stays, since clients must be told what is wrong; so do requests that are under way. What is
   * needed again is opened again, where nobody has to be asked for it.
   */
  function lock(): void {
    isLocked = true;
    cached.forget();
    passages.forget();
    parts.audit.forget?.();
    parts.vault.forget();
    // HTTP/2 remembers fields for a connection.
    upstream.close();
  }

  const listener = await startListener({
    core: {
      connect(target) {
        const decision = decideConnect(policy, target);
        if (decision === 'tunnel') counters.tunnels++;
        else counters.intercepts++;
        return decision;
      },
      begin: passages.begin,
      problem(error, close) {
        countProblem(counters, error.code);
        return problemOf(error, close);
      },
      leaf: (host) => issuer.issue(host),
      control: createControl({
        isToken: session.isToken,
        certificatesPem: () => issuer.certificatesPem,
        status: () => status(),
        metrics: () => renderMetrics(counters, { clients: listener.clients, upstream: upstream.connections }),
        lock,
        stop: () => reportStop(),
      }),
      isToken: session.isToken,
    },
    upstream,
    env,
    port: options.port,
  });
  const status = () => ({
    port: listener.port,
    startedAt,
    providers: policy.providers.all.map((provider) => provider.id),
    strict: policy.isStrict,
    clients: listener.clients,
    locked: isLocked,
  });

  /** Security case C8: what cannot be used changes nothing. */
  async function reload(): Promise<void> {
    try {
      const text = await readConfigFile(parts.configPath);
      const next = createPolicy(await loadProviders(parseConfig(text), parts.configPath, env), policyOptions);
      const hosts = interceptedHosts(next);
      if (!issuer.covers(hosts)) {
        issuer.add(await mint(hosts));
        await writeFiles();
        options.onNote?.(`the CA now covers new hosts; programs started from now on trust it: ${files.caFile}`);
      }
      policy = next;
      options.onNote?.('config.yaml changed: the new policy is in force');
    } catch (error) {
      const why = isSigError(error) ? error.message : 'it cannot be read';
      options.onNote?.(`config.yaml changed, and the old policy stays in force: ${why}`);
    }
  }

  let reloading: Promise<void> = Promise.resolve();
  const unwatch = watchForChange(parts.configPath, () => {
    reloading = reloading.then(reload);
  });
  return {
    port: listener.port,
    token: session.token,
    caFile: files.caFile,
    stopAsked,
    status,
    lock,
    child: (): ChildProxy => ({
      port: listener.port,
      token: session.token.reveal(),
      extraCaFile: files.extraCaFile,
      bundleFile: files.bundleFile,
      trustStoreFile: files.trustStoreFile,
      hosts: interceptedHosts(policy),
    }),
    async stop(graceMs) {
      unwatch();
      idle?.stop();
      await reloading;
      await listener.close(graceMs);
      if (!isStored) rmSync(folder, { recursive: true, force: true });
    },
  };
}
