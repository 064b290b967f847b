/**
 * `npm run bench:proxy`: what the proxy costs, beside squid (ssl-bump) and a direct connection, in one
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
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { connect as connectTls, createServer } from 'node:tls';
import { encodePem } from '../../src/encoding/pem.ts';
import { createAuthority } from '../../src/certificate/authority.ts';
import { createProviderSet } from '../../src/provider/find.ts';
import { findCommand, runCommand, startCommand } from '../_lib/command.ts';
import { makeCredential, makeProvider } from '../_lib/fixture.ts';
import { runSig } from '../_lib/sig.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { makeIdentity, testAuthority } from '../_lib/test_ca.ts';
import { openVault } from '../../cli/platform/vault_home.ts';
import { createCredentials } from '../../src/credential/credentials.ts';

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
    const sig = await startOwn(folder.path, port, serverCa);
    const squid = await startSquid(folder.path, serverCa, children);
    const rows: Row[] = [];
    for (const connections of (process.argv[3] ?? '1,32,64').split(',').map(Number)) {
      const common = { port, connections, seconds };
      rows.push(await measure('direct', { ...common, ca: certificatePem }, []));
      rows.push(await measure('sig', { ...common, proxy: sig.port, ca: sig.ca }, [sig.pid]));
      if (squid) rows.push(await measure('squid', { ...common, proxy: squid.port, ca: squid.ca }, squid.pids));
    }
    console.table(rows);
    if (!squid) console.log('squid with OpenSSL is not installed: apt-get install squid-openssl');
    sig.stop();
    await sig.done;
  } finally {
    for (const child of children) child.kill();
    await folder.remove();
  }
}

async function startOwn(folder: string, port: number, serverCa: string) {
  const home = join(folder, 'home');
  const env = { SIG_EXTRA_CA: serverCa };
  const made = await runSig(['init', '--yes', '--key-source', 'file'], { home });
  if (made.code !== 0) throw new Error(made.stderr);
  await writeFile(
    join(home, 'config.yaml'),
    `providers:\n  bench:\n    domains: ['localhost:${port}']\n    strategy: prompt\n    extract: [{ from: prompt, as: token }]\n` +
      "    apply: [{ in: header, name: Authorization, value: 'Bearer ${token}' }]\n",
    { mode: 0o600 },
  );
  const provider = makeProvider({ id: 'bench', domains: [`localhost:${port}`] });
  createProviderSet([provider]);
  const prompt = { line: nobody, secret: nobody, confirm: nobody };
  const credentials = createCredentials(await openVault(home, { prompt, env: {} }));
  await credentials.seal(makeCredential(provider, { token: 'bench-token-0123456789abcdef' }));
  // BENCH_NODE_ARGS="--cpu-prof --cpu-prof-dir=DIR" shows where the time goes.
  const args = (process.env.BENCH_NODE_ARGS ?? '').split(' ').filter((arg) => arg !== '');
  const running = startCommand(process.execPath, [...args, 'dist/bin/sig.cjs', 'proxy'], {
    env: { PATH: process.env.PATH!, HOME: folder, SIG_HOME: home, ...env },
    timeoutMs: 600_000,
  });
  const found = await running.waitFor(/127\.0\.0\.1:(\d+)/);
  return {
    port: Number(found[1]),
    pid: running.pid,
    ca: await readFile(join(home, 'proxy/ca.pem'), 'utf8'),
    stop: () => running.kill(),
    done: running.done,
  };
}

const nobody = () => Promise.reject(new Error('asked'));

/** squid with ssl-bump, one worker, no cache, no log, the same server CA. */
async function startSquid(folder: string, serverCa: string, children: ChildProcess[]) {
  const squid = findCommand('squid') ?? '/usr/sbin/squid';
  const certgen = '/usr/lib/squid/security_file_certgen';
  const version = await runCommand(squid, ['-v']).catch(() => undefined);
  if (!version?.stdout.includes('--with-openssl')) return undefined;
  const base = join(folder, 'squid');
  await mkdir(base, { mode: 0o777 });
  const { authority, privateKeyDer } = await createAuthority({ commonName: 'squid bench', nowSec: Date.now() / 1000 });
  await writeFile(join(base, 'ca.pem'), authority.certificatePem + encodePem('PRIVATE KEY', privateKeyDer.reveal()));
  await runCommand(certgen, ['-c', '-s', join(base, 'db'), '-M', '4MB']);
  await runCommand('/bin/chmod', ['-R', 'a+rwX', base]);
  // squid runs as another user: it must be able to pass through.
  await runCommand('/bin/chmod', ['a+x', folder]);
  const port = await freePort();
  await writeFile(
    join(base, 'squid.conf'),
    `http_port 127.0.0.1:${port} ssl-bump cert=${base}/ca.pem generate-host-certificates=on dynamic_cert_mem_cache_size=4MB
sslcrtd_program ${certgen} -s ${base}/db -M 4MB
sslcrtd_children 1
acl all_hosts src all
ssl_bump bump all
tls_outgoing_options cafile=${serverCa}
http_access allow all
request_header_access Authorization deny all
request_header_add Authorization "Bearer bench-token-0123456789abcdef" all
cache deny all
access_log none
cache_log ${base}/cache.log
cache_store_log none
pid_filename ${base}/pid
coredump_dir ${base}
shutdown_lifetime 0 seconds
max_filedescriptors 4096
`,
  );
  const child = spawn(squid, ['-N', '-f', join(base, 'squid.conf')], { stdio: 'ignore' });
  children.push(child);
  for (let i = 0; i < 100; i++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connectTcp(port, '127.0.0.1', () => (socket.destroy(), resolve(true)));
      socket.on('error', () => resolve(false));
    });
    if (isOpen) return { port, ca: authority.certificatePem, pids: [child.pid!] };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  console.error(`squid did not start: ${await readFile(join(base, 'cache.log'), 'utf8').catch(() => 'no log')}`);
  return undefined;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
