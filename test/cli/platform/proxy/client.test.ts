import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { useServer } from '../../../_lib/lab.ts';
import { useProxy } from '../../../_lib/proxy.ts';

const hostOf = (server: { port: number }) => `localhost:${server.port}`;

test.each([
  'CONNECT x:99999 HTTP/1.1\r\nHost: x\r\n\r\n',
  'CONNECT x:abc HTTP/1.1\r\nHost: x\r\n\r\n',
  'CONNECT x HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET http://a/ HTTP/2.0\r\nHost: a\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\x16\x03\x01\x00\x05hello\r\n\r\n',
  'GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n',
  '\0\0\0\0\r\n\r\n',
])('P8: no single request ends the process: %j', async (text) => {
  const server = await useServer();
  const proxy = await useProxy(server);
  expect(await proxy.raw(text)).toMatch(/^HTTP\/1\.1 [45]/);
  expect(await proxy.request(`GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200/);
});

test('P8: a client that resets at any moment ends nothing but its own request', async () => {
  const server = await useServer({ handler: () => undefined });
  const proxy = await useProxy(server);
  const host = hostOf(server);
  for (const text of ['', 'CON', `CONNECT ${host} HTTP/1.1\r\n`, `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`]) {
    const socket = connect(proxy.port, '127.0.0.1');
    socket.on('error', () => {});
    await new Promise((resolve) => socket.write(text === '' ? 'G' : text, resolve));
    socket.resetAndDestroy();
  }
  const tls = await proxy.tunnel(host);
  tls.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBe(1);
  tls.destroy();
  server.handle(() => ({ body: 'ok' }));
  expect(await proxy.request(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200/);
});

test('P9: half a head is closed when its time is over', async () => {
  const proxy = await useProxy(await useServer(), { listener: { times: { headMs: 100 } } });
  expect(await proxy.raw('GET http://a/ HTTP/1.1\r\nHost:')).toBe('');
});

test('P11: a giant head is refused with 431', async () => {
  const proxy = await useProxy(await useServer());
  const got = await proxy.raw(`GET http://a/ HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`);
  expect(got).toMatch(/^HTTP\/1\.1 431/);
  const many = Array.from({ length: 200 }, (_, i) => `X-${i}: 1\r\n`).join('');
  expect(await proxy.raw(`GET http://a/ HTTP/1.1\r\nHost: a\r\n${many}\r\n`)).toMatch(/^HTTP\/1\.1 431/);
});

test('X1 X2: what smuggles is refused inside a tunnel, and ends it', async () => {
  const server = await useServer();
  const proxy = await useProxy(server);
  for (
    const fields of [
      'Content-Length: 4\r\nTransfer-Encoding: chunked',
      'Content-Length: 3\r\nContent-Length: 5',
      'Transfer-Encoding: xchunked',
    ]
  ) {
    const got = await proxy.request(
      `POST / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n${fields}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: ${
        hostOf(server)
      }\r\n\r\n`,
      /never/,
    );
    expect(got).toMatch(/^HTTP\/1\.1 400/);
    expect(got.match(/HTTP\/1\.1/g)).toHaveLength(1);
  }
  expect(server.requests).toEqual([]);
});
