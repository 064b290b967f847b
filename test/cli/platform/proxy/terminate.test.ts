import { expect, test } from 'vitest';
import { needCommands, runCommand } from '../../../_lib/command.ts';
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

test.for(
  [
    ['-tls1', false],
    ['-tls1_1', false],
    ['-tls1_2', true],
    ['-tls1_3', true],
  ] as const,
)('T2: a client that speaks only %s is served: %s', async ([version, isServed], { skip }) => {
  const [openssl] = needCommands(skip, 'openssl');
  const server = await useServer();
  const proxy = await useProxy(server);
  const { stdout } = await runCommand(openssl!, [
    ...['s_client', '-proxy', `127.0.0.1:${proxy.port}`, '-connect', hostOf(server), '-servername', 'localhost'],
    ...['-ign_eof', '-cipher', 'ALL:@SECLEVEL=0', version],
  ], { stdin: `GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\nConnection: close\r\n\r\n` });
  expect(/HTTP\/1\.1 200[\s\S]*ok/.test(stdout.replace('200 Connection', ''))).toBe(isServed);
  expect(server.requests).toHaveLength(isServed ? 1 : 0);
  expect(stdout.includes('no peer certificate available')).toBe(!isServed);
});

test('T2: a client that offers only weak ciphers is not served', async ({ skip }) => {
  const [openssl] = needCommands(skip, 'openssl');
  const server = await useServer();
  const proxy = await useProxy(server);
  for (const cipher of ['3DES:@SECLEVEL=0', 'aNULL:@SECLEVEL=0', 'eNULL:@SECLEVEL=0']) {
    const { stdout } = await runCommand(openssl!, [
      ...['s_client', '-proxy', `127.0.0.1:${proxy.port}`, '-connect', hostOf(server), '-servername', 'localhost'],
      ...['-tls1_2', '-cipher', cipher],
    ]);
    expect([cipher, /Cipher is (?!\(NONE\))/.test(stdout)]).toEqual([cipher, false]);
  }
  expect(server.requests).toEqual([]);
});
