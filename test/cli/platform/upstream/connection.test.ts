import { expect, test } from 'vitest';
import type { Tunnel } from '../../../../cli/platform/upstream/tunnel.ts';
import { useServer } from '../../../_lib/lab.ts';
import { exchange, type Outcome, targetOf, useUpstream } from '../../../_lib/upstream.ts';

async function useRoute(options: Parameters<typeof useServer>[0]) {
  const server = await useServer(options);
  const route = { target: targetOf(server.origin), owner: '', allowPrivate: true, caFile: server.caFile };
  return { server, route, upstream: useUpstream() };
}

test.each([
  ['CL and TE', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['a lone CR in the reason', 'HTTP/1.1 200 O\rK\r\n\r\n'],
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n'],
  ['a switch nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
  ['a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
])('X17: an answer with %s is an error and ends the connection', async (_what, raw) => {
  const { route, upstream } = await useRoute({ plain: true, handler: () => ({ raw }) });
  expect((await exchange(upstream, route)).error).toMatchObject({ code: 'E_UPSTREAM' });
  expect(upstream.connections).toEqual({ open: 0, free: 0 });
});

test('X17: bytes after the answer are not the answer to the next request', async () => {
  const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';
  const { server, route, upstream } = await useRoute({
    handler: (
      { path },
    ) => (path === '/1' ? { raw: `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${evil}` } : { body: 'mine' }),
  });
  expect((await exchange(upstream, route, { path: '/1' })).body).toBe('ok');
  expect((await exchange(upstream, route, { path: '/2' })).body).toBe('mine');
  expect(server.requests.map((request) => request.connection)).toEqual([0, 1]);
});

test('X17: nor are they for a request that is made the moment the answer ends', async () => {
  const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';
  const { server, route, upstream } = await useRoute({
    plain: true,
    handler: ({ path }) =>
      path === '/1' ? { raw: `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${evil}` } : { body: 'mine' },
  });
  const request = { method: 'GET', path: '/1', fields: [['Host', 'a']] as const, hasBody: false };
  const second = await new Promise<Outcome>((resolve, reject) => {
    upstream.start(route, request, {
      head: () => {},
      body: () => {},
      end: () => void exchange(upstream, route, { path: '/2' }).then(resolve),
      fail: reject,
      drain: () => {},
    });
  });
  expect(second.body).toBe('mine');
  expect(server.connections).toBe(2);
});

test('X17: bytes that come later on a free connection end it', async () => {
  let late = () => {};
  const { server, route, upstream } = await useRoute({
    plain: true,
    handler: (_request, socket) => {
      late = () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
      return { body: 'ok' };
    },
  });
  await exchange(upstream, route);
  expect(upstream.connections).toEqual({ open: 1, free: 1 });
  late();
  await until(() => upstream.connections.open === 0);
  expect((await exchange(upstream, route)).body).toBe('ok');
  expect(server.connections).toBe(2);
});

test('X5: a connection whose answer came before the request was whole is not used again', async () => {
  const { server, route, upstream } = await useRoute({
    plain: true,
    onSocket: (socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')),
  });
  const post = { method: 'POST', hasBody: true, fields: [['Host', 'a'], ['Content-Length', '100']] as const };
  const { heads, error } = await exchange(upstream, route, post, (started) => started.write(new Uint8Array(10)));
  expect([heads[0]?.status, error]).toEqual([413, undefined]);
  expect(upstream.connections).toEqual({ open: 0, free: 0 });
  expect(server.connections).toBe(1);
});

test.each([
  ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'],
])('a connection that the server will not keep (%s) is closed', async (_how, raw) => {
  const { route, upstream } = await useRoute({ handler: () => ({ raw }) });
  expect((await exchange(upstream, route)).body).toBe('ok');
  expect(upstream.connections.open).toBe(0);
});

test('a body until the end of the connection is whole, one that is cut off is not', async () => {
  const { route, upstream } = await useRoute({
    handler: ({ path }) => ({
      raw: `HTTP/1.1 200 OK\r\n${path === '/cut' ? 'Content-Length: 9\r\n' : ''}\r\nsome`,
      close: true,
    }),
  });
  expect(await exchange(upstream, route)).toMatchObject({ body: 'some', error: undefined });
  expect(await exchange(upstream, route, { path: '/cut' })).toMatchObject({
    body: 'some',
    error: { code: 'E_UPSTREAM' },
  });
});

test('X7: interim answers, trailers and odd reasons pass', async () => {
  const raw =
    'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 299 \xc4h, fine\r\nTransfer-Encoding: chunked\r\n\r\n' +
    '2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n';
  const { route, upstream } = await useRoute({
    handler: () => ({ raw: Uint8Array.from(raw, (c) => c.charCodeAt(0)) }),
  });
  const { heads, body, trailers } = await exchange(upstream, route);
  expect(heads.map((head) => [head.status, head.reason])).toEqual([[103, 'Early Hints'], [299, '\xc4h, fine']]);
  expect([body, trailers]).toEqual(['ok', [['X-Sum', '1']]]);
});

test('H19: after 101 the connection is handed over with what came already', async () => {
  const { route, upstream } = await useRoute({
    onSocket: (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst');
        socket.on('data', (bytes) => socket.write(bytes));
      });
    },
  });
  const tunnel = await new Promise<Tunnel>((resolve, reject) => {
    const started = upstream.start(
      route,
      { method: 'GET', path: '/', fields: [['Host', 'a']], hasBody: false, upgrade: true },
      { head: () => resolve(started.detach()), body: () => {}, end: () => {}, fail: reject, drain: () => {} },
    );
  });
  let text = '';
  tunnel.socket.on('data', (bytes) => text += bytes);
  tunnel.socket.write('second');
  tunnel.resume();
  await until(() => text.endsWith('second'));
  expect(String.fromCharCode(...tunnel.rest) + text).toBe('firstsecond');
  expect(upstream.connections.open).toBe(0);
  tunnel.socket.destroy();
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}
