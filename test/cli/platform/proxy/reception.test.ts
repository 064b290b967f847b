import { expect, test, vi } from 'vitest';
import { Secret } from '../../../../src/secret.ts';
import { findLeaks, makeCanary } from '../../../_lib/canary.ts';
import { makeCredential, makeProvider } from '../../../_lib/fixture.ts';
import { useServer } from '../../../_lib/lab.ts';
import { converse, useProxy } from '../../../_lib/proxy.ts';
import type { TestServer } from '../../../_lib/tls_server.ts';

const hostOf = (server: TestServer) => `localhost:${server.port}`;
const get = (server: TestServer, path = '/', more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: ${hostOf(server)}\r\n${more}\r\n`;
const post = (server: TestServer, body: string) =>
  `POST / HTTP/1.1\r\nHost: ${hostOf(server)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const problem = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

/** A server that knows one token only. */
async function useStrictServer(valid: string) {
  return await useServer({
    handler: (request) =>
      request.header('authorization') === `Bearer ${valid}`
        ? { body: `welcome ${request.body}` }
        : { status: 401, body: 'who are you?' },
  });
}

test('Reception renews once after a 401 and sends the request again, body included', async () => {
  const fresh = makeCanary();
  const server = await useStrictServer(fresh);
  const renew = vi.fn((provider) => Promise.resolve(makeCredential(provider, { token: fresh })));
  const proxy = await useProxy(server, { renew });
  expect(await proxy.request(post(server, '{"a":1}'))).toMatch(/^HTTP\/1\.1 200[\s\S]*welcome \{"a":1\}$/);
  expect(renew).toHaveBeenCalledTimes(1);
  expect(server.requests).toHaveLength(2);
  expect(await proxy.request(get(server))).toMatch(/^HTTP\/1\.1 200/);
  expect(renew).toHaveBeenCalledTimes(1);
});

test('Reception names the human action when nobody can renew', async () => {
  const server = await useStrictServer('another');
  const proxy = await useProxy(server);
  const got = await proxy.request(get(server));
  expect(got).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\nWWW-Authenticate: Sig\r\n/);
  expect(problem(got)).toMatchObject({ code: 'E_LOGIN_REQUIRED', provider: 'api', hint: 'sig login api' });
});

test('Reception does not loop when the renewed login is refused too', async () => {
  const server = await useStrictServer('another');
  let count = 0;
  const renew = vi.fn((provider) => Promise.resolve(makeCredential(provider, { token: `${makeCanary()}${count++}` })));
  const proxy = await useProxy(server, { renew });
  expect(await proxy.request(get(server))).toMatch(/^HTTP\/1\.1 401/);
  expect(server.requests.length).toBeLessThanOrEqual(2);
});

test('R6: a fresh session goes into the jar and never to the client', async () => {
  const fresh = makeCanary();
  const server = await useServer({
    handler: () => ({
      headers: [['Set-Cookie', `session=${fresh}; Path=/; Secure`], ['Set-Cookie', 'b=2']],
      body: 'ok',
    }),
  });
  const session = makeCanary();
  const proxy = await useProxy(server, {
    provider: {
      extract: [{ from: 'cookies', as: 'session', match: '*' }],
      apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
    },
    credential: {
      values: {},
      cookies: new Secret([{
        name: 'session',
        value: session,
        domain: 'localhost',
        hostOnly: true,
        path: '/',
        secure: true,
        httpOnly: true,
        createdAtSec: 1,
      }]),
    },
  });
  const got = await proxy.request(get(server));
  expect(got).not.toMatch(/set-cookie/i);
  expect(server.requests[0]!.header('cookie')).toBe(`session=${session}`);
  await proxy.request(get(server));
  expect(server.requests[1]!.header('cookie')).toContain(`session=${fresh}`);
  expect(findLeaks([session, fresh], { got })).toEqual([]);
});

test('H18: a redirect passes to the client without its secrets, and what follows is judged for itself', async () => {
  const other = await useServer();
  const server = await useServer({
    handler: (request) => ({
      status: 302,
      headers: { Location: `https://localhost:${other.port}/next?token=${request.header('authorization')!.slice(7)}` },
    }),
  });
  const proxy = await useProxy(server, {
    others: [makeProvider({
      id: 'other',
      domains: [hostOf(other)],
      caFile: other.caFile,
      apply: [{ in: 'header', name: 'X-Other', value: '${token}' }],
    })],
  });
  const got = await proxy.request(get(server));
  expect(got).toMatch(/^HTTP\/1\.1 302/);
  expect(got).toContain(`Location: https://localhost:${other.port}/next?token=[sig:redacted:api]`);
  // Nobody is logged in there: the login of the first host is not tried.
  const tls = await proxy.tunnel(hostOf(other));
  const next = await converse(tls, get(other, '/next'));
  expect(problem(next)).toMatchObject({ code: 'E_LOGIN_REQUIRED', provider: 'other' });
  expect(other.requests).toEqual([]);
  expect(findLeaks(proxy.canary, { got, next })).toEqual([]);
});
