/**
 * An agent's own identity: one key, a login of its owner that is bound to it, and calls to services that
 * publish what agents may do there. Web Crypto and `fetch` alone: Node, Deno, Bun, Workers, at the edge.
 *
 * @example Log in once, then call services
 * ```ts
 * import { callService, createAgent, createMemoryStore, createVault, sendByFetch } from '@sigcli/cli/agent-id';
 *
 * const timer = {
 *   wait: (ms: number, signal?: AbortSignal) =>
 *     new Promise<void>((done) => {
 *       setTimeout(done, ms);
 *       signal?.addEventListener('abort', () => done());
 *     }),
 * };
 * const ports = { send: sendByFetch((url, init) => fetch(url, init)), timer, clock: { now: () => Date.now() } };
 * const key = crypto.getRandomValues(new Uint8Array(32)); // of the place's own secrets, to outlive the process
 * const vault = createVault({ store: createMemoryStore(), id: 'agent-agent-agent-agen', key: () => Promise.resolve(key) });
 * const agent = createAgent(vault, ports);
 * const show = (link: string, code?: string) => Promise.resolve(console.log(`open ${link} and type ${code}`));
 * await agent.bootstrap({ profile: 'standard', issuer: 'https://as.example.com', clientId: 'agent', show });
 * await agent.allow(['https://notes.example']);
 * const { status } = await agent.withSigning((signing) =>
 *   callService({ url: 'https://notes.example/api/notes' }, signing, ports)
 * );
 * ```
 *
 * @module
 */

export { isSigError, SigError } from '../errors.ts';
export type { Send, Store, Timer } from '../ports.ts';
export { Secret } from '../secret.ts';
export { sendByFetch } from '../sig/fetch.ts';
export { createMemoryStore } from '../vault/memory_store.ts';
export { createVault, type Vault } from '../vault/vault.ts';
export { type Agent, type BootstrapRequest, createAgent, type Signing } from './agent.ts';
export { type CallRequest, type CallResult, callService, signHeaders } from './call.ts';
export { needsConfirmation, renderCapabilities } from './capabilities.ts';
export { fetchManifest, type FoundManifest } from './fetch_manifest.ts';
export { type Manifest, type Operation, parseManifest } from './manifest.ts';
export { type PlannedCall, planOperation } from './operation.ts';
export type { AgentSession } from './session.ts';
export { probeSupport } from './support.ts';
export type { AgentPorts } from './transport.ts';
