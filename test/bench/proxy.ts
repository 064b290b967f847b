/**
 * `npm run bench:proxy`: what the proxy costs, beside squid (ssl-bump), mitmproxy, mockttp, http-mitm-proxy and a
 * direct connection, in one run: TLS on both sides, a header injected, and answers redacted by ours.
 *
 *     npm run bench:proxy                        every table, three seconds a row
 *     npm run bench:proxy -- 6 requests 32       keep-alive requests only, six seconds a row, 32 connections
 *     npm run bench:proxy -- 3 connections,transfer,tunnels
 *     BENCH_PEERS=sig,squid npm run bench:proxy  only these
 *     BENCH_CHART=chart.svg npm run bench:proxy  draws the CPU time of a request at 32 connections, too
 *
 * Server and load generator are processes of their own. The rows "direct" and the generator's CPU time per
 * request tell whether it is the bottleneck.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { NODE_FLAGS } from '../../cli/platform/proxy/daemon.ts';
import { openVault } from '../../cli/platform/vault_home.ts';
import { createCredentials } from '../../src/credential/credentials.ts';
import { startCommand } from '../_lib/command.ts';
import { makeCredential, makeProvider } from '../_lib/fixture.ts';
import { findNodeRelease } from '../_lib/node_release.ts';
import { runSig } from '../_lib/sig.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { drawBars } from './_chart.ts';
import { median } from './_measure.ts';
import { load, type LoadOptions, type LoadResult, serve } from './proxy_load.ts';
import { startNpmPeer } from './proxy_npm_peers.ts';
import { type Peer, startMitmproxy, startSquid } from './proxy_peers.ts';

type Kind = LoadOptions['kind'];

interface KindOptions {
  /** Each is a table. */
  readonly connections: readonly number[];
  readonly warmUpSeconds: number;
  /** How often each takes its turn, so that a busy moment of the machine meets all alike; medians count. */
  readonly rounds: number;
}

const KINDS: Readonly<Record<Kind, KindOptions>> = {
  tunnels: { connections: [1_000], warmUpSeconds: 1, rounds: 1 },
  kept: { connections: [1_000], warmUpSeconds: 1, rounds: 1 },
  requests: { connections: [1, 32, 64], warmUpSeconds: 5, rounds: 3 },
  connections: { connections: [8], warmUpSeconds: 2, rounds: 3 },
  transfer: { connections: [4], warmUpSeconds: 2, rounds: 1 },
};
/** Made by `npm run compile -- linux-x64`. */
const EXECUTABLE = 'dist/sig-linux-x64';
const nobody = () => Promise.reject(new Error('asked'));
const [mode, ...words] = process.argv.slice(2);
if (mode === 'serve') await serve();
else if (mode === 'load') await load(JSON.parse(words[0]!));
else await main(Number(mode ?? 3), (words[0]?.split(',') ?? Object.keys(KINDS)) as Kind[], words[1]);

async function main(seconds: number, kinds: readonly Kind[], connections: string | undefined): Promise<void> {
  const folder = await makeTempFolder('sig-bench-');
  const children: ChildProcess[] = [];
  try {
    // squid runs as another user.
    await chmod(folder.path, 0o711);
    const server = spawn(process.execPath, [process.argv[1]!, 'serve'], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(server);
    const line = await new Promise<string>((resolve) => server.stdout!.once('data', (bytes) => resolve(String(bytes))));
    const { port, certificatePem } = JSON.parse(line);
    const serverCa = join(folder.path, 'server.pem');
    await writeFile(serverCa, certificatePem);
    for (const [at, kind] of kinds.entries()) {
      // Fresh ones for each table: what a thousand connections leave behind would slow down what comes after.
      for (const child of children.splice(1)) child.kill();
      const place = join(folder.path, String(at));
      await mkdir(place);
      const peers = await startPeers(place, port, serverCa, children);
      const { warmUpSeconds, rounds, ...its } = KINDS[kind];
      for (const count of connections?.split(',').map(Number) ?? its.connections) {
        const common = { port, connections: count, seconds, kind };
        const found = new Map<string, Record<string, number>[]>();
        for (let round = 0; round < rounds; round++) {
          // What was warm once is so again in a moment.
          const options = { ...common, warmUpSeconds: round === 0 ? warmUpSeconds : 1 };
          for (const { name, ca, pids, port: proxy } of [{ name: 'direct', ca: certificatePem, pids: [] }, ...peers]) {
            try {
              const row = await measure({ ...options, ca, ...(proxy === undefined ? {} : { proxy }) }, pids);
              found.set(name, [...found.get(name) ?? [], row]);
            } catch (error) {
              console.log(`${name} failed: ${String(error).slice(0, 600)}`);
            }
          }
        }
        const rows = [...found].map(([name, all]) => ({ name, ...medians(all) }));
        console.log(`\n${kind}, ${count} at once`);
        console.table(rows);
        const chart = process.env.BENCH_CHART;
        if (chart && kind === 'requests' && count === 32) await writeFile(chart, drawRequests(rows));
      }
    }
  } finally {
    for (const child of children) child.kill();
    await folder.remove();
  }
}

function drawRequests(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const bars = rows.filter(({ cpuUs }) => Number.isFinite(cpuUs) && cpuUs !== 0)
    .map(({ name, cpuUs }) => ({ name: String(name), value: Number(cpuUs), isOurs: String(name).startsWith('sig') }));
  const note =
    `One run, ${availableParallelism()} cores, Node ${process.versions.node}: TLS on both sides, keep-alive, ` +
    '1 KB, 32 connections, a header injected; sig also redacts and audits.';
  return drawBars('CPU time of a proxied request', note, 'µs', bars);
}

async function startPeers(
  folder: string,
  port: number,
  serverCa: string,
  children: ChildProcess[],
): Promise<readonly Peer[]> {
  // BENCH_NODE_ARGS="--cpu-prof --cpu-prof-dir=DIR" shows where the time goes.
  const args = (process.env.BENCH_NODE_ARGS ?? '').split(' ').filter((arg) => arg !== '');
  const own = (name: string, command: readonly string[]) => startOwn(name, command, folder, port, serverCa, children);
  const makers: Readonly<Record<string, () => Promise<Peer | undefined>>> = {
    sig: () => own('sig', [process.execPath, ...NODE_FLAGS, ...args, 'dist/bin/sig.cjs']),
    'sig-node24': async () => {
      const node = await findNodeRelease(24);
      return 'path' in node ? await own('sig-node24', [node.path, ...NODE_FLAGS, 'dist/bin/sig.cjs']) : undefined;
    },
    'sig-compiled': async () => existsSync(EXECUTABLE) ? await own('sig-compiled', [EXECUTABLE]) : undefined,
    squid: () => startSquid(folder, serverCa, children),
    mitmproxy: () => startMitmproxy(folder, serverCa, children),
    mockttp: () => startNpmPeer('mockttp', folder, serverCa, children),
    'http-mitm-proxy': () => startNpmPeer('http-mitm-proxy', folder, serverCa, children),
  };
  const peers: Peer[] = [];
  for (const name of process.env.BENCH_PEERS?.split(',') ?? Object.keys(makers)) {
    const peer = await makers[name]!();
    if (peer) peers.push(peer);
    else console.log(`No ${name}: npm run compile -- linux-x64; apt-get install squid-openssl mitmproxy`);
  }
  return peers;
}

function medians(rows: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  return Object.fromEntries(Object.keys(rows[0]!).map((name) => [name, median(rows.map((row) => row[name]!))]));
}

/** One row of a table, measured once. */
async function measure(options: LoadOptions, pids: readonly number[]): Promise<Record<string, number>> {
  const idleMiB = await rssOf(pids);
  const running = startCommand(process.execPath, [process.argv[1]!, 'load', JSON.stringify(options)], {
    timeoutMs: 180_000,
  });
  // What went wrong shows when the process is asked for its result.
  await running.waitFor(/begin\n/);
  const before = await cpuOf(pids);
  const found = await running.waitFor(/\{.*\}\n/);
  const proxyUs = await cpuOf(pids) - before;
  const rssMiB = await rssOf(pids);
  const { count, p50Us, p99Us, cpuUs } = JSON.parse(found[0]) as LoadResult;
  await running.done;
  if (options.kind === 'tunnels' || options.kind === 'kept') return { idleMiB, rssMiB };
  if (options.kind === 'transfer') {
    return { mibPerSecond: Math.round(count / options.seconds), cpuUsPerMib: Math.round(proxyUs / count), rssMiB };
  }
  return {
    perSecond: Math.round(count / options.seconds),
    p50Us,
    p99Us,
    cpuUs: Math.round(proxyUs / count),
    loadUs: Math.round(cpuUs / count),
    rssMiB,
  };
}

/** User and system time of processes, in microseconds. */
async function cpuOf(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10_000;
}

/** Resident memory of processes, in MiB. */
async function rssOf(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(pids.map(async (pid) => {
    const found = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'latin1'));
    return Number(found![1]) / 1024;
  }));
  return Math.round(sizes.reduce((sum, size) => sum + size, 0));
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
