import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { useServer } from '../../../_lib/lab.ts';
import { converse, useProxy } from '../../../_lib/proxy.ts';

const echo = { handler: (request: { headers: unknown }) => ({ body: { headers: request.headers } as never }) };
const hostOf = (server: { port: number }) => `localhost:${server.port}`;
const problem = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

test('startListener() answers two pipelined requests of a tunnel in order, on one upstream connection', async () => {
  const server = await useServer({ handler: (request) => ({ body: `at ${request.path}` }) });
  const proxy = await useProxy(server);
  const host = hostOf(server);
  const got = await proxy.request(
    `GET /1 HTTP/1.1\r\nHost: ${host}\r\n\r\nGET /2 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    /at \/2/,
  );
  expect(got).toMatch(/at \/1HTTP\/1\.1 200[\s\S]*at \/2$/);
  expect(server.connections).toBe(1);
  expect(server.requests.every((request) => request.header('authorization') === `Bearer ${proxy.canary}`)).toBe(true);
});

test('P1: startListener() listens on loopback only', async () => {
  const proxy = await useProxy(await useServer());
  const refused = await new Promise((resolve) => {
    const socket = connect(proxy.port, '127.0.0.2');
    socket.on('error', (error) => resolve((error as NodeJS.ErrnoException).code));
    socket.on('connect', () => resolve('open'));
  });
  expect(refused).toBe('ECONNREFUSED');
});

test('P5: fields for the proxy do not reach the server', async () => {
  const server = await useServer();
  const proxy = await useProxy(server);
  const host = hostOf(server);
  await proxy.raw(
    `GET https://${host}/ HTTP/1.1\r\nHost: ${host}\r\nProxy-Authorization: Bearer ${proxy.token}\r\n` +
      'Proxy-Connection: keep-alive\r\nProxy-X: 1\r\n\r\n',
  );
  expect(server.requests[0]!.headers.filter(([name]) => /^proxy/i.test(name))).toEqual([]);
});

test('P9: when there is no more room, the connection goes that has waited longest without a request', async () => {
  const server = await useServer();
  const proxy = await useProxy(server, { listener: { maxClients: 20 } });
  const used = await proxy.tunnel(hostOf(server));
  const get = `GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`;
  await converse(used, get);
  const closed: number[] = [];
  for (let i = 0; i < 50; i++) {
    const socket = connect(proxy.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => {}).on('close', () => closed.push(i));
    await new Promise<void>((resolve) => socket.write('GET / HT', () => resolve()));
  }
  await expect.poll(() => closed.length, { timeout: 10_000 }).toBe(31);
  expect([...closed].sort((a, b) => a - b)).toEqual(Array.from({ length: 31 }, (_, i) => i));
  // Whoever is served keeps the connection, and somebody new gets one.
  expect(await converse(used, get)).toMatch(/ok$/);
  expect(await proxy.request(get)).toMatch(/ok$/);
  expect(proxy.listener.clients).toBeLessThanOrEqual(20);
});

test('P9: an idle connection makes room, and one that is served does not', async () => {
  const server = await useServer({ handler: ({ path }) => path === '/wait' ? undefined : { body: 'ok' } });
  const proxy = await useProxy(server, { listener: { maxClients: 2 } });
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`;
  const idle = await proxy.tunnel(hostOf(server));
  await converse(idle, get('/'));
  const first = await proxy.tunnel(hostOf(server));
  first.write(get('/wait'));
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBe(2);
  const second = await proxy.tunnel(hostOf(server));
  second.write(get('/wait'));
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBe(3);
  await expect.poll(() => idle.destroyed, { timeout: 10_000 }).toBe(true);
  expect(await proxy.raw('GET / HTTP/1.1\r\n')).toBe('');
  expect([first.destroyed, second.destroyed]).toEqual([false, false]);
});

test('close() lets an answer under way end, for as long as it was told to wait', async () => {
  const server = await useServer({ handler: () => undefined });
  const proxy = await useProxy(server);
  const answers = [1, 2].map(() => proxy.request(`GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`));
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBe(2);
  const start = performance.now();
  await proxy.listener.close(300);
  expect(performance.now() - start).toBeGreaterThan(250);
  expect(await Promise.all(answers)).toEqual(['', '']);
});

test('P10: an idle tunnel is closed', async () => {
  const server = await useServer();
  const proxy = await useProxy(server, { listener: { times: { idleMs: 100 } } });
  const tls = await proxy.tunnel(hostOf(server));
  await converse(tls, `GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`);
  await new Promise((resolve) => tls.once('close', resolve));
  await expect.poll(() => proxy.listener.clients, { timeout: 10_000 }).toBe(0);
});

test('H1: a target with user info does not lead a credential elsewhere', async () => {
  const server = await useServer();
  const other = await useServer();
  const proxy = await useProxy(server);
  for (
    const target of [
      `@localhost:${other.port}/`,
      `//localhost:${other.port}/`,
      '\\evil',
      '.evil.example/',
      ':8443/',
      '?a',
      'https://evil.example/',
    ]
  ) {
    const got = await proxy.request(`GET ${target} HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 4(?:00|21)/);
  }
  expect([server.requests, other.requests]).toEqual([[], []]);
});

test('H3: a foreign Host inside a tunnel is misdirected', async () => {
  const server = await useServer();
  const proxy = await useProxy(server);
  expect(await proxy.request('GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n')).toMatch(/^HTTP\/1\.1 421/);
  expect(server.requests).toEqual([]);
});

test('H4: an absolute target beats Host, which is replaced', async () => {
  const server = await useServer();
  const proxy = await useProxy(server);
  await proxy.raw(`GET https://${hostOf(server)}/a HTTP/1.1\r\nHost: evil.example\r\n\r\n`);
  expect(server.requests[0]!.header('host')).toBe(hostOf(server));
});

test('H8: a credential does not travel over plain http', async () => {
  const server = await useServer({ plain: true });
  const proxy = await useProxy(server);
  const got = await proxy.raw(`GET http://${hostOf(server)}/ HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`);
  expect(got).toMatch(/^HTTP\/1\.1 403/);
  expect(problem(got)).toMatchObject({ code: 'E_PLAINTEXT', provider: 'api' });
  expect(server.requests).toEqual([]);
});

test('H8: with allowHttp it does, in absolute form', async () => {
  const server = await useServer({ plain: true });
  const proxy = await useProxy(server, { provider: { allowHttp: true } });
  await proxy.raw(`GET http://${hostOf(server)}/ HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`);
  expect(server.requests[0]!.header('authorization')).toBe(`Bearer ${proxy.canary}`);
});

test('H20: token endpoints are not reached, however their path is spelled', async () => {
  const server = await useServer();
  const proxy = await useProxy(server, {
    provider: { strategy: 'oauth2', oauth2: { tokenUrl: `${server.origin}/oauth/token` } },
  });
  for (
    const path of [
      '/oauth/token',
      '/oauth/%74oken',
      '/oauth/token/',
      '/oauth/./token',
      '/OAuth/Token?x',
      '/oauth/revoke',
      '/oauth/authorize;a=b',
    ]
  ) {
    const got = await proxy.request(`POST ${path} HTTP/1.1\r\nHost: ${hostOf(server)}\r\nContent-Length: 0\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 403/);
    expect(problem(got)).toMatchObject({ code: 'E_NOT_ALLOWED' });
  }
  expect(server.requests).toEqual([]);
});

test('X9 X10: the injected field wins over duplicates, twins and nominations', async () => {
  const server = await useServer();
  const proxy = await useProxy(server);
  await proxy.request(
    `GET / HTTP/1.1\r\nHost: ${
      hostOf(server)
    }\r\nauthorization: a\r\nAUTHORIZATION: b\r\nConnection: authorization, keep-alive\r\nX-Keep: 1\r\n\r\n`,
  );
  const seen = server.requests[0]!;
  expect(seen.headers.filter(([name]) => name.toLowerCase() === 'authorization')).toEqual([
    ['Authorization', `Bearer ${proxy.canary}`],
  ]);
  expect(seen.header('x-keep')).toBe('1');
  expect(seen.header('connection')).toBeUndefined();
});

test('X14: TRACE and OPTIONS * are not passed on', async () => {
  const server = await useServer();
  const proxy = await useProxy(server);
  for (const start of ['TRACE /', 'OPTIONS *']) {
    const got = await proxy.request(`${start} HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 405 [\s\S]*\r\nAllow: [\s\S]*E_METHOD/);
  }
  expect(server.requests).toEqual([]);
});

test('X4 X6: a chunked body of a GET, with trailers, arrives as it was sent', async () => {
  const server = await useServer({ handler: (request) => ({ body: request.body.toString() }) });
  const proxy = await useProxy(server);
  const got = await proxy.request(
    `GET / HTTP/1.1\r\nHost: ${
      hostOf(server)
    }\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=b\r\n!\r\n0\r\nX-T: 1\r\n\r\n`,
  );
  expect(got).toMatch(/hello!$/);
  expect(server.bytes().toString()).toContain('1;a=b\r\n!\r\n0\r\nX-T: 1\r\n\r\n');
});

test('X5: two clients never share a connection to the server', async () => {
  const server = await useServer();
  const proxy = await useProxy(server);
  const text = `GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`;
  await proxy.request(text);
  await proxy.request(text);
  expect(server.connections).toBe(2);
});

test.each(['expired', 'wrong-name', 'self-signed', 'foreign-ca', 'wrong-usage', 'not-yet-valid'] as const)(
  'T1: a server with a certificate that is %s gets not one byte',
  async (defect) => {
    const server = await useServer({ defect });
    const proxy = await useProxy(server);
    const got = await proxy.request(`GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 502/);
    expect(problem(got).code).toBe('E_UPSTREAM_TLS');
    expect(server.bytes().length).toBe(0);
  },
);

test('three requests without a login get three clear 401s at once', async () => {
  const server = await useServer(echo);
  const proxy = await useProxy(server, { isLoggedIn: false });
  const text = `GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`;
  const got = await Promise.all([1, 2, 3].map(() => proxy.request(text)));
  for (const each of got) {
    expect(each).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n[\s\S]*Content-Type: application\/problem\+json/);
    expect(problem(each)).toMatchObject({ code: 'E_LOGIN_REQUIRED', provider: 'api', hint: 'sig login api' });
  }
  expect(server.requests).toEqual([]);
});
