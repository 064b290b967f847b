/**
 * What the HTTP/1.1 codec and the upstream client cost: microseconds for a head, and CPU microseconds
 * of this process for a request over TLS, beside node:https and fetch in the same run.
 *
 * Run: `npm run bench:http1 -- [requests]`, or with bun or deno.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import https from 'node:https';
import { join } from 'node:path';
import process from 'node:process';
import { createServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { createSend } from '../../cli/platform/send.ts';
import { createUpstream } from '../../cli/platform/upstream/upstream.ts';
import { createRequestDecoder, createResponseDecoder } from '../../src/http1/decoder.ts';
import { forwardRequestFields } from '../../src/http1/forward.ts';
import { writeRequestHead } from '../../src/http1/write.ts';
import { parseUrl } from '../../src/target/target.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { makeIdentity, testAuthority } from '../_lib/test_ca.ts';

const BODY = 'x'.repeat(1024);
const RESPONSE = `HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sat, 21 Nov 2026 21:45:37 GMT\r\n` +
  `Content-Type: application/json; charset=utf-8\r\nContent-Length: 1024\r\nConnection: keep-alive\r\n` +
  `Cache-Control: no-store\r\nSet-Cookie: a=b; Path=/; Secure\r\nX-Request-Id: 7b8b965ad4bca0e41ab51de7b31363a1\r\n\r\n`;
const FIELDS: readonly (readonly [string, string])[] = [
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120'],
  ['Accept', 'application/json, text/plain, */*'],
  ['Accept-Language', 'en-US,en;q=0.9'],
  ['Cookie', 'session=abcdefghijklmnopqrstuvwxyz0123456789; theme=dark'],
  ['X-Request-Id', '7b8b965ad4bca0e41ab51de7b31363a1'],
];
const CONCURRENCY = 32;
const ROUNDS = 3;

/** Microseconds a call takes, best of some rounds. */
function time(call: () => void): number {
  const count = 50_000;
  for (let i = 0; i < count; i++) call();
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    for (let i = 0; i < count; i++) call();
    best = Math.min(best, (performance.now() - start) * 1000 / count);
  }
  return best;
}

function benchCodec(): Record<string, number> {
  const request = writeRequestHead('GET', '/api/v1/items?x=1&y=2', [
    ['Host', 'api.example.com'],
    ...FIELDS,
    ['Connection', 'keep-alive'],
  ]);
  const response = new TextEncoder().encode(RESPONSE + BODY);
  const requests = createRequestDecoder();
  const responses = createResponseDecoder();
  requests.push(request);
  const event = requests.next();
  if (event?.kind !== 'head') throw new Error('no head');
  const { message } = event;
  requests.next();
  const fields = forwardRequestFields(message, 'api.example.com');
  return {
    'request head in': time(() => {
      requests.push(request);
      while (requests.next());
    }),
    'response head and 1 KiB in': time(() => {
      responses.expect({ method: 'GET', upgrade: false });
      responses.push(response);
      while (responses.next());
    }),
    'hop-by-hop': time(() => void forwardRequestFields(message, 'api.example.com')),
    'request head out': time(() => void writeRequestHead('GET', '/api/v1/items?x=1&y=2', fields)),
  };
}

type Client = () => Promise<void>;

function clients(origin: string, caFile: string, ca: string): Record<string, Client> {
  const { target, path } = parseUrl(`${origin}/api/v1/items?x=1&y=2`);
  const env = () => undefined;
  const upstream = createUpstream({ env });
  const send = createSend({ env });
  const route = { target, owner: '', caFile, allowPrivate: true };
  const host = `localhost:${target.port}`;
  const agent = new https.Agent({ keepAlive: true, ca, maxSockets: CONCURRENCY });
  const headers = Object.fromEntries(FIELDS);
  return {
    'upstream': () =>
      new Promise((resolve, reject) => {
        upstream.start(route, { method: 'GET', path, fields: [['Host', host], ...FIELDS], hasBody: false }, {
          head: () => {},
          body: () => {},
          end: () => resolve(),
          fail: reject,
          drain: () => {},
        });
      }),
    'send': async () => {
      const response = await send({ method: 'GET', target, path, headers: FIELDS }, null, {
        caFile,
        allowPrivate: true,
      });
      for await (const _bytes of response.body);
    },
    'node:https': () =>
      new Promise((resolve, reject) => {
        https.get(`${origin}${path}`, { agent, headers }, (response) => {
          response.on('data', () => {});
          response.on('end', () => resolve());
        }).on('error', reject);
      }),
    'fetch': async () => {
      const response = await fetch(`${origin}${path}`, { headers });
      await response.arrayBuffer();
    },
  };
}

async function measure(client: Client, requests: number): Promise<{ rps: number; cpuUs: number }> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let left = requests;
  await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
    while (left-- > 0) await client();
  }));
  const seconds = (performance.now() - start) / 1000;
  const used = process.cpuUsage(cpu);
  return { rps: requests / seconds, cpuUs: (used.user + used.system) / requests };
}

async function benchClients(origin: string, caFile: string, ca: string, requests: number): Promise<void> {
  const all = Object.entries(clients(origin, caFile, ca));
  for (const [, client] of all) await measure(client, 2000);
  const results = new Map<string, { rps: number; cpuUs: number }[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, client] of all) {
      results.set(name, [...(results.get(name) ?? []), await measure(client, requests)]);
    }
  }
  print(`\n${requests} requests, ${CONCURRENCY} at a time, TLS, 1 KiB answers; median of ${ROUNDS} rounds`);
  for (const [name, rounds] of results) {
    const { cpuUs, rps } = rounds.sort((a, b) => a.cpuUs - b.cpuUs)[Math.floor(ROUNDS / 2)]!;
    print(`${name.padEnd(28)} ${cpuUs.toFixed(0).padStart(6)} us CPU ${rps.toFixed(0).padStart(8)} /s`);
  }
}

/** A server that costs as little as one can in JavaScript. */
async function serve(): Promise<void> {
  const answer = Buffer.from(RESPONSE + BODY, 'latin1');
  const server = createServer(JSON.parse(process.env.BENCH_IDENTITY!), (socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', () => socket.write(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  print(String((server.address() as { port: number }).port));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function startSelf(role: string, args: readonly string[], env: Record<string, string>, stdout: 'pipe' | 'inherit') {
  const file = fileURLToPath(import.meta.url);
  const own = 'Deno' in globalThis ? ['run', '-A'] : process.execArgv;
  return spawn(process.execPath, [...own, file, role, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', stdout, 'inherit'],
  });
}

async function main(requests: number): Promise<void> {
  print(`${process.execPath.split('/').at(-1)} ${process.version}\ncodec`);
  for (const [name, us] of Object.entries(benchCodec())) print(`${name.padEnd(28)} ${us.toFixed(2).padStart(6)} us`);
  const folder = await makeTempFolder();
  const caFile = join(folder.path, 'ca.pem');
  await writeFile(caFile, (await testAuthority()).certificatePem);
  const identity = JSON.stringify(await makeIdentity(['localhost']));
  const server = startSelf('serve', [], { BENCH_IDENTITY: identity }, 'pipe');
  try {
    const port = await new Promise<string>((resolve) =>
      server.stdout!.once('data', (line) => resolve(String(line).trim()))
    );
    const env = { NODE_EXTRA_CA_CERTS: caFile, DENO_CERT: caFile };
    const client = startSelf('client', [`https://localhost:${port}`, caFile, String(requests)], env, 'inherit');
    await new Promise((resolve) => client.on('close', resolve));
  } finally {
    server.kill('SIGKILL');
    await folder.remove();
  }
}

const [role, ...args] = process.argv.slice(2);
if (role === 'serve') await serve();
else if (role === 'client') {
  const { readFile } = await import('node:fs/promises');
  await benchClients(args[0]!, args[1]!, await readFile(args[1]!, 'utf8'), Number(args[2]));
  process.exit(0);
} else await main(Number(role ?? 20_000));
