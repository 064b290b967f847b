import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { findLeaks } from '../../../_lib/canary.ts';
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

test('P2: another user needs the token; a wrong one is refused even to the same user', async () => {
  const server = await useServer();
  const proxy = await useProxy(server, { listener: { isSameUser: () => Promise.resolve(false) } });
  const host = hostOf(server);
  const connectTo = (field: string) =>
    proxy.raw(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n${field}\r\n`, /\r\n\r\n/);
  const basic = (token: string) => `Proxy-Authorization: Basic ${btoa(`any:${token}`)}\r\n`;
  expect(await connectTo('')).toMatch(/^HTTP\/1\.1 407 [\s\S]*Proxy-Authenticate: Basic realm="sig"/);
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

test('P7: the proxy does not fetch itself', async () => {
  const proxy = await useProxy(await useServer());
  for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
    const authority = `${host}:${proxy.port}`;
    expect(await proxy.raw(`GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 508/,
    );
    expect(await proxy.raw(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 508/);
  }
});

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

test('P10: an idle tunnel is closed', async () => {
  const server = await useServer();
  const proxy = await useProxy(server, { listener: { times: { idleMs: 100 } } });
  const tls = await proxy.tunnel(hostOf(server));
  await converse(tls, `GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`);
  await new Promise((resolve) => tls.once('close', resolve));
  await expect.poll(() => proxy.listener.clients, { timeout: 10_000 }).toBe(0);
});

test('P11: a giant head is refused with 431', async () => {
  const proxy = await useProxy(await useServer());
  const got = await proxy.raw(`GET http://a/ HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`);
  expect(got).toMatch(/^HTTP\/1\.1 431/);
  const many = Array.from({ length: 200 }, (_, i) => `X-${i}: 1\r\n`).join('');
  expect(await proxy.raw(`GET http://a/ HTTP/1.1\r\nHost: a\r\n${many}\r\n`)).toMatch(/^HTTP\/1\.1 431/);
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

test('H19: h2c is not passed on, and a WebSocket handshake carries the credential', async () => {
  const server = await useServer({
    handler(request, socket) {
      if (request.header('upgrade') !== 'websocket') return { body: 'plain' };
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello');
      socket.on('data', (bytes) => socket.write(bytes));
      return undefined;
    },
  });
  const proxy = await useProxy(server);
  const host = hostOf(server);
  const h2c = await proxy.request(
    `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
  );
  expect(h2c).toMatch(/^HTTP\/1\.1 200[\s\S]*plain$/);
  expect(server.requests[0]!.header('upgrade')).toBeUndefined();
  const tls = await proxy.tunnel(host);
  const handshake = `GET /ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
  expect(await converse(tls, handshake, /hello/)).toMatch(/^HTTP\/1\.1 101/);
  expect(server.requests[1]!.header('authorization')).toBe(`Bearer ${proxy.canary}`);
  expect(await converse(tls, 'ping', /ping/)).toBe('ping');
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
    expect(got).toMatch(/^HTTP\/1\.1 405 [\s\S]*\r\nAllow: /);
  }
  expect(server.requests).toEqual([]);
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

test('X7: 100 Continue, 103, HEAD, 204 and 304 pass', async () => {
  const server = await useServer({
    handler(request, socket) {
      if (request.path === '/early') {
        socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n');
        return { body: 'late' };
      }
      if (request.method === 'HEAD') return { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n' };
      return { status: Number(request.path.slice(1)) };
    },
  });
  const proxy = await useProxy(server);
  const tls = await proxy.tunnel(hostOf(server));
  const ask = (start: string, until?: RegExp) =>
    converse(tls, `${start} HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`, until);
  expect(await ask('GET /early', /late$/)).toMatch(
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>\r\n\r\nHTTP\/1\.1 200/,
  );
  expect(await ask('HEAD /', /\r\n\r\n$/)).toMatch(/Content-Length: 99\r\n\r\n$/);
  expect(await ask('GET /204')).toMatch(/^HTTP\/1\.1 204/);
  expect(await ask('GET /304')).toMatch(/^HTTP\/1\.1 304/);
  expect(await ask('GET /200')).toMatch(/^HTTP\/1\.1 200/);
});

test('X7: a body that waits for 100 Continue is sent when the server says so', async () => {
  let isAsked = false;
  const server = await useServer({
    onSocket(socket) {
      let text = '';
      socket.on('data', (bytes) => {
        text += bytes.toString();
        if (text.endsWith('\r\n\r\n') && !isAsked) {
          isAsked = true;
          socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        }
        if (text.endsWith('body')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    },
  });
  const proxy = await useProxy(server);
  const tls = await proxy.tunnel(hostOf(server));
  const head = `POST / HTTP/1.1\r\nHost: ${hostOf(server)}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n`;
  expect(await converse(tls, head, /\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  expect(await converse(tls, 'body')).toMatch(/^HTTP\/1\.1 200[\s\S]*ok$/);
});

test('X8: header order, case and duplicates pass both ways', async () => {
  const server = await useServer({
    plain: true,
    handler: () => ({ raw: 'HTTP/1.1 299 Fine By Me\r\nb: 1\r\nA: 2\r\nb: 3\r\nContent-Length: 0\r\n\r\n' }),
  });
  const proxy = await useProxy(server, { provider: { allowHttp: true } });
  const got = await proxy.raw(
    `GET http://${hostOf(server)}/ HTTP/1.1\r\nz: 1\r\nHOST: ${hostOf(server)}\r\nY: 2\r\nz: 3\r\n\r\n`,
  );
  expect(got).toBe('HTTP/1.1 299 Fine By Me\r\nb: 1\r\nA: 2\r\nb: 3\r\nContent-Length: 0\r\n\r\n');
  expect(server.requests[0]!.headers.slice(0, 4)).toEqual([['z', '1'], ['HOST', hostOf(server)], ['Y', '2'], [
    'z',
    '3',
  ]]);
});

test.each([
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc',
  'HTTP/1.1 200 O\rK\r\n\r\n',
  'garbage\r\n\r\n',
])('X17: a malformed answer becomes 502: %j', async (raw) => {
  const server = await useServer({ handler: () => ({ raw }) });
  const proxy = await useProxy(server);
  const got = await proxy.request(`GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`);
  expect(got).toMatch(/^HTTP\/1\.1 502/);
  expect(problem(got).code).toBe('E_UPSTREAM');
});

test('X18: an answer that is cut off is cut off for the client too', async () => {
  const server = await useServer({
    handler: (_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
      setTimeout(() => socket.destroy(), 20);
      return undefined;
    },
  });
  const proxy = await useProxy(server);
  const got = await proxy.request(`GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`);
  expect(got).toMatch(/^HTTP\/1\.1 200/);
  expect(got).not.toMatch(/0\r\n\r\n$/);
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

test('R1: what the server echoes of the secret is redacted, in head and body', async () => {
  const server = await useServer({
    handler: (request) => ({
      reason: 'Fine',
      headers: {
        'X-Echo': request.header('authorization')!,
        Location: `/next?token=${request.header('authorization')!.slice(7)}`,
      },
      body: { headers: request.headers } as never,
    }),
  });
  const proxy = await useProxy(server);
  const got = await proxy.request(`GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`);
  expect(got).toContain('[sig:redacted:api]');
  expect(findLeaks(proxy.canary, { got })).toEqual([]);
});

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
