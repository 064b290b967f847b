/**
 * The API that the example Workers call in the tests: a token endpoint, one resource that wants the
 * token, and one that wants a DPoP proof.
 *
 * @module
 */

import { createReplayStore, verifyProof } from '@sigcli/cli/dpop';
import { Hono } from 'hono';

const TOKEN = 'upstream-token';
const replays = createReplayStore();
const app: Hono = new Hono();

app.post('/token', async ({ json, req }) => {
  const isClient = req.header('authorization') === `Basic ${btoa('id:client-secret')}`;
  const form = await req.parseBody();
  if (!isClient && form['client_secret'] !== 'client-secret') return json({ error: 'invalid_client' }, 401);
  return json({ access_token: TOKEN, token_type: 'Bearer', expires_in: 600 });
});

app.all(
  '/me',
  ({ json, req }) =>
    req.header('authorization') === `Bearer ${TOKEN}` ? json({ name: 'Ada' }) : json({ error: 'invalid_token' }, 401),
);

app.get('/echo', ({ body, req }) => body(JSON.stringify(req.header())));
app.get('/moved', ({ redirect }) => redirect('https://elsewhere.example/'));

app.get('/orders/:id', async ({ json, req }) => {
  const token = /^DPoP (.+)$/.exec(req.header('authorization') ?? '')?.[1];
  const verdict = await verifyProof(req.header('dpop') ?? null, {
    method: req.method,
    url: req.url,
    replays,
    ...(token === undefined ? {} : { accessToken: token }),
  });
  return verdict.ok && token !== undefined
    ? json({ id: req.param('id'), jkt: verdict.jkt })
    : json({ error: 'invalid_dpop_proof' }, 401);
});

export { app as default };
