import { expect, onTestFinished, test } from 'vitest';
import { makeCredential } from '../../../_lib/fixture.ts';
import { makeCanary } from '../../../_lib/canary.ts';
import { ask, openSession } from '../../../_lib/http2.ts';
import { useServer } from '../../../_lib/lab.ts';
import { type TestProxy, useProxy } from '../../../_lib/proxy.ts';
import { currentRuntime } from '../../../_lib/run_child.ts';
import type { TestServer } from '../../../_lib/tls_server.ts';

/** What each runtime does with HTTP/2 is in `test/interop/http2.test.ts`; here is what needs the proxy at hand. */
function needHttp2(skip: (note?: string) => never): void {
  if (currentRuntime === 'deno') skip('HTTP/2 is not spoken on Deno');
}

async function useSession(proxy: TestProxy, server: TestServer) {
  const session = await openSession(proxy, `localhost:${server.port}`);
  onTestFinished(() => session.destroy());
  return session;
}

test('serveStream() sends a request again after a renewal, body included', async ({ skip }) => {
  needHttp2(skip);
  const fresh = makeCanary();
  const server = await useServer({
    handler: (request) =>
      request.header('authorization') === `Bearer ${fresh}` ? { body: `welcome ${request.body}` } : { status: 401 },
  });
  const proxy = await useProxy(server, {
    renew: (provider) => Promise.resolve(makeCredential(provider, { token: fresh })),
  });
  const session = await useSession(proxy, server);
  expect(await ask(session, { ':method': 'POST' }, { body: 'again' })).toMatchObject({ body: 'welcome again' });
  expect(server.requests).toHaveLength(2);
});

test('serveStream() sends nothing that could not be audited', async ({ skip }) => {
  needHttp2(skip);
  const server = await useServer();
  const proxy = await useProxy(server);
  proxy.audit.fail = true;
  const session = await useSession(proxy, server);
  expect((await ask(session)).status).toBeGreaterThanOrEqual(500);
  expect(server.requests).toEqual([]);
});

test('R6: serveStream() passes no fresh session on', async ({ skip }) => {
  needHttp2(skip);
  const server = await useServer({ handler: () => ({ headers: { 'Set-Cookie': 'session=fresh' }, body: 'ok' }) });
  const session = await useSession(await useProxy(server), server);
  expect((await ask(session)).headers['set-cookie']).toBeUndefined();
});

test('serveStream() sends a request again when its answer fails validateRule', async ({ skip }) => {
  needHttp2(skip);
  const fresh = makeCanary();
  const server = await useServer({
    handler: (request) => ({ body: { ok: request.header('authorization') === `Bearer ${fresh}` } }),
  });
  const proxy = await useProxy(server, {
    provider: { validateUrl: `${server.origin}/me`, validateRule: 'res.body.ok === true' },
    check: (_, credential) => Promise.resolve({ valid: 'no', credential }),
    renew: (provider) => Promise.resolve(makeCredential(provider, { token: fresh })),
  });
  const session = await useSession(proxy, server);
  expect(await ask(session)).toMatchObject({ body: '{"ok":true}' });
  expect(server.requests).toHaveLength(2);
});
