import { Buffer } from 'node:buffer';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { useServer } from '../_lib/lab.ts';
import { DEFECTS, makeClientIdentity } from '../_lib/test_ca.ts';
import type { TestServer } from '../_lib/tls_server.ts';

/** Sends bytes over verified TLS and gives back everything until the server closes. */
function exchange(server: TestServer, bytes: string, client: { cert?: string; key?: string } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: server.port,
      servername: 'localhost',
      ca: server.caPem,
      ...client,
    });
    const chunks: Buffer[] = [];
    socket.on('secureConnect', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => (socket.destroy(), resolve(Buffer.concat(chunks).toString())));
    socket.on('error', reject);
  });
}

test('startServer() records requests as they were sent and answers them in order', async () => {
  const server = await useServer({
    handler: (request) => ({ body: { saw: request.path }, close: request.path === '/2' }),
  });
  const first =
    'POST /1 HTTP/1.1\r\nHost: a\r\nX-b: 1\r\nx-B: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
  const second = 'PUT /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi';
  const answer = await exchange(server, first + second);
  expect(answer.match(/\{"saw":"\/\d"\}/g)).toEqual(['{"saw":"/1"}', '{"saw":"/2"}']);
  expect(server.requests.map(({ method, path, body }) => [method, path, body.toString()])).toEqual([
    ['POST', '/1', 'abc'],
    ['PUT', '/2', 'hi'],
  ]);
  expect(server.requests[0]!.headers.slice(1, 3)).toEqual([['X-b', '1'], ['x-B', '2']]);
  expect(server.requests[0]!.header('X-B')).toBe('1, 2');
  expect(server.bytes().toString()).toBe(first + second);
  expect(server.connections).toBe(1);
});

test('startServer() streams chunks, writes raw bytes and can be told another answer', async () => {
  const server = await useServer({
    handler: () => ({
      body: (async function* () {
        yield 'one';
        yield 'two';
      })(),
      close: true,
    }),
  });
  expect(await exchange(server, 'GET / HTTP/1.1\r\n\r\n')).toMatch(/\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n$/);
  server.handle(() => ({ raw: 'garbage', close: true }));
  expect(await exchange(server, 'GET / HTTP/1.1\r\n\r\n')).toBe('garbage');
});

test('startServer() hands over the socket itself', async () => {
  const server = await useServer({ plain: true, onSocket: (socket) => void socket.end('hello') });
  const text = await new Promise((resolve) => {
    const socket = connectPlain(server.port, '127.0.0.1');
    socket.on('data', (chunk: Buffer) => (socket.destroy(), resolve(chunk.toString())));
  });
  expect(text).toBe('hello');
  expect(server.origin).toBe(`http://localhost:${server.port}`);
});

test.each(DEFECTS)(
  'startServer() with a certificate that is %s is refused by a client that verifies',
  async (defect) => {
    const server = await useServer({ defect });
    await expect(exchange(server, 'GET / HTTP/1.1\r\n\r\n')).rejects.toThrow();
    expect(server.bytes()).toHaveLength(0);
  },
);

test('startServer() demands a client certificate when told to', async () => {
  const server = await useServer({ wantsClientCertificate: true, handler: () => ({ body: 'in', close: true }) });
  expect(await exchange(server, 'GET / HTTP/1.1\r\n\r\n', await makeClientIdentity())).toContain('in');
  await expect(exchange(server, 'GET / HTTP/1.1\r\n\r\n')).rejects.toThrow();
});
