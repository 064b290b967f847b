import { Buffer } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import process from 'node:process';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { createSend } from '../../../cli/platform/send.ts';
import { VERSION } from '../../../cli/platform/version.ts';
import type { Body, SendOptions, WireResponse } from '../../../src/ports.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { parseUrl } from '../../../src/target/target.ts';
import { useHttpProxy, useServer } from '../../_lib/lab.ts';
import { bundleScript, endChildren, runtimes, startChild } from '../../_lib/run_child.ts';
import type { ServerOptions, TestServer } from '../../_lib/tls_server.ts';

afterEach(endChildren);

interface Sending {
  readonly method?: string;
  readonly headers?: HeaderPairs;
  readonly body?: Body | null;
  readonly options?: SendOptions;
}

async function useSend(options: ServerOptions = {}, env: Record<string, string> = {}) {
  const server = await useServer(options);
  const send = createSend({ env: (name) => env[name] });
  const ask = (path: string, { method = 'GET', headers = [], body = null, options: own }: Sending = {}) =>
    send({ method, headers, ...parseUrl(server.origin + path) }, body, {
      allowPrivate: true,
      caFile: server.caFile,
      ...own,
    });
  return { server, ask };
}

async function read(response: WireResponse): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of response.body) pieces.push(piece);
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}

async function readText(response: WireResponse): Promise<string> {
  return new TextDecoder().decode(await read(response));
}

function lastHeaders(server: TestServer): HeaderPairs {
  return server.requests.at(-1)!.headers;
}

test('send() writes the head as it is given, and adds only Host, User-Agent and framing', async () => {
  const { server, ask } = await useSend();
  const host = `localhost:${server.port}`;
  expect(await readText(await ask('/a?b=%20', { headers: [['X-b', '1'], ['x-a', '\xe4'], ['X-B', '2']] }))).toBe('ok');
  expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/a?b=%20' });
  expect(lastHeaders(server)).toEqual([
    ['Host', host],
    ['X-b', '1'],
    ['x-a', '\xe4'],
    ['X-B', '2'],
    ['User-Agent', `sig/${VERSION}`],
  ]);
  await read(await ask('/', { headers: [['user-agent', 'mine'], ['hOST', 'evil.test'], ['Host', 'evil.test']] }));
  expect(lastHeaders(server)).toEqual([['user-agent', 'mine'], ['hOST', host]]);
});

test('send() writes no field of a connection that is not its own', async () => {
  const { server, ask } = await useSend();
  const headers = ['Connection', 'Keep-Alive', 'TE', 'Upgrade', 'Proxy-Authorization', 'Transfer-Encoding', 'Expect'];
  await read(await ask('/', { headers: headers.map((name) => [name, 'x'] as const) }));
  expect(lastHeaders(server).map(([name]) => name)).toEqual(['Host', 'User-Agent']);
});

test('send() frames bodies of any method, GET too', async () => {
  const { server, ask } = await useSend();
  const body = [new TextEncoder().encode('hello')];
  await read(await ask('/', { body }));
  expect(server.requests[0]).toMatchObject({ method: 'GET', body: Buffer.from('hello') });
  expect(server.requests[0]!.header('content-length')).toBe('5');
  await read(await ask('/', { method: 'POST' }));
  expect(server.requests[1]!.header('content-length')).toBe('0');
  const slow = (async function* () {
    for (const text of ['a', 'b']) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      yield new TextEncoder().encode(text);
    }
  })();
  await read(await ask('/', { method: 'PUT', body: slow, headers: [['Trailer', 'x']] }));
  expect(server.requests[2]!.header('transfer-encoding')).toBe('chunked');
  expect(server.requests[2]!.body.toString()).toBe('ab');
  expect(server.connections).toBe(1);
});

test('X8: send() returns each Set-Cookie, order, case and reason', async () => {
  const headers = [['Set-Cookie', 'a=1'], ['X-Y', 'z'], ['set-cookie', 'b=2, c']] as const;
  const { ask } = await useSend({ handler: () => ({ status: 418, reason: 'Tea', headers, body: null }) });
  const response = await ask('/');
  expect([response.status, response.reason]).toEqual([418, 'Tea']);
  expect(response.headers.filter(([name]) => !/^(content-length|date)$/i.test(name))).toEqual(headers);
  expect(await readText(response)).toBe('');
});

test('send() decodes no content, and follows no redirect', async () => {
  const packed = gzipSync('hello');
  const { ask } = await useSend({
    handler: ({ path }) =>
      path === '/gzip'
        ? { headers: { 'Content-Encoding': 'gzip' }, body: packed }
        : { status: 302, headers: { Location: '/gzip' }, body: 'go' },
  });
  expect(await read(await ask('/gzip'))).toEqual(new Uint8Array(packed));
  expect((await ask('/')).status).toBe(302);
});

test('X6: large bodies arrive byte for byte, both ways', async () => {
  const bytes = new Uint8Array(randomBytes(5_000_000));
  const { ask } = await useSend({ handler: ({ body }) => ({ body }) });
  for (const size of [1000, 70_000]) {
    const pieces = (function* () {
      for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
    })();
    const echoed = await read(
      await ask('/', {
        method: 'POST',
        body: (async function* () {
          yield* pieces;
        })(),
      }),
    );
    expect(createHash('sha256').update(echoed).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  }
});

test('P11: a reader that stops stops the server: memory stays flat', async () => {
  let sent = 0;
  const piece = new Uint8Array(65_536);
  const { ask } = await useSend({
    onSocket: (socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n');
        const push = () => {
          while (!socket.destroyed && socket.write(piece)) sent += piece.length;
          sent += piece.length;
        };
        socket.on('drain', push);
        push();
      });
    },
  });
  const before = process.memoryUsage().rss;
  const iterator = (await ask('/')).body[Symbol.asyncIterator]();
  await iterator.next();
  let last = -1;
  for (let same = 0; same < 10;) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    same = sent === last ? same + 1 : 0;
    last = sent;
    // Half a gigabyte has gone: nothing holds it back.
    if (sent > 512 << 20) break;
  }
  await iterator.return!();
  expect(sent).toBeLessThan(64 << 20);
  expect(process.memoryUsage().rss - before).toBeLessThan(256 << 20);
});

test('a body that breaks off ends the request', async () => {
  const { server, ask } = await useSend();
  const broken = (async function* () {
    yield new TextEncoder().encode('half');
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw new Error('gone');
  })();
  await expect(ask('/', { method: 'POST', body: broken })).rejects.toThrow('gone');
  expect(server.requests).toEqual([]);
});

test('E_TIMEOUT: timeoutMs is kept', async () => {
  const { ask } = await useSend({ onSocket: () => {} });
  await expect(ask('/', { options: { timeoutMs: 50 } })).rejects.toMatchObject({ code: 'E_TIMEOUT' });
});

test('send() takes the networkProxy it is told, else the one of the environment', async () => {
  const proxy = await useHttpProxy();
  const url = `http://127.0.0.1:${proxy.port}`;
  const { ask } = await useSend({}, { ALL_PROXY: url });
  await read(await ask('/', { options: { networkProxy: url } }));
  expect(proxy.asked).toHaveLength(1);
  // Loopback is never asked for in the environment's name.
  await read(await ask('/'));
  expect(proxy.asked).toHaveLength(1);
  const send = createSend({ env: (name) => (name === 'HTTPS_PROXY' ? url : undefined) });
  await expect(send({ method: 'GET', headers: [], ...parseUrl('https://a.test/') }, null)).rejects.toMatchObject({
    code: expect.stringMatching(/^E_UPSTREAM/),
  });
  expect(proxy.asked[1]).toContain('CONNECT a.test:443');
});

test.each(['ftp://proxy.test', 'nonsense'])('send() refuses networkProxy %j', async (networkProxy) => {
  const { ask } = await useSend();
  await expect(ask('/', { options: { networkProxy } })).rejects.toMatchObject({ code: 'E_TARGET' });
});

test('a program ends as soon as its requests are answered, on every runtime, although a connection is kept', async () => {
  const server = await useServer({ handler: () => ({ body: 'kept' }) });
  const worker = await bundleScript(new URL('../../_lib/send_worker.ts', import.meta.url));
  for (const runtime of runtimes) {
    const { end, lines } = startChild(worker, [`${server.origin}/`, server.caFile!], { runtime });
    expect([runtime, await end]).toMatchObject([runtime, { code: 0, stderr: '' }]);
    expect([runtime, ...lines]).toEqual([runtime, '200 4', '200 4', 'ended at once']);
  }
  expect(server.connections).toBe(runtimes.length);
});
