/**
 * A Worker that is a forward broker: programs call it with their own key, and it calls the API with
 * a login that they never see. `https://broker.example/api.example.com/me` stands for
 * `https://api.example.com/me`.
 *
 * @module
 */

import {
  createCredentials,
  createMemoryStore,
  createRenewal,
  createSig,
  createVault,
  loadProviders,
  parseConfig,
  Secret,
  sendByFetch,
} from '@sigcli/cli';
import { createForwarder, matchToken } from '@sigcli/cli/proxy';

/** What the Worker is deployed with. */
export interface Bindings {
  /** What programs show to this broker. */
  readonly BROKER_KEY: string;
  readonly CLIENT_ID: string;
  readonly CLIENT_SECRET: string;
}

const CONFIG = `
providers:
  api:
    domains: [api.example.com]
    strategy: oauth2
    tokenUrl: https://api.example.com/token
    clientId: \${CLIENT_ID}
    clientSecret: \${CLIENT_SECRET}
    allow: [GET /**]
`;

let broker: Promise<(request: Request) => Promise<Response>> | undefined;

async function open(bindings: Bindings): Promise<(request: Request) => Promise<Response>> {
  const env = (name: string): string | undefined => ({ ...bindings })[name];
  const clock = { now: () => Date.now() };
  const send = sendByFetch((url, init) => fetch(url, init));
  const key = crypto.getRandomValues(new Uint8Array(32));
  const vault = createVault({
    store: createMemoryStore(),
    id: 'worker-worker-worker-1',
    key: () => Promise.resolve(key),
  });
  const providers = await loadProviders(parseConfig(CONFIG), 'config', env);
  const sig = createSig({
    providers,
    credentials: createCredentials(vault),
    renew: createRenewal({ send, clock, env }),
    audit: { write: (event) => Promise.resolve(console.log(JSON.stringify(event))) },
    send,
    clock,
    env,
  });
  return createForwarder({ sig, providers, env, isToken: matchToken(new Secret(bindings.BROKER_KEY)) });
}

const worker = {
  async fetch(request: Request, bindings: Bindings): Promise<Response> {
    return await (await (broker ??= open(bindings)))(request);
  },
};

// A Worker's entry point is its default export.
export { worker as default };
