/**
 * Proxies that npm has, as the benchmark of the proxy meets them: installed beside the project when it is first run,
 * since nobody else needs their hundreds of packages.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { runCommand } from '../_lib/command.ts';
import { ROOT } from '../_lib/sig.ts';
import { TOKEN } from './proxy_peers.ts';
import type { Peer } from './proxy_peers.ts';

const VERSIONS = { mockttp: '4.6.5', 'http-mitm-proxy': '1.1.0' };
const CACHE = join(ROOT, 'node_modules/.cache/bench-peers');

/** Prints its port when it listens, and its CA is in `ca.pem` then. */
const PROGRAMS: Readonly<Record<keyof typeof VERSIONS, string>> = {
  mockttp: `
const { getLocal, generateCACertificate } = require('mockttp');
const { writeFileSync } = require('node:fs');
const [caFile, serverCa] = process.argv.slice(2);
(async () => {
  const ca = await generateCACertificate();
  const server = getLocal({ https: ca, http2: false, recordTraffic: false });
  await server.forUnmatchedRequest().thenPassThrough({
    additionalTrustedCAs: [{ certPath: serverCa }],
    transformRequest: { updateHeaders: { authorization: ${JSON.stringify(TOKEN)} } },
  });
  await server.start();
  writeFileSync(caFile, ca.cert);
  console.log('port ' + server.port);
})();`,
  'http-mitm-proxy': `
const { Proxy } = require('http-mitm-proxy');
const { copyFileSync, readFileSync, mkdirSync } = require('node:fs');
const { dirname, join } = require('node:path');
const https = require('node:https');
const [caFile, serverCa] = process.argv.slice(2);
const sslCaDir = join(dirname(caFile), 'ca');
const proxy = new Proxy();
proxy.onError((ctx, error) => {});
proxy.onRequest((ctx, next) => {
  ctx.proxyToServerRequestOptions.headers.authorization = ${JSON.stringify(TOKEN)};
  next();
});
const httpsAgent = new https.Agent({ keepAlive: true, ca: readFileSync(serverCa) });
proxy.listen({ host: '127.0.0.1', port: 0, sslCaDir, keepAlive: true, httpsAgent }, () => {
  copyFileSync(join(sslCaDir, 'certs/ca.pem'), caFile);
  console.log('port ' + proxy.httpServer.address().port);
});`,
};

/** Starts one of them on this Node, with the same server CA. Nothing where npm cannot give it. */
export async function startNpmPeer(
  name: keyof typeof VERSIONS,
  folder: string,
  serverCa: string,
  children: ChildProcess[],
): Promise<Peer | undefined> {
  if (!existsSync(join(CACHE, 'node_modules', name))) {
    await mkdir(CACHE, { recursive: true });
    const packages = Object.entries(VERSIONS).map(([its, version]) => `${its}@${version}`);
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', CACHE, ...packages];
    const installed = await runCommand('npm', args, { cwd: CACHE, timeoutMs: 240_000 });
    if (installed.code !== 0) return undefined;
  }
  const base = join(folder, name);
  await mkdir(base);
  const program = join(CACHE, `${name}.cjs`);
  const ca = join(base, 'ca.pem');
  await writeFile(program, PROGRAMS[name]);
  const child = spawn(process.execPath, [program, ca, serverCa], { cwd: base, stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  const port = await new Promise<number | undefined>((resolve) => {
    let text = '';
    child.stdout.on('data', (bytes) => {
      const found = /port (\d+)/.exec(text += String(bytes));
      if (found) resolve(Number(found[1]));
    });
    child.on('exit', () => resolve(undefined));
  });
  return port === undefined ? undefined : { name, port, ca: await readFile(ca, 'utf8'), pids: [child.pid!] };
}
