/**
 * `npm run bench:proxy`: what the proxy costs, beside squid (ssl-bump), mitmproxy and a direct connection, in one
 * run: TLS on both sides, keep-alive, 1 KB answers, a header injected and answers redacted by ours.
 * `npm run bench:proxy -- 5 32` measures five seconds a row instead of three, with 32 connections only.
 *
 * Server and load generator are processes of their own. The generator speaks CONNECT. Its row "direct"
 * and its CPU time per request tell whether it is the bottleneck.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { connect as connectTls, createServer } from 'node:tls';
import { startCommand } from '../_lib/command.ts';
import { makeCredential, makeProvider } from '../_lib/fixture.ts';
import { runSig } from '../_lib/sig.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { makeIdentity, testAuthority } from '../_lib/test_ca.ts';
import { openVault } from '../../cli/platform/vault_home.ts';
import { createCredentials } from '../../src/credential/credentials.ts';
import { type Peer, startMitmproxy, startSquid } from './proxy_peers.ts';

/** One measurement. */
interface Row {
  readonly name: string;
  readonly connections: number;
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU time of the proxy for one request, microseconds. */
  readonly cpuUs: number | undefined;
  /** The same of the load generator. */
  readonly loadUs: number;
}

const BODY = 'x'.repeat(1024);
/** Made by `npm run compile -- linux-x64`. */
const EXECUTABLE = 'dist/sig-linux-x64';
const nobody = () => Promise.reject(new Error('asked'));
const mode = process.argv[2];
if (mode === 'serve') await serve();
else if (mode === 'load') await load(JSON.parse(process.argv[3]!));
else await main(Number(mode ?? 3));

/** A server that answers every request with 1 KB, as cheaply as it can. */
async function serve(): Promise<void> {
  const answer = Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  );
  const server = createServer({ ...await makeIdentity(['localhost']), noDelay: true }, (socket) => {
    let tail = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      tail += bytes.toString('latin1');
      const heads = tail.split('\r\n\r\n');
      tail = heads.pop()!;
      for (const _ of heads) socket.write(answer);
    });
  });
  server.listen(0, '127.0.0.1', async () => {
    const { certificatePem } = await testAuthority();
    console.log(JSON.stringify({ port: (server.address() as { port: number }).port, certificatePem }));
  });
}

interface LoadOptions {
  readonly port: number;
  /** Of the proxy; none for a direct connection. */
  readonly proxy?: number;
  readonly ca: string;
  readonly connections: number;
  readonly seconds: number;
}

async function load({ port, proxy, ca, connections, seconds }: LoadOptions): Promise<void> {
  const request = Buffer.from(`GET /bench HTTP/1.1\r\nHost: localhost:${port}\r\nAccept: */*\r\n\r\n`);
  const latencies: number[] = [];
  let endAt = Infinity;
  let isCounting = false;

  async function open(): Promise<Socket> {
    const tcp = connectTcp({ port: proxy ?? port, host: '127.0.0.1', noDelay: true });
    if (proxy !== undefined) {
      await new Promise<void>((resolve, reject) => {
        tcp.once('error', reject);
        tcp.write(`CONNECT localhost:${port} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
        tcp.once(
          'data',
          (bytes) => /^HTTP\/1\.[01] 200/.test(bytes.toString()) ? resolve() : reject(new Error(bytes.toString())),
        );
      });
    }
    return await new Promise((resolve, reject) => {
      const socket = connectTls({ socket: tcp, ca, servername: 'localhost' }, () => resolve(socket));
      socket.once('error', reject);
    });
  }

  function drive(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = -1;
      let startedAt = 0;
      const send = () => {
        left = -1;
        startedAt = performance.now();
        socket.write(request);
      };
      socket.on('data', (bytes) => {
        if (left < 0) {
          const text = bytes.toString('latin1');
          const end = text.indexOf('\r\n\r\n');
          if (end < 0 || !text.startsWith('HTTP/1.1 200')) return reject(new Error(text));
          left = Number(/content-length: (\d+)/i.exec(text)![1]) - (bytes.length - end - 4);
        } else left -= bytes.length;
        if (left > 0) return;
        const now = performance.now();
        if (isCounting) latencies.push(now - startedAt);
        if (now > endAt) return resolve();
        send();
      });
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('closed')));
      send();
    });
  }

  const sockets = await Promise.all(Array.from({ length: connections }, open));
  const done = Promise.all(sockets.map(drive));
  // Long enough for a runtime that compiles while it runs to be done with that.
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  isCounting = true;
  console.log('begin');
  const startedAt = performance.now();
  const before = process.cpuUsage();
  endAt = startedAt + seconds * 1_000;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  isCounting = false;
  const cpu = process.cpuUsage(before);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => Math.round(1_000 * latencies[Math.floor(latencies.length * share)]!);
  console.log(
    JSON.stringify({ count: latencies.length, p50Us: at(0.5), p99Us: at(0.99), cpuUs: cpu.user + cpu.system }),
  );
  await done;
  process.exit(0);
}

/** User and system time of a process and those below it, in microseconds. */
async function cpuOf(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10_000;
}

async function measure(name: string, options: LoadOptions, pids: readonly number[]): Promise<Row> {
  const running = startCommand(process.execPath, [process.argv[1]!, 'load', JSON.stringify(options)], {
    timeoutMs: 120_000,
  });
  await running.waitFor(/begin\n/);
  const before = await cpuOf(pids);
  const found = await running.waitFor(/\{.*\}\n/);
  const after = await cpuOf(pids);
  const { count, p50Us, p99Us, cpuUs } = JSON.parse(found[0]);
  await running.done;
  return {
    name,
    connections: options.connections,
    perSecond: Math.round(count / options.seconds),
    p50Us,
    p99Us,
    cpuUs: pids.length === 0 ? undefined : Math.round((after - before) / count),
    loadUs: Math.round(cpuUs / count),
  };
}

async function main(seconds: number): Promise<void> {
  const folder = await makeTempFolder('sig-bench-');
  const children: ChildProcess[] = [];
  try {
    const server = spawn(process.execPath, [process.argv[1]!, 'serve'], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(server);
    const line = await new Promise<string>((resolve) => server.stdout!.once('data', (bytes) => resolve(String(bytes))));
    const { port, certificatePem } = JSON.parse(line);
    const serverCa = join(folder.path, 'server.pem');
    await writeFile(serverCa, certificatePem);
    // BENCH_NODE_ARGS="--cpu-prof --cpu-prof-dir=DIR" shows where the time goes.
    const args = (process.env.BENCH_NODE_ARGS ?? '').split(' ').filter((arg) => arg !== '');
    const peers: (Peer | undefined)[] = [
      await startOwn('sig', [process.execPath, ...args, 'dist/bin/sig.cjs'], folder.path, port, serverCa, children),
      existsSync(EXECUTABLE)
        ? await startOwn('sig, compiled', [EXECUTABLE], folder.path, port, serverCa, children)
        : undefined,
      await startSquid(folder.path, serverCa, children),
      await startMitmproxy(folder.path, serverCa, children),
    ];
    const rows: Row[] = [];
    for (const connections of (process.argv[3] ?? '1,32,64').split(',').map(Number)) {
      const common = { port, connections, seconds };
      rows.push(await measure('direct', { ...common, ca: certificatePem }, []));
      for (const peer of peers) {
        if (peer) rows.push(await measure(peer.name, { ...common, proxy: peer.port, ca: peer.ca }, peer.pids));
      }
    }
    console.table(rows);
    console.log('Missing rows: npm run compile -- linux-x64; apt-get install squid-openssl mitmproxy');
  } finally {
    for (const child of children) child.kill();
    await folder.remove();
  }
}

async function startOwn(
  name: string,
  command: readonly string[],
  folder: string,
  port: number,
  serverCa: string,
  children: ChildProcess[],
): Promise<Peer> {
  const home = join(folder, name);
  const made = await runSig(['init', '--yes', '--key-source', 'file'], { home });
  if (made.code !== 0) throw new Error(made.stderr);
  await writeFile(
    join(home, 'config.yaml'),
    `providers:\n  bench:\n    domains: ['localhost:${port}']\n    strategy: prompt\n    extract: [{ from: prompt, as: token }]\n` +
      "    apply: [{ in: header, name: Authorization, value: 'Bearer ${token}' }]\n",
    { mode: 0o600 },
  );
  const provider = makeProvider({ id: 'bench', domains: [`localhost:${port}`] });
  const prompt = { line: nobody, secret: nobody, confirm: nobody };
  const credentials = createCredentials(await openVault(home, { prompt, env: {} }));
  await credentials.seal(makeCredential(provider, { token: 'bench-token-0123456789abcdef' }));
  const [file, ...args] = command;
  const env = { PATH: process.env.PATH!, HOME: folder, SIG_HOME: home, SIG_EXTRA_CA: serverCa };
  const child = spawn(file!, [...args, 'proxy'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const found = await new Promise<RegExpExecArray>((resolve) => {
    let text = '';
    child.stdout.on('data', (bytes) => {
      const match = /127\.0\.0\.1:(\d+)/.exec(text += String(bytes));
      if (match) resolve(match);
    });
  });
  return { name, port: Number(found[1]), pids: [child.pid!], ca: await readFile(join(home, 'proxy/ca.pem'), 'utf8') };
}
