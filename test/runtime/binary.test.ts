import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { beforeAll, expect, test } from 'vitest';
import { bundleExecutable } from '../../compile/bundle.ts';
import { executableName, findHostTarget, type Target } from '../../compile/targets.ts';
import { VERSION } from '../../cli/platform/version.ts';
import { makeCanary } from '../_lib/canary.ts';
import { type CommandResult, findCommand, runCommand } from '../_lib/command.ts';
import { useFolder, useServer } from '../_lib/lab.ts';
import { findRelease } from '../_lib/release.ts';
import { ROOT, startOnTerminal } from '../_lib/sig.ts';
import { tokenProvider, useWorld } from '../_lib/world.ts';

/** What an executable may weigh, in MB: 107 of it are Bun, 20 playwright-core as source and bytecode. */
const BUDGET_MB = 140;

const isMusl = process.platform === 'linux' && !existsGlibc();
const target: Target | undefined = findHostTarget(process.platform, process.arch, isMusl);
let release = '';
let reason = '';

beforeAll(async () => {
  if (target === undefined) {
    reason = 'there is no executable for this system';
    return;
  }
  const found = await findRelease(target);
  if ('reason' in found) reason = found.reason;
  else release = found.folder;
}, 250_000);

test('a release is the executable, its sums and what is inside, within the budget of size', async ({ skip }) => {
  const file = need(skip);
  expect((await readdir(release)).sort()).toEqual(['SHA256SUMS', file, 'sig.cdx.json'].sort());
  const sums = await readFile(join(release, 'SHA256SUMS'), 'utf8');
  for (const name of [file, 'sig.cdx.json']) {
    const bytes = await readFile(join(release, name));
    expect(sums).toContain(`${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`);
    expect(bytes.length / 1e6).toBeLessThan(BUDGET_MB);
  }
});

test('the executable sends an authenticated request, in a folder with nothing else and no PATH', async ({ skip }) => {
  const sig = join(release, need(skip));
  const token = makeCanary();
  const server = await useServer({ handler: () => ({ body: 'hello' }) });
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`);
  await world.logIn('api', { token });
  const empty = await useFolder();
  const run = (...args: string[]) =>
    runCommand(sig, args, {
      cwd: empty,
      env: { PATH: empty, HOME: empty, SIG_HOME: world.home, SIG_EXTRA_CA: server.caFile },
    });
  expect(await run('--version')).toMatchObject({ code: 0, stdout: `sig ${VERSION}\n`, stderr: '' });
  expect(await run('status', 'api')).toMatchObject({ code: 0 });
  const url = `https://localhost:${server.port}/x`;
  expect(await run('request', url)).toMatchObject({ code: 0, stdout: 'hello', stderr: '' });
  expect(server.requests[0]!.header('authorization')).toBe(`Bearer ${token}`);
  expect((await run('get', 'api')).stdout).not.toContain(token);
  expect(await run('audit', 'verify')).toMatchObject({ code: 0 });
  expect(await run('request', 'https://other.example/')).toMatchObject({ code: 3, stdout: '' });
});

test('the executable gives a program a terminal of its own where there is no script', async ({ skip }) => {
  const sig = join(release, need(skip));
  const token = makeCanary();
  const world = await useWorld(`providers:\n${tokenProvider('api', 'api.example.com')}`);
  await world.logIn('api', { token });
  const line = 'test -t 0 && test -t 1 && echo "tty $SIG_API_TOKEN"; exit 5';
  const running = startOnTerminal([sig, 'run', 'api', '--raw-env', '--', '/bin/sh', '-c', line], {
    home: world.home,
    env: { PATH: await useFolder() },
  }) ?? skip('script of util-linux is not installed');
  const { code, stdout } = await running.done;
  expect([code, stdout]).toEqual([5, expect.stringContaining('tty [sig:redacted:api]')]);
});

test('the executable runs in a root that holds the C library and nothing else', async ({ skip }) => {
  const sig = join(release, need(skip));
  const [unshare, chroot] = ['unshare', 'chroot'].map((name) => findCommand(name) ?? findIn(name, '/usr/sbin'));
  if (!unshare || !chroot || process.getuid?.() !== 0) skip('only root may change the root folder');
  const root = await useFolder();
  await copyFile(sig, join(root, 'sig'));
  for (const name of ['home', 'proc', 'dev']) await mkdir(join(root, name));
  const { stdout } = await runCommand('ldd', [sig]);
  for (const [library] of stdout.matchAll(/\/[^\s)]+/g)) {
    await mkdir(join(root, dirname(library)), { recursive: true });
    await copyFile(library, join(root, library));
  }
  // As a container does it. The mounts are those of this one process and end with it.
  const script = 'mount --bind /proc "$1/proc" && mount --bind /dev "$1/dev" && chroot=$2 && root=$1 && shift 2 && ' +
    'exec env -i HOME=/home SIG_HOME=/home/.sig "$chroot" "$root" /sig "$@"';
  const run = (...args: string[]): Promise<CommandResult> =>
    runCommand(unshare!, ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', root, chroot!, ...args]);
  const first = await run('--version');
  if (/permission denied|not permitted/i.test(first.stderr)) skip('this machine allows no mounts');
  expect(first).toMatchObject({ code: 0, stdout: `sig ${VERSION}\n` });
  expect(await run('init', '--yes', '--key-source', 'file')).toMatchObject({ code: 0 });
  expect(await run('status', '--json')).toMatchObject({ code: 0 });
});

test.each(['bun', 'deno'])('the bundle for %s has playwright-core in it', async (runtime) => {
  const folder = await useFolder();
  await bundleExecutable(join(folder, 'main.mjs'), false, 'test/runtime/browser_main.ts');
  const browser = join(folder, 'browser');
  await writeFile(browser, '#!/bin/sh\nexit 7\n');
  await chmod(browser, 0o755);
  const args = ['run', ...(runtime === 'deno' ? ['-A', '--no-config'] : []), 'main.mjs', browser, folder];
  const result = await runCommand(join(ROOT, 'node_modules/.bin', runtime), args, { cwd: folder });
  // It is loaded and starts the program; without the JSON files of its package it would not even load.
  expect([result.stdout, result.stderr]).toEqual(['E_BROWSER\n', '']);
});

test('a .env file and a bunfig.toml of the folder are not read', async ({ skip }) => {
  const sig = join(release, need(skip));
  const folder = await useFolder();
  await writeFile(join(folder, '.env'), `SIG_HOME=${join(folder, 'evil')}\n`);
  await writeFile(join(folder, 'bunfig.toml'), 'preload = ["./evil.js"]\n');
  await writeFile(join(folder, 'evil.js'), "console.log('evil');\n");
  const result = await runCommand(sig, ['init', '--yes', '--key-source', 'file'], {
    cwd: folder,
    env: { PATH: folder, HOME: folder },
  });
  expect([result.code, result.stdout]).toEqual([0, '']);
  expect((await readdir(folder)).sort()).toEqual(['.env', '.sig', 'bunfig.toml', 'evil.js']);
});

test('compile:deno runs its bundle and ends in one line where the base binary is missing', async () => {
  const folder = await useFolder();
  const run = (env: Record<string, string>) =>
    runCommand(join(ROOT, 'node_modules/.bin/tsx'), [join(ROOT, 'compile/deno.ts'), '--out', folder], {
      cwd: ROOT,
      env: { ...process.env as Record<string, string>, ...env },
      timeoutMs: 120_000,
    });
  const missing = await run({ DENORT_BIN: join(folder, 'none') });
  expect(missing.stdout).toBe(`bundle runs on Deno: sig ${VERSION}\n`);
  expect(missing.code).toBe(1);
  expect(missing.stderr.trim().split('\n')).toHaveLength(1);
  expect(missing.stderr).toContain('denort');
  // With any file as its base, everything but the base itself is done.
  const linked = await run({ DENORT_BIN: process.execPath });
  expect([linked.code, linked.stderr]).toEqual([0, '']);
}, 240_000);

function need(skip: (note?: string) => never): string {
  if (reason !== '') skip(reason);
  return executableName(target!);
}

function findIn(name: string, folder: string): string | undefined {
  return existsSync(join(folder, name)) ? join(folder, name) : undefined;
}

function existsGlibc(): boolean {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header?.glibcVersionRuntime !== undefined;
}
