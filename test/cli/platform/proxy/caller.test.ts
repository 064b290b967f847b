import { expect, test } from 'vitest';
import { useServer } from '../../../_lib/lab.ts';
import { useProxy } from '../../../_lib/proxy.ts';

const hostOf = (server: { port: number }) => `localhost:${server.port}`;

test('P2: another user needs the token; a wrong one is refused even to the same user', async () => {
  const server = await useServer();
  const proxy = await useProxy(server, { listener: { isSameUser: () => Promise.resolve(false) } });
  const host = hostOf(server);
  const connectTo = (field: string) =>
    proxy.raw(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n${field}\r\n`, /\r\n\r\n/);
  const basic = (token: string) => `Proxy-Authorization: Basic ${btoa(`any:${token}`)}\r\n`;
  const refused = await connectTo('');
  expect(refused).toMatch(/^HTTP\/1\.1 407 [\s\S]*Proxy-Authenticate: Basic realm="sig"/);
  expect(refused).toContain('E_PROXY_AUTH');
  expect(await connectTo(basic('wrong'))).toMatch(/^HTTP\/1\.1 407/);
  expect(await connectTo(basic(proxy.token))).toMatch(/^HTTP\/1\.1 200/);
  expect(await connectTo(`Proxy-Authorization: Bearer ${proxy.token}\r\n`)).toMatch(/^HTTP\/1\.1 200/);
});

test('P3: a token of another session is refused to the same user', async () => {
  const server = await useServer();
  const proxy = await useProxy(server);
  const field = `Proxy-Authorization: Bearer ${'a'.repeat(43)}\r\n`;
  const got = await proxy.raw(`GET https://${hostOf(server)}/ HTTP/1.1\r\nHost: ${hostOf(server)}\r\n${field}\r\n`);
  expect(got).toMatch(/^HTTP\/1\.1 407/);
  expect(server.requests).toEqual([]);
});
