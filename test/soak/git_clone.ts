/**
 * `git clone` of a large repository from a real git server, by a child of `sig run` and through `sig
 * proxy`, with a credential that git never sees.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { makeCanary } from '../_lib/canary.ts';
import { findCommand, runCommand, startCommand } from '../_lib/command.ts';
import { makeWorld, tokenProvider } from '../_lib/make_world.ts';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import { makeIdentity, testAuthority } from '../_lib/test_ca.ts';
import type { Form } from '../runtime/forms_lab.ts';
import { forgetPeak, peakMiB, residentMiB } from './memory.ts';

/** A repository behind a server that wants a token. */
export interface GitServer {
  readonly port: number;
  readonly token: string;
  readonly caPem: string;
  /** Commit that a clone must have. */
  readonly head: string;
  readonly packMiB: number;
  close(): Promise<void>;
}

/** What came of a clone. */
export interface Clone {
  readonly seconds: number;
  readonly idleMiB: number;
  readonly peakMiB: number;
  /** Whether all objects are there and in order. */
  readonly isWhole: boolean;
  /** What went wrong, if anything did. */
  readonly message: string;
}

/**
 * Starts a server of a repository of so many MiB that cannot be compressed.
 *
 * @returns or why there is none
 */
export async function startGitServer(sizeMiB: number): Promise<GitServer | { readonly reason: string }> {
  const git = findCommand('git');
  if (!git) return { reason: 'git is not installed' };
  const { stdout } = await runCommand(git, ['--exec-path']);
  const backend = join(stdout.trim(), 'git-http-backend');
  if (!existsSync(backend)) return { reason: 'git-http-backend is not installed' };
  const folder = await makeTempFolder('sig-git-');
  const work = join(folder.path, 'repo');
  await mkdir(work);
  const env = gitEnvironment(folder.path);
  const run = async (...args: string[]) => {
    const result = await runCommand(git, args, { cwd: work, env, timeoutMs: 120_000 });
    if (result.code !== 0) throw new Error(result.stderr);
    return result.stdout.trim();
  };
  await run('init', '--quiet', '--initial-branch=main');
  // It would only look for what is not there.
  for (const key of ['core.compression', 'pack.window']) await run('config', key, '0');
  for (let i = 0; i < sizeMiB; i++) await writeFile(join(work, `${i}.bin`), randomBytes(1024 * 1024));
  await run('add', '.');
  await run('commit', '--quiet', '-m', 'all of it');
  await run('repack', '-adq');
  const head = await run('rev-parse', 'HEAD');
  const token = makeCanary();
  const authority = await testAuthority();
  const server = createServer(await makeIdentity(['localhost']), (request, response) => {
    if (request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
    answer(backend, folder.path, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    token,
    caPem: authority.certificatePem,
    head,
    packMiB: sizeMiB,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await folder.remove();
    },
  };
}

/** Clones with one form of `sig`: as a child of `sig run`, or through a proxy that runs already. */
export async function cloneWith(form: Form, server: GitServer, by: 'run' | 'proxy'): Promise<Clone> {
  const folder = await makeTempFolder('sig-clone-');
  try {
    const home = join(folder.path, '.sig');
    const caFile = join(folder.path, 'server.pem');
    await writeFile(caFile, server.caPem);
    const world = await makeWorld(home, `providers:\n${tokenProvider('git', `localhost:${server.port}`)}`, {
      SIG_EXTRA_CA: caFile,
    });
    await world.logIn('git', { token: server.token });
    const target = join(folder.path, 'clone');
    const git = findCommand('git')!;
    const clone = ['clone', '--quiet', `https://localhost:${server.port}/repo/.git`, target];
    const [file, ...first] = form.command;
    const env = { ...gitEnvironment(folder.path), SIG_HOME: home, SIG_EXTRA_CA: caFile, ...form.env };
    const options = { cwd: folder.path, env, timeoutMs: 240_000 };
    const running = by === 'run'
      // The child waits for a word, so that there is something idle to compare with.
      ? startCommand(file, [
        ...first,
        'run',
        'git',
        '--',
        '/bin/sh',
        '-c',
        `echo ready; read x; exec "$@"`,
        'sh',
        git,
        ...clone,
      ], options)
      : startCommand(file, [...first, 'proxy'], options);
    const [, port] = await running.waitFor(by === 'run' ? /(ready)/ : /127\.0\.0\.1:(\d+)\n/);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const idleMiB = residentMiB(running.pid);
    forgetPeak(running.pid);
    const startMs = performance.now();
    let result;
    let most: number;
    if (by === 'run') {
      running.write('\n');
      // The peak is gone with the process: it is looked at while there is one.
      most = await watchPeak(running.pid, running.done);
      result = await running.done;
    } else {
      const proxy = `http://127.0.0.1:${port}`;
      const proxied = {
        ...gitEnvironment(folder.path),
        https_proxy: proxy,
        GIT_SSL_CAINFO: join(home, 'proxy/ca.pem'),
      };
      result = await runCommand(git, clone, { cwd: folder.path, env: proxied, timeoutMs: 240_000 });
      most = peakMiB(running.pid);
      running.kill('SIGKILL');
      await running.done;
    }
    const seconds = (performance.now() - startMs) / 1000;
    const check = (...args: string[]) =>
      runCommand(git, ['-C', target, ...args], { env: gitEnvironment(folder.path), timeoutMs: 120_000 });
    const isWhole = result.code === 0 && (await check('rev-parse', 'HEAD')).stdout.trim() === server.head &&
      (await check('fsck', '--full', '--strict')).code === 0;
    const leaks = (await readFile(join(target, '.git/config'), 'utf8').catch(() => '')).includes(server.token);
    return {
      seconds,
      idleMiB,
      peakMiB: most,
      isWhole: isWhole && !leaks,
      message: isWhole ? '' : result.stderr.trim(),
    };
  } finally {
    await folder.remove();
  }
}

async function watchPeak(pid: number, done: Promise<unknown>): Promise<number> {
  let isOver = false;
  let most = 0;
  void done.finally(() => isOver = true);
  while (!isOver) {
    try {
      most = Math.max(most, peakMiB(pid));
    } catch {
      break; // It has just ended.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return most;
}

function gitEnvironment(home: string): Record<string, string> {
  const who = { NAME: 'Ada', EMAIL: 'ada@example.com' };
  return {
    PATH: dirname(findCommand('git')!),
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...Object.fromEntries(
      Object.entries(who).flatMap(([key, value]) => [[`GIT_AUTHOR_${key}`, value], [`GIT_COMMITTER_${key}`, value]]),
    ),
  };
}

/** RFC 3875, as far as git-http-backend needs it. */
function answer(backend: string, root: string, request: IncomingMessage, response: ServerResponse): void {
  const [path = '', query = ''] = request.url!.split('?');
  const protocol = request.headers['git-protocol'];
  const child = spawn(backend, [], {
    env: {
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      HOME: root,
      PATH_INFO: decodeURIComponent(path),
      QUERY_STRING: query,
      REQUEST_METHOD: request.method!,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      REMOTE_ADDR: '127.0.0.1',
      ...(protocol === undefined ? {} : { GIT_PROTOCOL: String(protocol) }),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => {});
  (request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request).pipe(child.stdin);
  let head: Buffer = Buffer.alloc(0);
  const onHead = (bytes: Buffer) => {
    head = Buffer.concat([head, bytes]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    child.stdout.off('data', onHead);
    child.stdout.pause();
    const fields = head.subarray(0, end).toString('latin1').split('\r\n').map((line) =>
      line.split(': ') as [string, string]
    );
    const status = fields.find(([name]) => name === 'Status')?.[1] ?? '200';
    response.writeHead(parseInt(status), fields.filter(([name]) => name !== 'Status').flat());
    response.write(head.subarray(end + 4));
    child.stdout.pipe(response);
  };
  child.stdout.on('data', onHead);
  child.on('error', () => response.destroy());
  response.on('close', () => child.kill());
}
