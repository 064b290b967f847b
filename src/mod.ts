/**
 * The core of `sig` for programs and workers: requests with the login of whoever they belong to.
 * Web standards only; the world is handed in as ports.
 *
 * @example A worker that sends every request with an OAuth login of its own
 * ```ts
 * import {
 *   createCheck, createCredentials, createMemoryStore, createRenewal, createSig, createVault, loadProviders, parseConfig,
 *   sendByFetch,
 * } from '@sigcli/cli';
 *
 * const config = `
 * providers:
 *   api:
 *     domains: [api.example.com]
 *     strategy: oauth2
 *     tokenUrl: https://api.example.com/oauth/token
 *     clientId: \${CLIENT_ID}
 *     clientSecret: \${CLIENT_SECRET}
 * `;
 * const env = (name: string) => ({ CLIENT_ID: 'id', CLIENT_SECRET: 'secret' })[name];
 * const clock = { now: () => Date.now() };
 * const send = sendByFetch((url, init) => fetch(url, init));
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const vault = createVault({ store: createMemoryStore(), id: 'worker-worker-worker-1', key: () => Promise.resolve(key) });
 * const sig = createSig({
 *   providers: await loadProviders(parseConfig(config), 'config', env),
 *   credentials: createCredentials(vault),
 *   renew: createRenewal({ send, clock, env }),
 *   check: createCheck({ send, clock, env }),
 *   audit: { write: () => Promise.resolve() },
 *   send, clock, env,
 * });
 * export default { fetch: (request: Request) => sig.fetch(request) };
 * ```
 *
 * @module
 */

export { parseConfig } from './config/parse.ts';
export type { Credential } from './credential/credential.ts';
export { createCredentials, type Credentials } from './credential/credentials.ts';
export { isSigError, SigError, type SigErrorCode } from './errors.ts';
export { createRenewal } from './login/renew.ts';
export { createCheck } from './login/validate.ts';
export type { AuditEvent, AuditSink, Body, Clock, Send, SendOptions, Store, WireResponse } from './ports.ts';
export type { ProviderSet } from './provider/find.ts';
export type { Provider } from './provider/provider.ts';
export { Secret } from './secret.ts';
export { createSig, type SigOptions } from './sig/create_sig.ts';
export { sendByFetch } from './sig/fetch.ts';
export { loadProviders } from './sig/load_providers.ts';
export type { Exchange, RequestOptions, Sig } from './sig/sig.ts';
export { createMemoryStore } from './vault/memory_store.ts';
export { createVault, type Vault } from './vault/vault.ts';
