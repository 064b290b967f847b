/**
 * A Worker that calls an API with a DPoP-bound token: the token alone is worth nothing to whoever
 * steals it, and the key never leaves the Worker.
 *
 * @module
 */

import { dpopFetch, generateKey, Secret } from '@sigcli/cli/dpop';
import { Hono } from 'hono';

/** What the Worker is deployed with. */
export interface Bindings {
  /** Origin of the API. */
  readonly API: string;
  /** A token bound to the key of this Worker. */
  readonly ACCESS_TOKEN: string;
}

// Made at the first request: Workers make no keys while they start.
let api: ReturnType<typeof dpopFetch> | undefined;

const app: Hono<{ Bindings: Bindings }> = new Hono<{ Bindings: Bindings }>();

app.get('/orders/:id', async ({ env, req }) => {
  api ??= dpopFetch((request) => fetch(request), {
    key: await generateKey('ES256'),
    accessToken: new Secret(env.ACCESS_TOKEN),
    origins: [env.API],
  });
  return await api(`${env.API}/orders/${encodeURIComponent(req.param('id'))}`);
});

// A Worker's entry point is its default export.
export { app as default };
