import { expect, test } from 'vitest';
import { useServer } from '../../../_lib/lab.ts';
import { useProxy } from '../../../_lib/proxy.ts';

const hostOf = (server: { port: number }) => `localhost:${server.port}`;
const problem = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

test('P7: the proxy does not fetch itself', async () => {
  const proxy = await useProxy(await useServer());
  for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
    const authority = `${host}:${proxy.port}`;
    expect(await proxy.raw(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 508/,
    );
    expect(await proxy.raw(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 508[\s\S]*E_LOOP/,
    );
  }
});

test('P12: what stands behind a refused CONNECT is not a request', async () => {
  const server = await useServer();
  const proxy = await useProxy(server);
  const got = await proxy.raw(
    `CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\nGET https://${hostOf(server)}/ HTTP/1.1\r\nHost: ${
      hostOf(server)
    }\r\n\r\n`,
    /never/,
  );
  expect(got.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(got).toMatch(/^HTTP\/1\.1 403/);
  expect(server.requests).toEqual([]);
});

test.each([
  '127.0.0.1:22',
  'localhost:22',
  '10.1.2.3:443',
  '169.254.169.254:80',
  '[::1]:22',
  '192.168.0.1:443',
  '[fd00::1]:443',
])(
  'P15 H15: CONNECT %s is refused',
  async (authority) => {
    const proxy = await useProxy(await useServer());
    const got = await proxy.raw(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 403/);
    expect(problem(got).code).toBe('E_PRIVATE_ADDRESS');
  },
);

test('P15: a strict proxy refuses every host that nobody claims', async () => {
  const proxy = await useProxy(await useServer(), { isStrict: true });
  for (const start of ['CONNECT example.com:443', 'GET http://example.com/', 'GET https://example.com/']) {
    const got = await proxy.raw(`${start} HTTP/1.1\r\nHost: example.com\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 403/);
    expect(problem(got)).toMatchObject({ code: 'E_NO_PROVIDER', status: 403 });
  }
});
