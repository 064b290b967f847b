import { expect, test } from 'vitest';
import { useServer } from '../../../_lib/lab.ts';
import { converse, useProxy } from '../../../_lib/proxy.ts';

const hostOf = (server: { port: number }) => `localhost:${server.port}`;

test('H5: TLS for another name than CONNECT is closed; without a name it is served', async () => {
  const server = await useServer();
  const proxy = await useProxy(server, { provider: { domains: [hostOf(server), `127.0.0.1:${server.port}`] } });
  await expect(
    proxy.tunnel(hostOf(server), { servername: 'evil.example' }).then((tls) =>
      new Promise((_, reject) => tls.once('close', () => reject(new Error('closed'))))
    ),
  ).rejects.toThrow();
  const tls = await proxy.tunnel(`127.0.0.1:${server.port}`);
  expect(await converse(tls, `GET / HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200/);
  expect(server.requests).toHaveLength(1);
});
