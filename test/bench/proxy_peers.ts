/**
 * What the proxy is compared with: other programs that end TLS, add a header and pass requests on.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect as connectTcp, createServer } from 'node:net';
import { join } from 'node:path';
import { encodePem } from '../../src/encoding/pem.ts';
import { createAuthority } from '../../src/certificate/authority.ts';
import { findCommand, runCommand } from '../_lib/command.ts';

/** A proxy that listens. */
export interface Peer {
  readonly name: string;
  readonly port: number;
  /** Its CA, in PEM. */
  readonly ca: string;
  readonly pids: readonly number[];
}

/** What is injected. */
export const TOKEN = 'Bearer bench-token-0123456789abcdef';

/** squid with ssl-bump, one worker, no cache, no log, the same server CA. */
export async function startSquid(
  folder: string,
  serverCa: string,
  children: ChildProcess[],
): Promise<Peer | undefined> {
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
request_header_add Authorization "${TOKEN}" all
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
  if (await listens(port)) return { name: 'squid', port, ca: authority.certificatePem, pids: [child.pid!] };
  console.error(`squid did not start: ${await readFile(join(base, 'cache.log'), 'utf8').catch(() => 'no log')}`);
  return undefined;
}

/** mitmproxy without its screen, as it comes, with the same server CA. */
export async function startMitmproxy(
  folder: string,
  serverCa: string,
  children: ChildProcess[],
): Promise<Peer | undefined> {
  const mitmdump = findCommand('mitmdump');
  if (!mitmdump) return undefined;
  const base = join(folder, 'mitmproxy');
  const port = await freePort();
  const options = [
    `confdir=${base}`,
    `ssl_verify_upstream_trusted_ca=${serverCa}`,
    `modify_headers=/~q/Authorization/${TOKEN}`,
  ];
  const args = [
    '-q',
    '--listen-host',
    '127.0.0.1',
    '-p',
    String(port),
    ...options.flatMap((option) => ['--set', option]),
  ];
  const child = spawn(mitmdump, args, { stdio: 'ignore' });
  children.push(child);
  const certificate = join(base, 'mitmproxy-ca-cert.pem');
  if (!await listens(port) || !existsSync(certificate)) return undefined;
  return { name: 'mitmproxy', port, ca: await readFile(certificate, 'utf8'), pids: [child.pid!] };
}

/** Whether something listens there within half a minute. */
async function listens(port: number): Promise<boolean> {
  for (let i = 0; i < 300; i++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connectTcp(port, '127.0.0.1', () => (socket.destroy(), resolve(true)));
      socket.on('error', () => resolve(false));
    });
    if (isOpen) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
