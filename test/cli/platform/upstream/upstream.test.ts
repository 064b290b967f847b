import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { useServer } from '../../../_lib/lab.ts';
import { exchange, targetOf, useUpstream } from '../../../_lib/upstream.ts';

test('start() keeps a connection and uses it again', async () => {
  const server = await useServer();
  const route = { target: targetOf(server.origin), owner: 'a', allowPrivate: true, caFile: server.caFile };
  const upstream = useUpstream();
  for (let i = 0; i < 5; i++) expect((await exchange(upstream, route)).body).toBe('ok');
  expect(server.connections).toBe(1);
  expect(upstream.connections).toEqual({ open: 1, free: 1 });
  upstream.close();
  expect(upstream.connections).toEqual({ open: 0, free: 0 });
});

test("X5: connections are never shared between owners, and one owner's poison reaches no other", async () => {
  const server = await useServer({
    // The first answer brings a second one with it, for whoever comes next.
    handler: ({ path }) => {
      const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';
      return path === '/poison' ? { raw: `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${evil}` } : { body: 'mine' };
    },
  });
  const route = { target: targetOf(server.origin), allowPrivate: true, caFile: server.caFile };
  const upstream = useUpstream();
  for (let i = 0; i < 10; i++) {
    await exchange(upstream, { ...route, owner: 'mallory' }, { path: '/poison' });
    expect((await exchange(upstream, { ...route, owner: 'alice' })).body).toBe('mine');
  }
  const owners = new Map<number, Set<string>>();
  for (const { connection, path } of server.requests) {
    owners.set(connection, (owners.get(connection) ?? new Set()).add(path));
  }
  expect([...owners.values()].every((paths) => paths.size === 1)).toBe(true);
  upstream.close('alice');
  expect(upstream.connections.free).toBe(0);
});

test('H14: a name is resolved once for each connection, and what was judged is what is dialled', async () => {
  const server = await useServer();
  const answers = [['127.0.0.1'], ['169.254.169.254'], ['127.0.0.1']];
  const upstream = useUpstream({ lookup: () => Promise.resolve(answers.shift()!) });
  const route = { target: targetOf(server.origin), owner: 'a', allowPrivate: true, caFile: server.caFile };
  expect((await exchange(upstream, route)).body).toBe('ok');
  // The kept connection goes where it was judged to go.
  expect((await exchange(upstream, route)).body).toBe('ok');
  upstream.close();
  expect((await exchange(upstream, route)).error).toMatchObject({ code: 'E_PRIVATE_ADDRESS' });
  expect((await exchange(upstream, route)).body).toBe('ok');
  expect([answers, server.connections]).toEqual([[], 2]);
});

test('H15: loopback is refused without allowPrivate, although a connection is there', async () => {
  const server = await useServer();
  const route = { target: targetOf(server.origin), owner: 'a', caFile: server.caFile };
  const upstream = useUpstream();
  expect((await exchange(upstream, { ...route, allowPrivate: true })).body).toBe('ok');
  expect((await exchange(upstream, route)).error).toMatchObject({ code: 'E_PRIVATE_ADDRESS' });
});

test('P10: there are not more connections than allowed, and failed ones do not count', async () => {
  const server = await useServer({ plain: true, onSocket: () => {} });
  const upstream = useUpstream({ maxConnections: 2 });
  const route = { target: targetOf(server.origin), owner: 'a', allowPrivate: true };
  for (let i = 0; i < 3; i++) {
    const dead = { ...route, target: targetOf('http://127.0.0.1:1') };
    expect((await exchange(upstream, dead)).error?.message).toContain('nothing listens');
  }
  const two = [exchange(upstream, route, { timeoutMs: 200 }), exchange(upstream, route, { timeoutMs: 200 })];
  const { error } = await exchange(upstream, route);
  expect(error?.message).toContain('2 connections are open already');
  await Promise.all(two);
  expect(upstream.connections.open).toBe(0);
});

test('P8: a server that is cut off at any byte, by reset or by end, is an error and nothing worse', async () => {
  const server = await useServer({ handler: () => ({ body: 'x'.repeat(3000) }) });
  const route = { owner: 'a', allowPrivate: true, caFile: server.caFile };
  const upstream = useUpstream();
  const whole = await exchange(upstream, { ...route, target: targetOf(server.origin) });
  expect(whole.body.length).toBe(3000);
  for (const how of ['reset', 'end'] as const) {
    for (const limit of [0, 1, 100, 700, 1200, 1500, 2000, 3000]) {
      const target = targetOf(`https://localhost:${await useCut(server.port, limit, how)}`);
      const { error } = await exchange(upstream, { ...route, target }, { timeoutMs: 5000 });
      expect(error?.code, `${how} after ${limit} bytes`).toMatch(/^E_UPSTREAM/);
    }
  }
  upstream.close();
  expect(upstream.connections).toEqual({ open: 0, free: 0 });
});

/** A way to a server that passes so many bytes of its answers and then breaks. */
async function useCut(port: number, limit: number, how: 'reset' | 'end'): Promise<number> {
  const sockets = new Set<Socket>();
  const front = createServer((client) => {
    const behind = connect(port, '127.0.0.1');
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    let left = limit;
    const cut = () => {
      behind.destroy();
      if (how === 'reset') client.resetAndDestroy();
      else client.end();
    };
    client.on('data', (bytes) => behind.write(bytes));
    client.on('close', () => behind.destroy());
    behind.on('data', (bytes) => {
      if (bytes.length < left) {
        left -= bytes.length;
        client.write(bytes);
      } else client.write(bytes.subarray(0, left), cut);
    });
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    front.close();
  });
  return (front.address() as { port: number }).port;
}
