import { Buffer } from 'node:buffer';
import type { ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findLeaks } from '../_lib/canary.ts';
import { ask, openSession, openTunnel } from '../_lib/http2.ts';
import { collectFrames, END_HEADERS, fieldsOf, FRAME, frame, preface, requestFrame } from '../_lib/http2_frames.ts';
import { type ChildProxy, SPEAKERS, useChildProxy } from '../_lib/http2_proxy.ts';
import { useServer } from '../_lib/lab.ts';
import { currentRuntime, type Runtime, runtimes } from '../_lib/run_child.ts';
import type { Handler, TestServer } from '../_lib/tls_server.ts';

interface Lab {
  readonly server: TestServer;
  readonly proxy: ChildProxy;
  readonly session: ClientHttp2Session;
  readonly authority: string;
}

async function useLab(
  runtime: Runtime,
  handler: Handler,
  options: Parameters<typeof useChildProxy>[2] = {},
): Promise<Lab> {
  const server = await useServer({ handler });
  const proxy = await useChildProxy(runtime, server, options);
  const authority = `localhost:${server.port}`;
  const session = await openSession(proxy, authority);
  onTestFinished(() => session.destroy());
  return { server, proxy, session, authority };
}

const until = async (isSo: () => boolean) => {
  for (let tries = 0; !isSo(); tries++) {
    if (tries > 500) throw new Error('it does not come to that');
    await delay(10);
  }
};

test.each(runtimes)('a proxy on %s offers by ALPN what it speaks, and serves who asks for less', async (runtime) => {
  const server = await useServer();
  const proxy = await useChildProxy(runtime, server);
  const authority = `localhost:${server.port}`;
  for (
    const [offered, wanted] of [[['h2', 'http/1.1'], runtime === 'deno' ? 'http/1.1' : 'h2'], [
      ['http/1.1'],
      'http/1.1',
    ]] as const
  ) {
    const socket = await openTunnel(proxy, authority, offered);
    expect(socket.alpnProtocol).toBe(wanted);
    socket.destroy();
  }
});

// The client is node:http2 of the test's runtime: on Deno that can abort the process.
describe.each(currentRuntime === 'deno' ? [] : SPEAKERS)('HTTP/2 on %s', (runtime) => {
  test('a request takes the one path: decided, injected, audited, redacted', async () => {
    const { server, session, proxy } = await useLab(runtime, (request) => ({
      headers: [['X-Echo', request.header('authorization')!], ['X-B', '1'], ['Set-Cookie', 'a=1'], ['X-A', '2']],
      body: `${request.header('authorization')} ${request.header('cookie')}`,
    }));
    const got = await ask(session, {
      ':path': '/a?b=c',
      cookie: ['a=1', 'b=2'],
      authorization: 'Bearer mine',
      'x-z': 'caf\xe9',
    });
    expect(got).toMatchObject({ status: 200, body: '[sig:redacted:api] a=1; b=2', rstCode: 0, failed: false });
    expect(got.raw.filter((_, i) => i % 2 === 0)).toEqual([':status', 'x-echo', 'x-b', 'x-a', 'content-length']);
    const [seen] = server.requests;
    expect(seen).toMatchObject({ method: 'GET', path: '/a?b=c' });
    expect(seen!.headers).toEqual([
      ['host', `localhost:${server.port}`],
      ['cookie', 'a=1; b=2'],
      ['x-z', 'caf\xe9'],
      ['Authorization', `Bearer ${proxy.canary}`],
    ]);
    expect(await proxy.audit()).toMatchObject([{
      event: 'inject',
      via: 'proxy',
      method: 'GET',
      path: '/a',
      queryKeys: ['b'],
    }]);
    expect(findLeaks(proxy.canary, { got: JSON.stringify(got) })).toEqual([]);
  });

  test('R1: R4: header, split body, compressed body and trailers of an answer hold no secret', async () => {
    const { session, proxy } = await useLab(runtime, (request, socket) => {
      const secret = request.header('authorization')!;
      if (request.path === '/gzip') return { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(`<${secret}>`) };
      const chunks = [...`<${secret}>`].map((character) => `1\r\n${character}\r\n`).join('');
      socket.write(
        `HTTP/1.1 200 OK\r\nX-Echo: ${secret}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\nX-Trailer: ${secret}\r\n\r\n`,
      );
    });
    const split = await ask(session, { te: 'trailers' });
    expect(split).toMatchObject({
      status: 200,
      body: '<[sig:redacted:api]>',
      trailers: { 'x-trailer': '[sig:redacted:api]' },
    });
    const packed = await ask(session, { ':path': '/gzip', 'accept-encoding': 'gzip' });
    expect(packed.body).toBe('<[sig:redacted:api]>');
    expect(findLeaks(proxy.canary, { split: JSON.stringify(split), packed: JSON.stringify(packed) })).toEqual([]);
  });

  test('bodies and trailers go both ways, with a length and without', async () => {
    const { server, session } = await useLab(runtime, (request, socket) => {
      if (request.path === '/length') return { body: request.body };
      socket.write(
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n2\r\nok\r\n0\r\nX-End: 1\r\n\r\n`,
      );
    });
    const length = await ask(session, { ':method': 'PUT', ':path': '/length', 'content-length': 5 }, { body: 'hello' });
    expect(length).toMatchObject({ status: 200, body: 'hello', headers: { 'content-length': '5' } });
    const free = await ask(session, { ':method': 'POST' }, { body: 'world', trailers: { 'x-sum': '7' } });
    expect(free).toMatchObject({ status: 200, body: 'ok', trailers: { 'x-end': '1' }, rstCode: 0 });
    expect(server.requests.map(({ body }) => String(body))).toEqual(['hello', 'world']);
    expect(server.requests[0]!.header('content-length')).toBe('5');
    expect(server.requests[1]!.header('transfer-encoding')).toBe('chunked');
    expect(server.bytes().toString()).toContain('0\r\nx-sum: 7\r\n\r\n');
  });

  test('P8: trailers that HTTP/2 does not know end nothing', async () => {
    const { session } = await useLab(runtime, (_, socket) => {
      const trailers = 'HTTP2-Settings: AAMA\r\nProxy-Status: x\r\nX-End: 1\r\n';
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`);
    });
    expect(await ask(session)).toMatchObject({ status: 200, body: 'ok', trailers: { 'x-end': '1' } });
    const odd = await ask(session, { ':method': 'POST' }, { body: 'x', trailers: { 'proxy-status': 'x' } });
    expect(odd.status).toBe(200);
    expect((await ask(session)).status).toBe(200);
  });

  test('answers without a body, and interim ones', async () => {
    const { session } = await useLab(runtime, (request, socket) => {
      if (request.method === 'HEAD') return { headers: { 'Content-Length': '55' } };
      if (request.path === '/103') {
        socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        return;
      }
      return { status: Number(request.path.slice(1)), headers: { ETag: '"1"' } };
    });
    expect(await ask(session, { ':method': 'HEAD' })).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': '55' },
    });
    expect(await ask(session, { ':path': '/204' })).toMatchObject({ status: 204, body: '', rstCode: 0, failed: false });
    expect(await ask(session, { ':path': '/304' })).toMatchObject({
      status: 304,
      headers: { etag: '"1"' },
      failed: false,
    });
    expect(await ask(session, { ':path': '/103' })).toMatchObject({
      status: 200,
      body: 'ok',
      interim: [{ ':status': 103, link: '</a>' }],
    });
  });

  test('X7: Expect: 100-continue waits for the server', async () => {
    const server = await useServer({
      onSocket(socket) {
        let got = '';
        socket.on('data', (bytes) => {
          if (got === '') socket.write('HTTP/1.1 100 Continue\r\n\r\n');
          got += bytes.toString('latin1');
          if (got.endsWith('hello')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        });
      },
    });
    const proxy = await useChildProxy(runtime, server);
    const session = await openSession(proxy, `localhost:${server.port}`);
    onTestFinished(() => session.destroy());
    const got = await ask(session, { ':method': 'POST', expect: '100-continue', 'content-length': 5 }, {
      writes: true,
      act: (stream) => stream.on('continue', () => stream.end('hello')),
    });
    expect(got).toMatchObject({ status: 200, body: 'ok' });
  });

  test.each([
    ['Content-Length: 10\r\n\r\nabc', 'a length'],
    ['Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'chunks'],
  ])('an answer that the server cuts is reset, never ended: %j', async (head) => {
    const { session } = await useLab(runtime, (_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n${head}`);
      setTimeout(() => socket.destroy(), 50);
    });
    // Small answers are held until they are whole, and then the failure is an answer of its own.
    const got = await ask(session);
    if (got.status === 200) expect(got).toMatchObject({ failed: true, rstCode: 2 });
    else expect(JSON.parse(got.body)).toMatchObject({ status: 502, code: 'E_UPSTREAM' });
    expect(got.status === 200 || head.includes('Length')).toBe(true);
  });

  test('a client that gives up ends the exchange with the server', async () => {
    const sockets: Socket[] = [];
    const { session } = await useLab(runtime, (_, socket) => {
      sockets.push(socket);
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nabc');
    });
    const got = ask(session, {}, { act: (stream) => stream.on('response', () => stream.close(8)) });
    await until(() => sockets[0]?.destroyed === true);
    expect((await got).rstCode).toBe(8);
  });

  test('X4: an upload that is given up is not taken for a whole one', async () => {
    const { server, proxy, session, authority } = await useLab(runtime, () => ({ body: 'ok' }));
    const socket = await openTunnel(proxy, authority);
    const { frames } = collectFrames(socket);
    socket.write(preface());
    for (const [i, code] of [8, 2, 0, 7].entries()) {
      const id = 2 * i + 1;
      socket.write(requestFrame(id, fieldsOf(authority, 'POST'), END_HEADERS));
      socket.write(frame(FRAME.data, 0, id, Buffer.from('half')));
      await until(() => server.bytes().toString().split('half').length === i + 2);
      socket.write(frame(FRAME.reset, 0, id, Buffer.from([0, 0, 0, code])));
    }
    expect(await ask(session)).toMatchObject({ status: 200 });
    await delay(50);
    expect(server.requests.map(({ method }) => method)).toEqual(['GET']);
    expect(server.bytes().toString()).not.toContain('\r\n0\r\n');
    expect(frames.filter(({ type }) => type === FRAME.goaway)).toEqual([]);
    socket.destroy();
  });

  test('H6: `:authority`, `host`, `:scheme` and the tunnel must agree', async () => {
    const { server, session, authority, proxy } = await useLab(runtime, () => ({ body: 'ok' }));
    for (
      const headers of [
        { ':authority': 'evil.example' },
        { ':authority': 'localhost' },
        { ':authority': authority, host: 'evil.example' },
        { ':authority': 'evil.example', host: authority },
        { ':authority': authority, ':scheme': 'http' },
      ]
    ) expect([headers, (await ask(session, headers)).status]).toEqual([headers, 421]);
    for (const bad of ['user@localhost', 'localhost:1:2', 'localhost/x', 'loc%61lhost']) {
      const { status, failed } = await ask(session, { ':authority': bad });
      expect([bad, status === 400 || failed]).toEqual([bad, true]);
    }
    expect(server.requests).toHaveLength(0);
    expect(await ask(session, { ':authority': authority.toUpperCase() })).toMatchObject({ status: 200 });
    expect(findLeaks(proxy.canary, { other: JSON.stringify(await proxy.audit()) })).toEqual([]);
  });

  test('H2: a path that is none is refused', async () => {
    const { server, session } = await useLab(runtime, () => ({ body: 'ok' }));
    for (const path of ['', 'a', '@evil/', '//evil/', '/\\evil', 'https://evil/', '/a#b', '/a b', '*', '/\x80']) {
      const { status, failed } = await ask(session, { ':path': path });
      expect([path, status === 400 || failed]).toEqual([path, true]);
    }
    expect(server.requests).toHaveLength(0);
  });

  test('X14: TRACE, CONNECT and OPTIONS * never carry a credential', async () => {
    const { server, session, authority } = await useLab(runtime, () => ({ body: 'ok' }));
    expect((await ask(session, { ':method': 'TRACE' })).status).toBe(405);
    expect((await ask(session, { ':method': 'OPTIONS', ':path': '*' })).status).toBe(405);
    const tunnel = await ask(session, { ':method': 'CONNECT', ':authority': authority, ':path': undefined });
    expect(tunnel.status === 400 || tunnel.failed).toBe(true);
    expect(server.requests).toHaveLength(0);
    expect((await ask(session)).status).toBe(200);
  });

  test('P11: fields beyond 100 or 64 KiB are refused, and the connection goes on', async () => {
    const { server, session } = await useLab(runtime, () => ({ body: 'ok' }));
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x-${i}`, '1']));
    expect((await ask(session, many)).status).toBe(431);
    const large = await ask(session, { 'x-a': 'a'.repeat(40_000), 'x-b': 'b'.repeat(40_000) });
    expect(large.status === 431 || large.failed).toBe(true);
    expect(server.requests).toHaveLength(0);
    const again = session.closed || session.destroyed ? undefined : await ask(session);
    expect([undefined, 200]).toContain(again?.status);
  });

  test('X13: body placement works on what came over HTTP/2', async () => {
    const { server, session, proxy } = await useLab(runtime, () => ({ body: 'ok' }), {
      provider: { apply: [{ in: 'body', name: 'token', value: '${token}' }] },
    });
    const got = await ask(session, { ':method': 'POST', 'content-type': 'application/json' }, { body: '{"a":1}' });
    expect(got.status).toBe(200);
    expect(JSON.parse(String(server.requests[0]!.body))).toEqual({ a: 1, token: proxy.canary });
    const bad = await ask(session, { ':method': 'POST', 'content-type': 'application/json' }, { body: '{"a":' });
    expect(JSON.parse(bad.body)).toMatchObject({ status: 422, code: 'E_BODY' });
  });

  test('a login that the server refuses is a problem with a hint', async () => {
    const { session } = await useLab(runtime, () => ({ status: 401 }));
    const got = await ask(session, { ':method': 'POST' }, { body: 'x' });
    expect(got).toMatchObject({
      status: 401,
      headers: { 'content-type': 'application/problem+json', 'www-authenticate': 'Sig' },
    });
    expect(JSON.parse(got.body)).toMatchObject({ code: 'E_LOGIN_REQUIRED', hint: 'sig login api' });
  });

  test('a hundred requests at once are all answered, each with its own', async () => {
    const { session } = await useLab(runtime, async (request) => {
      await delay(Number(request.path.slice(1)) % 7);
      return { body: `answer ${request.path}` };
    });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(session, { ':path': `/${i}` })));
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 100 }, (_, i) => `answer /${i}`));
  });

  test('P11: a reader that pauses stops the server; 64 MiB then arrive whole', async () => {
    const size = 64 * 1024 * 1024;
    let sent = 0;
    const { session, proxy } = await useLab(runtime, (_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      const piece = Buffer.alloc(65_536, 'x');
      const write = () => {
        while (sent < size) {
          sent += piece.length;
          if (!socket.write(piece)) return void socket.once('drain', write);
        }
      };
      write();
    });
    const before = await proxy.memory();
    let got = 0;
    const stream = session.request({ ':path': '/' });
    await new Promise((resolve) => stream.once('response', resolve));
    await delay(700);
    expect(sent).toBeLessThan(24 * 1024 * 1024);
    let peak = await proxy.memory();
    stream.on('data', (bytes: Buffer) => got += bytes.length);
    const timer = setInterval(() => void proxy.memory().then((now) => peak = Math.max(peak, now)), 50);
    await new Promise((resolve) => stream.once('close', resolve));
    clearInterval(timer);
    expect(got).toBe(size);
    expect(peak - before).toBeLessThan(64);
  }, 30_000);

  test('P11: a server that reads slowly stops the client; 64 MiB then arrive whole', async () => {
    const size = 64 * 1024 * 1024;
    let got = 0;
    let server: Socket | undefined;
    const target = await useServer({
      onSocket(socket) {
        server = socket;
        socket.on('data', (bytes) => {
          got += bytes.length;
          if (got > size) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        });
        socket.once('data', () => socket.pause());
      },
    });
    const proxy = await useChildProxy(runtime, target);
    const session = await openSession(proxy, `localhost:${target.port}`);
    onTestFinished(() => session.destroy());
    const before = await proxy.memory();
    let peak = before;
    let sent = 0;
    const timer = setInterval(() => void proxy.memory().then((now) => peak = Math.max(peak, now)), 50);
    const answer = ask(session, { ':method': 'POST', 'content-length': size }, {
      writes: true,
      act(stream) {
        const piece = Buffer.alloc(65_536, 'x');
        const write = () => {
          while (sent < size) {
            sent += piece.length;
            if (!stream.write(piece)) return void stream.once('drain', write);
          }
          stream.end();
        };
        write();
      },
    });
    await delay(700);
    expect(sent).toBeLessThan(24 * 1024 * 1024);
    server!.resume();
    expect(await answer).toMatchObject({ status: 200, body: 'ok' });
    clearInterval(timer);
    expect(got).toBeGreaterThan(size);
    expect(peak - before).toBeLessThan(64);
  }, 30_000);
});
