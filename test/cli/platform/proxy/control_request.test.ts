import { expect, test } from 'vitest';
import { useServer } from '../../../_lib/lab.ts';
import { useProxy } from '../../../_lib/proxy.ts';

test.each(['localhost', '127.0.0.1', 'evil.example', 'jira.example.com', ''])(
  'P6: an origin-form request with Host "%s" is never proxied',
  async (host) => {
    const server = await useServer();
    const proxy = await useProxy(server);
    const got = await proxy.raw(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, /\r\n\r\n/);
    expect(got).toMatch(/^HTTP\/1\.1 40[03]/);
    expect(server.requests).toEqual([]);
  },
);

test('P6: the control API answers with its token, and never to a browser', async () => {
  const proxy = await useProxy(await useServer());
  const ask = (fields: string) => proxy.raw(`GET /status HTTP/1.1\r\nHost: 127.0.0.1:${proxy.port}\r\n${fields}\r\n`);
  const bearer = `Authorization: Bearer ${proxy.token}\r\n`;
  expect(await ask(bearer)).toMatch(/^HTTP\/1\.1 200 [\s\S]*"ok":true/);
  expect(await ask('')).toMatch(/^HTTP\/1\.1 403/);
  expect(await ask(`${bearer}Origin: http://evil.example\r\n`)).toMatch(/^HTTP\/1\.1 403/);
  expect(await ask(`${bearer}Sec-Fetch-Site: same-origin\r\n`)).toMatch(/^HTTP\/1\.1 403/);
});
