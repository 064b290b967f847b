import { expect, test } from 'vitest';
import { parseNetworkProxy } from '../../../../cli/platform/upstream/network_proxy.ts';
import { useHttpProxy, useServer } from '../../../_lib/lab.ts';
import { exchange, targetOf, useUpstream } from '../../../_lib/upstream.ts';

test('an http:// proxy is asked for a tunnel, with credentials, and TLS is verified through it', async () => {
  const server = await useServer();
  const proxy = await useHttpProxy({ credentials: 'user:p@ss' });
  const networkProxy = parseNetworkProxy(`http://user:p%40ss@127.0.0.1:${proxy.port}`);
  const route = { target: targetOf(server.origin), owner: '', allowPrivate: true, networkProxy };
  const { body, heads } = await exchange(useUpstream(), { ...route, caFile: server.caFile });
  expect(body).toBe('ok');
  expect(heads).toHaveLength(1);
  expect(proxy.asked).toEqual([
    `CONNECT localhost:${server.port} HTTP/1.1\r\nHost: localhost:${server.port}\r\nProxy-Authorization: Basic dXNlcjpwQHNz`,
  ]);
  expect(server.requests[0]!.header('proxy-authorization')).toBeUndefined();
  expect((await exchange(useUpstream(), route)).error).toMatchObject({ code: 'E_UPSTREAM_TLS' });
});

test('an https:// proxy is spoken to in TLS that is verified', async () => {
  const server = await useServer();
  const proxy = await useHttpProxy({ secure: true });
  const networkProxy = parseNetworkProxy(`https://localhost:${proxy.port}`);
  const route = { target: targetOf(server.origin), owner: '', allowPrivate: true, networkProxy };
  const trusting = useUpstream({ env: (name) => (name === 'SIG_EXTRA_CA' ? server.caFile : undefined) });
  expect((await exchange(trusting, route)).body).toBe('ok');
  expect(proxy.asked[0]).toContain(`CONNECT localhost:${server.port}`);
  // A caFile is for the provider, not for the proxy.
  const { error } = await exchange(useUpstream(), { ...route, caFile: server.caFile });
  expect(error).toMatchObject({ code: 'E_UPSTREAM_TLS', message: expect.stringContaining(`localhost:${proxy.port}`) });
  expect(proxy.asked).toHaveLength(1);
});

test('plain http goes to the proxy in absolute form', async () => {
  const server = await useServer({ plain: true });
  const proxy = await useHttpProxy({ credentials: 'u:p' });
  const networkProxy = parseNetworkProxy(`http://u:p@127.0.0.1:${proxy.port}`);
  const { body } = await exchange(
    useUpstream(),
    { target: targetOf(server.origin), owner: '', allowPrivate: true, networkProxy },
    { path: '/a?b', fields: [['Host', `localhost:${server.port}`]] },
  );
  expect(body).toBe('ok');
  expect(server.requests[0]!.path).toBe(`http://localhost:${server.port}/a?b`);
  expect(proxy.asked[0]).toContain('Proxy-Authorization: Basic dTpw');
});

test.each([
  ['HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n', 'asks for a user name and password'],
  ['HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 'status 403'],
  ['HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil', 'refuses'],
  ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 502 Bad Gateway\r\n\r\n', 'status 502'],
  ['SSH-2.0-OpenSSH_9.2\r\n', 'Cannot use the answer'],
  ['HTTP/1.1 200 OK\nX: y\n\n', 'Cannot use the answer'],
  ['', 'closed the connection'],
  ['HTTP/1.1 200 O', 'closed the connection'],
])('a proxy that answers %j is an error that names it', async (reply, message) => {
  const server = await useServer();
  const proxy = await useHttpProxy({ reply });
  const networkProxy = parseNetworkProxy(`http://canary-user:canary-pass@127.0.0.1:${proxy.port}`);
  const { error } = await exchange(useUpstream(), {
    target: targetOf(server.origin),
    owner: '',
    allowPrivate: true,
    caFile: server.caFile,
    networkProxy,
  });
  expect(error).toMatchObject({ code: 'E_UPSTREAM', message: expect.stringContaining(message) });
  expect(error!.message).toContain(`127.0.0.1:${proxy.port}`);
  expect(`${error!.message} ${error!.hint}`).not.toContain('canary');
  expect(server.connections).toBe(0);
});
