import { expect, test } from 'vitest';
import { useServer } from '../../../_lib/lab.ts';
import type { ServerOptions } from '../../../_lib/tls_server.ts';
import { exchange, targetOf, useUpstream } from '../../../_lib/upstream.ts';

async function useRoute(options: ServerOptions) {
  const server = await useServer({ plain: true, ...options });
  return { server, route: { target: targetOf(server.origin), owner: '', allowPrivate: true }, upstream: useUpstream() };
}

/** A server that answers the first request of each connection, and hangs up on the second. */
const HANGS_UP: ServerOptions = {
  onSocket: (socket) => {
    let count = 0;
    socket.on('data', () => {
      if (count++ > 0) socket.destroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  },
};

test.each(['GET', 'HEAD', 'OPTIONS', 'DELETE'])(
  'a bodyless %s is sent again when a kept connection has gone',
  async (method) => {
    const { server, route, upstream } = await useRoute(HANGS_UP);
    await exchange(upstream, route);
    const { heads, error } = await exchange(upstream, route, { method });
    expect([heads.map((head) => head.status), error]).toEqual([[200], undefined]);
    expect(server.connections).toBe(2);
  },
);

test.each([
  ['POST without a body', { method: 'POST' }],
  ['PATCH without a body', { method: 'PATCH' }],
  ['PUT with a body', { method: 'PUT', hasBody: true, fields: [['Host', 'a'], ['Content-Length', '1']] as const }],
])('a %s is never sent twice', async (_what, request) => {
  const { server, route, upstream } = await useRoute(HANGS_UP);
  await exchange(upstream, route);
  const { error } = await exchange(upstream, route, request, (started) => {
    if (!('hasBody' in request)) return;
    started.write(new Uint8Array(1));
    started.finish();
  });
  expect(error).toMatchObject({ code: 'E_UPSTREAM' });
  expect(server.connections).toBe(1);
});

test('a request is not sent again after a byte of an answer, nor on a new connection', async () => {
  const { server, route, upstream } = await useRoute({
    onSocket: (socket) => {
      let count = 0;
      socket.on('data', () => {
        if (count++ > 0) socket.end('H');
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    },
  });
  await exchange(upstream, route);
  expect((await exchange(upstream, route)).error).toMatchObject({ code: 'E_UPSTREAM' });
  expect(server.connections).toBe(1);
  const other = await useRoute({ onSocket: (socket) => void socket.destroy() });
  expect((await exchange(other.upstream, other.route)).error).toMatchObject({ code: 'E_UPSTREAM' });
  expect(other.server.connections).toBe(1);
});

test('E_TIMEOUT: a server that does not answer is given up, and its connection closed', async () => {
  const { route, upstream } = await useRoute({ onSocket: () => {} });
  const { error } = await exchange(upstream, route, { timeoutMs: 40 });
  expect(error).toMatchObject({ code: 'E_TIMEOUT', message: expect.stringContaining('within 40 ms') });
  expect(upstream.connections.open).toBe(0);
});

test('X18: the time until the answer counts from the last byte of the request', async () => {
  const { route, upstream } = await useRoute({});
  const fields = [['Host', 'a'], ['Content-Length', '10']] as const;
  const { heads, error } = await exchange(
    upstream,
    route,
    { method: 'PUT', hasBody: true, fields, timeoutMs: 300 },
    (started) => {
      let left = 10;
      const trickle = () => {
        started.write(new Uint8Array(1));
        if (--left === 0) started.finish();
        else setTimeout(trickle, 60);
      };
      trickle();
    },
  );
  expect([heads[0]?.status, error]).toEqual([200, undefined]);
});

test('X18: an answer that has begun is not cut however long it takes', async () => {
  const { route, upstream } = await useRoute({
    handler: () => ({
      body: (async function* () {
        for (let i = 0; i < 5; i++) {
          await new Promise((resolve) => setTimeout(resolve, 40));
          yield 'x';
        }
      })(),
    }),
  });
  expect(await exchange(upstream, route, { timeoutMs: 100 })).toMatchObject({ body: 'xxxxx', error: undefined });
});

test('X11: a head that cannot be written is refused before a byte, on new and kept connections', async () => {
  const { server, route, upstream } = await useRoute({});
  const bad = { fields: [['Host', 'a'], ['Authorization', 'canary-77\r\nX: y']] as const };
  const first = await exchange(upstream, route, bad);
  expect(first.error).toMatchObject({ code: 'E_BAD_CREDENTIAL_VALUE' });
  expect(first.error!.message).not.toContain('canary');
  await exchange(upstream, route);
  expect(() =>
    upstream.start(route, { method: 'GET', path: '/', hasBody: false, ...bad }, {
      head: () => {},
      body: () => {},
      end: () => {},
      fail: () => {},
      drain: () => {},
    })
  ).toThrow('Authorization');
  expect(server.requests).toHaveLength(1);
});

test('abort() closes the connection, before and after it is made', async () => {
  const { server, route, upstream } = await useRoute({ onSocket: () => {} });
  const silent = { head: () => {}, body: () => {}, end: () => {}, drain: () => {}, fail: () => expect.unreachable() };
  const request = { method: 'GET', path: '/', fields: [['Host', 'a']] as const, hasBody: false };
  upstream.start(route, request, silent).abort();
  const later = upstream.start(route, request, silent);
  await until(() => server.bytes().length > 0);
  later.abort();
  await until(() => upstream.connections.open === 0);
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}
