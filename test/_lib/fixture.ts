/** Small pieces that the tests of the core share: a provider, credentials in memory, a scripted network. */
import type { ProviderConfig } from '../../src/config/config.ts';
import type { Credential } from '../../src/credential/credential.ts';
import { createCredentials, type Credentials } from '../../src/credential/credentials.ts';
import { encodeUtf8 } from '../../src/encoding/bytes.ts';
import { readAll } from '../../src/encoding/read_all.ts';
import type { AuditEvent, Body, Clock, Send, SendOptions, WireResponse } from '../../src/ports.ts';
import { bindingOf } from '../../src/provider/binding.ts';
import { compileProvider, type Provider } from '../../src/provider/provider.ts';
import { Secret } from '../../src/secret.ts';
import type { HeaderPairs, RequestHead } from '../../src/target/head.ts';
import { authorityOf, parseUrl } from '../../src/target/target.ts';
import { createMemoryStore } from '../../src/vault/memory_store.ts';
import { createVault, type Vault } from '../../src/vault/vault.ts';

/** 2026-01-02T03:04:05Z, in milliseconds. */
export const NOW_MS: number = Date.UTC(2026, 0, 2, 3, 4, 5);

export function fixedClock(nowMs: number = NOW_MS): Clock & { advance(ms: number): void } {
  let now = nowMs;
  return { now: () => now, advance: (ms) => void (now += ms) };
}

/** A compiled provider: `prompt`, one bearer token, `api.example.com`, unless said otherwise. */
export function makeProvider(
  config: Partial<ProviderConfig> = {},
  env: (name: string) => string | undefined = () => undefined,
): Provider {
  const { provider, issues } = compileProvider({
    id: 'api',
    domains: ['api.example.com'],
    strategy: 'prompt',
    extract: [{ from: 'prompt', as: 'token' }],
    apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${token}' }],
    ...config,
  }, env);
  if (issues.length > 0) throw new Error(`fixture: ${JSON.stringify(issues)}`);
  return provider;
}

/** An OAuth client credentials provider of `api.example.com`. */
export function makeOAuthProvider(config: Partial<ProviderConfig> = {}): Provider {
  return makeProvider({
    strategy: 'oauth2',
    extract: [{ from: 'oauth2', as: 'access_token' }],
    apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${access_token}' }],
    oauth2: { tokenUrl: 'https://as.example.com/token', clientId: 'client', clientSecret: 'client-secret' },
    ...config,
  });
}

export function makeCredential(
  provider: Provider,
  values: Record<string, string> = { token: 'token-1' },
  more: Partial<Credential> = {},
): Credential {
  return {
    provider: provider.id,
    strategy: provider.strategy,
    obtainedAtSec: NOW_MS / 1000 - 60,
    values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, new Secret(value)])),
    binding: bindingOf(provider),
    ...more,
  };
}

/** A vault in memory, with a key of its own. */
export function memoryVault(): Vault {
  const key = crypto.getRandomValues(new Uint8Array(32));
  return createVault({ store: createMemoryStore(), id: 'AAAAAAAAAAAAAAAAAAAAAA', key: () => Promise.resolve(key) });
}

export async function memoryCredentials(...stored: Credential[]): Promise<Credentials> {
  const credentials = createCredentials(memoryVault());
  for (const credential of stored) await credentials.seal(credential);
  return credentials;
}

/** One request as a scripted server saw it. */
export interface Seen {
  readonly head: RequestHead;
  readonly body: string;
  readonly options: SendOptions;
  header(name: string): string | undefined;
}

/** A network that answers from a function and remembers what was sent. */
export function scriptedSend(
  answer: (seen: Seen, count: number) => WireResponse | Promise<WireResponse>,
): Send & { readonly seen: Seen[] } {
  const seen: Seen[] = [];
  const send = async (head: RequestHead, body: Body | null, options: SendOptions = {}) => {
    const bytes = await readAll(body ?? [], Infinity);
    const one: Seen = {
      head,
      body: new TextDecoder().decode(bytes),
      options,
      header: (name) => head.headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1],
    };
    seen.push(one);
    return await answer(one, seen.length);
  };
  return Object.assign(send, { seen });
}

export function answer(status: number, body: string | unknown = '', headers: HeaderPairs = []): WireResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    status,
    reason: '',
    headers,
    body: (async function* () {
      if (text !== '') yield encodeUtf8(text);
    })(),
  };
}

export function headOf(url: string, method = 'GET', headers: HeaderPairs = []): RequestHead {
  const { target, path } = parseUrl(url);
  return { method, target, path, headers: [['Host', authorityOf(target)], ...headers] };
}

/** An audit log in memory; `fail` makes it refuse. */
export function memoryAudit(): { write(event: AuditEvent): Promise<void>; events: AuditEvent[]; fail: boolean } {
  const log = {
    events: [] as AuditEvent[],
    fail: false,
    write(event: AuditEvent) {
      if (log.fail) return Promise.reject(new Error('audit is full'));
      log.events.push(event);
      return Promise.resolve();
    },
  };
  return log;
}
