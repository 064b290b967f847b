import { expect, test } from 'vitest';
import { findLeaks } from '../../../_lib/canary.ts';
import { useServer } from '../../../_lib/lab.ts';
import { converse, useProxy } from '../../../_lib/proxy.ts';
import { accepting, frame, handshake } from '../../../_lib/web_socket.ts';

const hostOf = (server: { port: number }) => `localhost:${server.port}`;
const problem = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

test('H19: h2c is not passed on, and a WebSocket handshake carries the credential', async () => {
  const server = await useServer({
    handler(request, socket) {
      if (request.header('upgrade') !== 'websocket') return { body: 'plain' };
      socket.write(accepting());
      socket.write(frame(1, 'hello'));
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
  expect(await converse(tls, handshake(host), /hello/)).toMatch(/^HTTP\/1\.1 101/);
  expect(server.requests[1]!.header('authorization')).toBe(`Bearer ${proxy.canary}`);
  // The server sends back what the client wrote, byte for byte.
  expect(await converse(tls, '\x81\x04ping', /ping/)).toBe('\x81\x04ping');
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

test('R2: where a server waits, what looks like the beginning of a secret comes, and never the rest of it', async () => {
  let goOn: (() => void) | undefined;
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const server = await useServer({
    handler(request, socket) {
      const secret = request.header('authorization')!.slice('Bearer '.length);
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(`your turn ${secret.slice(0, 2)}`)}`);
      goOn = () => socket.write(`${chunk(`${secret.slice(2)} done`)}0\r\n\r\n`);
    },
  });
  const proxy = await useProxy(server);
  const tls = await proxy.tunnel(hostOf(server));
  const begun = new RegExp(`your turn [\\s\\S]*${proxy.canary.slice(1, 2)}\r\n$`);
  const first = await converse(tls, `GET / HTTP/1.1\r\nHost: ${hostOf(server)}\r\n\r\n`, begun);
  expect(first).not.toContain('done');
  const rest = converse(tls, '', /\r\n0\r\n\r\n$/);
  goOn!();
  const got = (first + await rest).replace(/\r\n[0-9a-f]+\r\n/g, '');
  expect(got).toMatch(/\[sig:redacted:api\] done/);
  expect(findLeaks(proxy.canary, { got })).toEqual([]);
  expect(got).not.toContain(proxy.canary.slice(3));
});
