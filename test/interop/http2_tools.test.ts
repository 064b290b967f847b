import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findLeaks } from '../_lib/canary.ts';
import { needCommands, runCommand } from '../_lib/command.ts';
import { type ChildProxy, SPEAKERS, useChildProxy } from '../_lib/http2_proxy.ts';
import { useFolder, useServer } from '../_lib/lab.ts';
import type { Runtime } from '../_lib/run_child.ts';
import type { Handler } from '../_lib/tls_server.ts';

/** Clients of other people: each speaks HTTP/2 with a library that is not node:http2. */
async function useLab(runtime: Runtime, handler: Handler) {
  const server = await useServer({ handler });
  const proxy = await useChildProxy(runtime, server);
  const folder = await useFolder();
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, proxy.caPem);
  return { server, proxy, folder, caFile, authority: `localhost:${server.port}` };
}

/** A port behind which each connection is a tunnel of the proxy, for programs that know no proxies. */
async function useTunnelPort(proxy: ChildProxy, authority: string): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(proxy.port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => [near, far].forEach((each) => each.destroy()));
    }
    far.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    far.once('data', () => {
      near.pipe(far);
      far.pipe(near);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as { port: number }).port;
}

describe.each(SPEAKERS)('clients of a proxy on %s', (runtime) => {
  test('curl speaks HTTP/2, downloads, uploads and sees a cut', async ({ skip }) => {
    const [curl] = needCommands(skip, 'curl');
    const size = 3_000_000;
    const { server, proxy, folder, caFile, authority } = await useLab(runtime, (request, socket) => {
      if (request.path === '/cut') {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\nbegin`);
        setTimeout(() => socket.destroy(), 100);
        return;
      }
      if (request.method === 'POST') return { body: String(request.body.length) };
      return {
        headers: { 'X-Echo': request.header('authorization')! },
        body: `${'x'.repeat(size)}${request.header('authorization')}`,
      };
    });
    const file = join(folder, 'large');
    await writeFile(file, Buffer.alloc(size, 'y'));
    const run = (...args: string[]) =>
      runCommand(curl!, [
        ...['--silent', '--http2', '--proxy', `http://127.0.0.1:${proxy.port}`, '--cacert', caFile],
        ...['--write-out', '%{http_version} %{size_download}', ...args],
      ], { env: { PATH: '/usr/bin:/bin', CURL_SSL_BACKEND: 'openssl' } });
    const get = await run('--dump-header', '-', '--compressed', `https://${authority}/`);
    expect(get.stdout).toMatch(
      /^HTTP\/1\.1 200 Connection Established\r\n\r\nHTTP\/2 200 \r\nx-echo: \[sig:redacted:api\]\r\n/,
    );
    expect(get.stdout).toMatch(/x\[sig:redacted:api\]2 \d+$/);
    expect(findLeaks(proxy.canary, { stdout: get.stdout.slice(0, 2_000), end: get.stdout.slice(-2_000) })).toEqual([]);
    const post = await run('--data-binary', `@${file}`, `https://${authority}/`);
    expect(post.stdout).toBe(`${size}2 7`);
    const streamed = await run('--upload-file', '-', '--request', 'POST', `https://${authority}/`);
    expect(streamed.stdout).toBe('02 1');
    // 92: the stream was not closed cleanly.
    expect((await run('--output', '/dev/null', `https://${authority}/cut`)).code).toBe(92);
    const old = await run('--http1.1', '--output', '/dev/null', `https://${authority}/`);
    expect(old.stdout).toMatch(/^1\.1 /);
    expect(server.requests.every((request) => request.header('authorization') === `Bearer ${proxy.canary}`)).toBe(true);
  });

  test('H6: nghttp is served under the name of the tunnel, and under no other', async ({ skip }) => {
    const [nghttp] = needCommands(skip, 'nghttp');
    const { server, proxy, authority } = await useLab(runtime, () => ({ body: 'welcome' }));
    const port = await useTunnelPort(proxy, authority);
    const run = (...args: string[]) =>
      runCommand(nghttp!, ['--verbose', '--no-verify-peer', ...args, `https://localhost:${port}/`]);
    expect((await run('--header', `:authority: ${authority}`)).stdout).toMatch(/:status: 200[\s\S]*welcome/);
    const other = (await run('--header', `:authority: ${authority}`, '--header', 'host: evil.example')).stdout;
    expect(other).toMatch(/:status: 421/);
    expect(other).toMatch(/content-type: application\/problem\+json/);
    // It takes the name for TLS from there, too: then there is no answer at all (security case H5).
    expect((await run('--header', ':authority: evil.example')).stdout).not.toMatch(/:status:/);
    expect(server.requests).toHaveLength(1);
  });

  test('h2load: many streams on many connections, none lost', async ({ skip }) => {
    const [h2load] = needCommands(skip, 'h2load');
    const { server, proxy, authority } = await useLab(runtime, () => ({ body: 'x'.repeat(1_000) }));
    const port = await useTunnelPort(proxy, authority);
    const { stdout } = await runCommand(h2load!, [
      ...['-n', '1000', '-c', '5', '-m', '20', '-H', `:authority: ${authority}`, `https://localhost:${port}/`],
    ]);
    expect(stdout).toContain('1000 succeeded, 0 failed, 0 errored, 0 timeout');
    expect(stdout).toContain('status codes: 1000 2xx');
    expect(server.requests).toHaveLength(1_000);
  });
});
