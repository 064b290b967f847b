import { Buffer } from 'node:buffer';
import type { OutgoingHttpHeaders } from 'node:http2';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findLeaks } from '../_lib/canary.ts';
import { ask, openSession } from '../_lib/http2.ts';
import { SPEAKERS, useChildProxy } from '../_lib/http2_proxy.ts';
import { type Http2Received, useHttp2Server } from '../_lib/http2_server.ts';
import { currentRuntime, type Runtime } from '../_lib/run_child.ts';

const GRPC: OutgoingHttpHeaders = {
  ':method': 'POST',
  ':path': '/echo.Echo/Both',
  'content-type': 'application/grpc',
  te: 'trailers',
};

/** A message as gRPC frames it. */
function message(text: string): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(text.length, 1);
  return Buffer.concat([head, Buffer.from(text)]);
}

async function useLab(runtime: Runtime, onRequest: (received: Http2Received) => void) {
  const server = await useHttp2Server({ onRequest });
  const proxy = await useChildProxy(runtime, server);
  const session = await openSession(proxy, `localhost:${server.port}`);
  onTestFinished(() => session.destroy());
  return { server, proxy, session };
}

// The client is node:http2 of the test's runtime: on Deno that can abort the process.
describe.each(currentRuntime === 'deno' ? [] : SPEAKERS)('gRPC through a proxy on %s', (runtime) => {
  test('both sides talk at the same time, and trailers end it', async () => {
    const { server, session, proxy } = await useLab(runtime, ({ stream, headers }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on(
        'wantTrailers',
        () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': headers.authorization! }),
      );
      stream.on('data', (bytes: Buffer) => stream.write(bytes));
      stream.on('end', () => stream.end());
    });
    const echoed: string[] = [];
    const got = await ask(session, GRPC, {
      writes: true,
      act(stream) {
        stream.write(message('one!'));
        stream.on('data', (bytes: Buffer) => {
          echoed.push(bytes.subarray(5).toString());
          if (echoed.length === 3) stream.end();
          else stream.write(message(`more ${echoed.length}!`));
        });
      },
    });
    expect(echoed).toEqual(['one!', 'more 1!', 'more 2!']);
    expect(got).toMatchObject({
      status: 200,
      trailers: { 'grpc-status': '0', 'grpc-message': '[sig:redacted:api]' },
      rstCode: 0,
      failed: false,
    });
    expect(server.requests[0]!.headers).toMatchObject({ authorization: `Bearer ${proxy.canary}`, te: 'trailers' });
    expect(findLeaks(proxy.canary, { got: JSON.stringify(got) })).toEqual([]);
    expect(await proxy.audit()).toMatchObject([{ event: 'inject', path: '/echo.Echo/Both' }]);
  });

  test('an answer of trailers only, and one without a login', async () => {
    const { session } = await useLab(runtime, ({ stream, headers }) => {
      const status = headers[':path'] === '/401' ? 401 : 200;
      stream.respond({ ':status': status, 'content-type': 'application/grpc', 'grpc-status': '12' }, {
        endStream: true,
      });
    });
    expect(await ask(session, GRPC, { body: message('x') })).toMatchObject({
      status: 200,
      headers: { 'grpc-status': '12' },
      failed: false,
    });
    const refused = await ask(session, { ...GRPC, ':path': '/401' }, { body: message('x') });
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([401, 'E_LOGIN_REQUIRED']);
  });

  test('R4: no server is asked for compressed messages, one that compresses is refused, a plain one is redacted', async () => {
    const { server, session, proxy } = await useLab(runtime, ({ stream, headers }) => {
      const coding = headers[':path'] === '/gzip' ? { 'grpc-encoding': 'gzip' } : {};
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...coding });
      const bytes = message(headers.authorization!);
      // Two frames of HTTP/2 share the secret.
      stream.write(bytes.subarray(0, 20));
      setTimeout(() => stream.end(bytes.subarray(20)), 20);
    });
    const asked = { ...GRPC, 'grpc-accept-encoding': 'identity,gzip' };
    const plain = await ask(session, asked, { body: message('x') });
    expect(server.requests[0]!.headers['grpc-accept-encoding']).toBeUndefined();
    expect(plain.body).toContain('[sig:redacted:api]');
    const refused = await ask(session, { ...asked, ':path': '/gzip' }, { body: message('x') });
    expect([refused.status, JSON.parse(refused.body).code]).toEqual([502, 'E_CODING']);
    expect(findLeaks(proxy.canary, { plain: JSON.stringify(plain), refused: JSON.stringify(refused) })).toEqual([]);
  });

  test('what the server resets is reset, and what the client gives up is given up', async () => {
    let gone = 0;
    const { server, session } = await useLab(runtime, ({ stream }) => {
      stream.on('aborted', () => gone++);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.write(message('begin'));
      if (server.requests.length === 1) setTimeout(() => stream.destroy(new Error('cut')), 30);
    });
    expect(await ask(session, GRPC, { body: message('x') })).toMatchObject({ status: 200, failed: true, rstCode: 2 });
    await ask(session, GRPC, { body: message('x'), act: (stream) => stream.on('data', () => stream.close(8)) });
    for (let tries = 0; tries < 200 && gone < 2; tries++) await delay(10);
    expect(gone).toBe(2);
  });

  test('X5: two clients have two connections to the server', async () => {
    const { server, session, proxy } = await useLab(runtime, ({ stream }) => stream.end('ok'));
    await ask(session, GRPC, { body: message('x') });
    const other = await openSession(proxy, `localhost:${server.port}`);
    await ask(other, GRPC, { body: message('x') });
    await ask(session, GRPC, { body: message('x') });
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1, 0]);
    other.destroy();
  });

  test('P11: 64 MiB from a server that is faster than its reader', async () => {
    const size = 64 * 1024 * 1024;
    let sent = 0;
    const { session, proxy } = await useLab(runtime, ({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      const piece = Buffer.alloc(65_536, 'x');
      const write = () => {
        while (sent < size) {
          sent += piece.length;
          if (!stream.write(piece)) return void stream.once('drain', write);
        }
        stream.end();
      };
      write();
    });
    let got = 0;
    const stream = session.request(GRPC);
    stream.end(message('x'));
    await new Promise((resolve) => stream.once('response', resolve));
    await delay(500);
    expect(sent).toBeLessThan(16 * 1024 * 1024);
    const before = await proxy.memory();
    let peak = before;
    stream.on('data', (bytes: Buffer) => got += bytes.length);
    const timer = setInterval(() => void proxy.memory().then((now) => peak = Math.max(peak, now)), 50);
    await new Promise((resolve) => stream.once('close', resolve));
    clearInterval(timer);
    expect(got).toBe(size);
    // Bun collects its garbage late: both windows and every piece in flight are a few MiB.
    expect(peak - before).toBeLessThan(96);
  }, 30_000);
});

test.each(currentRuntime === 'deno' ? [] : SPEAKERS)(
  'a server that speaks only HTTP/2 is reached through a proxy on %s by any request',
  async (runtime) => {
    const { server, session } = await useLab(runtime, ({ stream }) => stream.end('ok'));
    expect((await ask(session)).body).toBe('ok');
    expect((await ask(session, { ':method': 'PUT' }, { body: 'x' })).body).toBe('ok');
    expect(server.connections).toBe(1);
  },
);

test('gRPC through a proxy on Deno is refused, not garbled', async ({ skip }) => {
  if (currentRuntime === 'deno') skip('needs a server of HTTP/2, which can abort Deno');
  const server = await useHttp2Server();
  const proxy = await useChildProxy('deno', server);
  await expect(openSession(proxy, `localhost:${server.port}`)).rejects.toThrow();
  expect(server.requests).toEqual([]);
});
