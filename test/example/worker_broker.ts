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
  isSigError,
  loadProviders,
  parseConfig,
  sendByFetch,
  type Sig,
} from '@sigcli/cli';
import { type Context, Hono } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { HTTPException } from 'hono/http-exception';

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

let broker: Promise<Sig> | undefined;

const app: Hono<{ Bindings: Bindings }> = new Hono<{ Bindings: Bindings }>();

app.use(bearerAuth({ verifyToken: (token, { env }: Context<{ Bindings: Bindings }>) => token === env.BROKER_KEY }));
app.all('/:host/*', async ({ env, req }) => {
  broker ??= open(env);
  const { pathname, search } = new URL(req.url);
  const headers = new Headers(req.raw.headers);
  headers.delete('authorization');
  return await (await broker).fetch(
    new Request(`https:/${pathname}${search}`, { method: req.method, headers, body: req.raw.body }),
  );
});
app.onError((error, context) => {
  if (error instanceof HTTPException) return error.getResponse();
  if (!isSigError(error)) return context.json({ error: { code: 'E_INTERNAL' } }, 500);
  return context.json({ error: { code: error.code, message: error.message } }, error.exitCode === 5 ? 403 : 502);
});

async function open(bindings: Bindings): Promise<Sig> {
  const env = (name: string): string | undefined => ({ ...bindings })[name];
  const clock = { now: () => Date.now() };
  const send = sendByFetch((url, init) => fetch(url, init));
  const key = crypto.getRandomValues(new Uint8Array(32));
  const vault = createVault({
    store: createMemoryStore(),
    id: 'worker-worker-worker-1',
    key: () => Promise.resolve(key),
  });
  return createSig({
    providers: await loadProviders(parseConfig(CONFIG), 'config', env),
    credentials: createCredentials(vault),
    renew: createRenewal({ send, clock, env }),
    audit: { write: (event) => Promise.resolve(console.log(JSON.stringify(event))) },
    send,
    clock,
    env,
  });
}

// A Worker's entry point is its default export.
export { app as default };
