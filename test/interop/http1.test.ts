import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createRequestDecoder } from '../../src/http1/decoder.ts';
import { Http1Error } from '../../src/http1/error.ts';
import { needCommands, startCommand } from '../_lib/command.ts';
import { createRandom, decodeRequests, latin1 } from '../_lib/http1.ts';
import { useFolder } from '../_lib/lab.ts';
import { mutate } from '../fuzz/http1.ts';
import { REQUEST_CASES } from '../vector/http1_request.ts';

/**
 * Two servers of other people are handed what our decoder accepts, followed by one more request. Each
 * answers with what it saw. A request that only one side saw has been smuggled.
 */
const SENTINEL = 'GET /sentinel HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n';

const SERVERS = {
  nginx: {
    config: (socket: string, folder: string) => `
      daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr emerg;
      events { worker_connections 512; }
      http {
        access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/p;
        fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
        large_client_header_buffers 8 128k; ignore_invalid_headers off;
        server {
          listen unix:${socket};
          add_header X-Saw "$request_method $request_uri" always;
          location / { return 200 "ok"; }
        }
      }`,
    run: (file: string, folder: string) => ['-c', file, '-p', folder, '-e', 'stderr'],
  },
  haproxy: {
    config: (socket: string) => `
global
  tune.bufsize 131072
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
  timeout http-request 5s
  option http-buffer-request
frontend in
  bind unix@${socket}
  http-after-response set-header X-Saw "%[capture.req.method] %[capture.req.uri]"
  http-request return status 200 content-type text/plain string ok
`,
    run: (file: string) => ['-db', '-f', file],
  },
};

for (const [name, server] of Object.entries(SERVERS)) {
  test(`X1: ${name} frames what we accept as we do`, async ({ skip }) => {
    const [program] = needCommands(skip, name);
    const folder = await useFolder();
    const socket = join(folder, 'socket');
    const file = join(folder, 'config');
    await writeFile(file, server.config(socket, folder));
    const command = startCommand(program!, server.run(file, folder), { timeoutMs: 120_000 });
    onTestFinished(async () => {
      command.kill('SIGKILL');
      await command.done;
    });
    await untilAnswering(socket);
    const inputs = [...REQUEST_CASES.map((item) => item.text), ...mutants(3000)];
    const report = { compared: 0, agreed: 0, refused: 0, smuggled: [] as string[] };
    for (const text of inputs) {
      const ours = sees(text);
      if (!ours) continue;
      report.compared++;
      const theirs = accepted(await exchange(socket, text + SENTINEL));
      const expected = [...ours, 'GET /sentinel'];
      if (theirs.some((saw, i) => saw !== expected[i])) {
        report.smuggled.push(`${JSON.stringify(text)}: ${theirs.join(' | ')}`);
      } else if (theirs.length === expected.length) report.agreed++;
      else report.refused++;
    }
    console.log(`${name}: ${JSON.stringify({ ...report, smuggled: report.smuggled.length })}`);
    expect(report.smuggled).toEqual([]);
    expect(report.agreed).toBeGreaterThan(200);
  }, 180_000);
}

async function untilAnswering(socket: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if ((await exchange(socket, SENTINEL)).includes('/sentinel')) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('the server does not answer');
}

/** The requests that we see, when we accept all of it and the connection stays usable. */
function sees(text: string): string[] | undefined {
  const decoder = createRequestDecoder();
  decoder.push(latin1(text));
  const seen: string[] = [];
  try {
    for (let event = decoder.next(); event; event = decoder.next()) {
      if (event.kind !== 'head') continue;
      const { target, method, keepAlive } = event.message;
      if (!keepAlive) return undefined;
      seen.push(`${method} ${target.form === 'origin' || target.form === 'absolute' ? target.path : '/'}`);
    }
  } catch (error) {
    if (error instanceof Http1Error) return undefined;
    throw error;
  }
  // Bytes of an unfinished message would swallow the sentinel, as they should.
  return seen.length > 0 && !decoder.busy && decoder.rest().length === 0 ? seen : undefined;
}

function mutants(count: number): string[] {
  const random = createRandom(11);
  const found: string[] = [];
  while (found.length < count) {
    const text = mutate(random);
    if (!text.startsWith('HTTP') && decodeRequests([latin1(text)]).messages.length > 0) found.push(text);
  }
  return found;
}

/** `METHOD /path` of each request that was answered with 200. */
function accepted(answer: string): string[] {
  const heads = answer.matchAll(/HTTP\/1\.[01] 200 [^\r]*\r\n(?:[^\r]+\r\n)*?X-Saw: ([A-Za-z_-]+) ([^\r]*)\r\n/gi);
  // "*" shows as "/" in one of them, and in neither as anything else.
  return [...heads].map(([, method, uri]) =>
    `${method} ${uri!.replace(/^https?:\/\/[^/?]*/i, '').replace(/^\*?(?=\?|$)/, '/')}`
  );
}

function exchange(path: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ path });
    const done = () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => socket.write(Buffer.from(text, 'latin1')));
    socket.on('data', (data) => answer += data.toString('latin1'));
    socket.on('close', done);
    socket.on('error', done);
    socket.setTimeout(3000, done);
  });
}
