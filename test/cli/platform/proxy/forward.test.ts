import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../../../src/secret.ts';
import { createPlaceholders, type Placeholder } from '../../../../src/proxy/placeholder.ts';
import { findLeaks, makeCanary } from '../../../_lib/canary.ts';
import { needCommands } from '../../../_lib/command.ts';
import { useFolder, useServer } from '../../../_lib/lab.ts';
import { converse, useProxy } from '../../../_lib/proxy.ts';
import type { TestServer } from '../../../_lib/tls_server.ts';

const hostOf = (server: TestServer) => `localhost:${server.port}`;
const get = (server: TestServer, path = '/', more = '') =>
  `GET ${path} HTTP/1.1\r\nHost: ${hostOf(server)}\r\n${more}\r\n`;
const post = (server: TestServer, body: string, type = 'application/json') =>
  `POST / HTTP/1.1\r\nHost: ${
    hostOf(server)
  }\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const problem = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

test('forwardRequest() writes one audit record before anything is sent; without it nothing is', async () => {
  const server = await useServer();
  const proxy = await useProxy(server);
  await proxy.request(get(server, '/a?b=c'));
  expect(proxy.audit.events).toEqual([{
    event: 'inject',
    via: 'proxy',
    provider: 'api',
    scheme: 'https',
    host: 'localhost',
    port: server.port,
    method: 'GET',
    path: '/a',
    queryKeys: ['b'],
    placed: ['header Authorization'],
  }]);
  proxy.audit.fail = true;
  expect(await proxy.request(get(server))).toMatch(/^HTTP\/1\.1 50/);
  expect(server.requests).toHaveLength(1);
});

test('R2: a secret that is split over chunks is redacted', async () => {
  const server = await useServer({
    handler: (request) => ({
      body: (async function* () {
        for (const character of `<<${request.header('authorization')}>>`) yield character;
      })(),
    }),
  });
  const proxy = await useProxy(server);
  const got = await proxy.request(get(server));
  const plain = got.slice(got.indexOf('\r\n\r\n') + 4).replace(/[0-9a-f]+\r\n([^\r]*)\r\n/g, '$1');
  expect(plain).toContain('<<[sig:redacted:api]>>');
  expect(findLeaks(proxy.canary, { got, plain })).toEqual([]);
});

test('R4: a server that compresses anyway is decoded; ranges and unknown codings are not asked for', async () => {
  const server = await useServer({
    handler: (request) => ({
      headers: { 'Content-Encoding': 'gzip' },
      body: gzipSync(`token ${request.header('authorization')}`),
    }),
  });
  const proxy = await useProxy(server);
  const got = await proxy.request(
    get(server, '/', 'Accept-Encoding: br, compress, gzip\r\nRange: bytes=0-9\r\nIf-Range: "a"\r\n'),
  );
  expect(got).not.toMatch(/content-encoding/i);
  expect(got).toContain('[sig:redacted:api]');
  const seen = server.requests[0]!;
  expect([seen.header('range'), seen.header('if-range'), seen.header('accept-encoding')]).toEqual([
    undefined,
    undefined,
    'br, gzip',
  ]);
});

test('R4: a coding that cannot be undone is refused', async () => {
  const server = await useServer({ handler: () => ({ headers: { 'Content-Encoding': 'compress' }, body: 'x' }) });
  const proxy = await useProxy(server);
  const got = await proxy.request(get(server));
  expect(got).toMatch(/^HTTP\/1\.1 502/);
  expect(problem(got).code).toBe('E_CODING');
});

test('X16: a body that expands without end is cut off', async () => {
  const bomb = gzipSync(Buffer.alloc(32 * 1024 * 1024));
  const server = await useServer({ handler: () => ({ headers: { 'Content-Encoding': 'gzip' }, body: bomb }) });
  const proxy = await useProxy(server);
  const got = await proxy.request(get(server), /never/);
  expect(got.length).toBeLessThan(8 * 1024 * 1024);
  expect(got).not.toMatch(/\r\n0\r\n\r\n$/);
});

test('X13: a field is put into a JSON body; a malformed one is refused and not sent', async () => {
  const server = await useServer({ handler: (request) => ({ body: `${request.body.length}` }) });
  const proxy = await useProxy(server, {
    provider: { apply: [{ in: 'body', name: 'key', value: '${token}' }] },
  });
  expect(await proxy.request(post(server, '{"a":1}'))).toMatch(/^HTTP\/1\.1 200/);
  expect(JSON.parse(server.requests[0]!.body.toString())).toEqual({ key: proxy.canary, a: 1 });
  expect(await proxy.request(post(server, '{"a":'))).toMatch(/^HTTP\/1\.1 422/);
  expect(await proxy.request(post(server, 'a', 'text/plain'))).toMatch(/^HTTP\/1\.1 422/);
  expect(server.requests).toHaveLength(1);
});

test('X11: a stored value with a line end is not written, and not shown', async () => {
  const server = await useServer();
  const bad = `${makeCanary()}\r\nX: y`;
  const proxy = await useProxy(server, { credential: { values: { token: new Secret(bad) } } });
  const got = await proxy.request(get(server));
  expect(got).toMatch(/^HTTP\/1\.1 502/);
  expect(problem(got).code).toBe('E_BAD_CREDENTIAL_VALUE');
  expect(findLeaks(bad, { got })).toEqual([]);
  expect(server.requests).toEqual([]);
});

test('X12: a missing value fails closed', async () => {
  const server = await useServer();
  const proxy = await useProxy(server, { credential: { values: { other: new Secret('x') } } });
  expect(problem(await proxy.request(get(server))).code).toBe('E_MISSING_VALUE');
  expect(server.requests).toEqual([]);
});

test('R10: a placeholder becomes the value at its own host, in header, Basic pair and query', async () => {
  const server = await useServer({ handler: () => ({ body: 'ok' }) });
  let all: readonly Placeholder[] = [];
  const proxy = await useProxy(server, { placeholders: (provider) => all = createPlaceholders([provider]) });
  const [{ text }] = all as [Placeholder];
  await proxy.request(get(server, `/?t=${text}`, `X-Token: ${text}\r\nX-Basic: Basic ${btoa(`me:${text}`)}\r\n`));
  const seen = server.requests[0]!;
  expect(seen.path).toBe(`/?t=${proxy.canary}`);
  expect(seen.header('x-token')).toBe(proxy.canary);
  expect(seen.header('x-basic')).toBe(`Basic ${btoa(`me:${proxy.canary}`)}`);
});

test('R10: a placeholder at another host, or of another run, is refused and recorded', async () => {
  const server = await useServer();
  const foreign = `sig_placeholder_${'a'.repeat(22)}`;
  const proxy = await useProxy(server, { placeholders: (provider) => createPlaceholders([provider]) });
  const got = await proxy.request(get(server, '/', `X-Token: ${foreign}\r\n`));
  expect(got).toMatch(/^HTTP\/1\.1 403/);
  const other = await proxy.raw(`GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nX: ${foreign}\r\n\r\n`);
  expect(problem(other).code).toBe('E_PLACEHOLDER');
  expect(proxy.audit.events.map((event) => event.event)).toEqual(['placeholder', 'placeholder']);
  expect(server.requests).toEqual([]);
});

test('X18: events pass as they come, without a buffer', async () => {
  let next = () => {};
  const server = await useServer({
    handler: () => ({
      headers: { 'Content-Type': 'text/event-stream' },
      body: (async function* () {
        for (let i = 0; i < 3; i++) {
          yield `data: ${i}\n\n`;
          await new Promise<void>((resolve) => next = resolve);
        }
      })(),
    }),
  });
  const proxy = await useProxy(server);
  const tls = await proxy.tunnel(hostOf(server));
  expect(await converse(tls, get(server), /data: 0\n\n/)).toContain('data: 0');
  next();
  expect(await converse(tls, '', /data: 1\n\n/)).toContain('data: 1');
  next();
});

test('forwardRequest() gives up the request when its client is gone', async () => {
  let isClosed = false;
  const server = await useServer({
    handler: (_, socket) => {
      socket.on('close', () => isClosed = true);
      return undefined;
    },
  });
  const proxy = await useProxy(server);
  const tls = await proxy.tunnel(hostOf(server));
  tls.write(get(server));
  await expect.poll(() => server.requests.length, { timeout: 10_000 }).toBe(1);
  tls.destroy();
  await expect.poll(() => isClosed, { timeout: 10_000 }).toBe(true);
});

test('P11: a client that does not read stops the server, and memory does not grow', async ({ skip }) => {
  const [curl] = needCommands(skip, 'curl');
  const size = 256 * 1024 * 1024;
  let sent = 0;
  const server = await useServer({
    handler: () => ({
      body: (async function* () {
        const piece = Buffer.alloc(64 * 1024, 'abcdefgh');
        for (; sent < size; sent += piece.length) yield piece;
      })(),
    }),
  });
  const proxy = await useProxy(server);
  const ca = join(await useFolder(), 'ca.pem');
  await writeFile(ca, proxy.caPem);
  // Not a client of our own: on Deno one reads on while it is paused.
  const args = ['-sS', '--noproxy', '', '--proxy', `http://127.0.0.1:${proxy.port}`, '--cacert', ca, server.origin];
  const client = spawn(curl!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void client.kill('SIGKILL'));
  client.stdout.pause();
  let before = -1;
  // Until nothing moves any more.
  await expect.poll(() => {
    const isStill = sent > 0 && before === sent;
    before = sent;
    return isStill;
  }, { interval: 500, timeout: 20_000 }).toBe(true);
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

test('forwardRequest() uploads a large body as fast as the server reads', async () => {
  let read = 0;
  const server = await useServer({
    onSocket(socket) {
      socket.on('data', (bytes) => {
        read += bytes.length;
        if (read > 32 * 1024 * 1024) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    },
  });
  const proxy = await useProxy(server);
  const tls = await proxy.tunnel(hostOf(server));
  const size = 32 * 1024 * 1024;
  const head = `PUT / HTTP/1.1\r\nHost: ${hostOf(server)}\r\nContent-Length: ${size}\r\n\r\n`;
  const answer = converse(tls, head);
  for (let i = 0; i < size; i += 65536) {
    if (!tls.write(Buffer.alloc(65536))) await new Promise((resolve) => tls.once('drain', resolve));
  }
  expect(await answer).toMatch(/^HTTP\/1\.1 200/);
});
