import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { executableName, findHostTarget } from '../../compile/targets.ts';
import { needCommands, runCommand } from '../_lib/command.ts';
import { useFolder } from '../_lib/lab.ts';
import { ROOT } from '../_lib/sig.ts';

const FAKE = '#!/bin/sh\necho "fake $1"\n';
const NAMES = ['', '-musl'].map((libc) => `sig-linux-x64${libc}`);
const SUM = createHash('sha256').update(FAKE).digest('hex');

/** Serves a release whose executable is a shell script. */
async function serve(sums: (name: string) => string): Promise<string> {
  const target = findHostTarget(process.platform, process.arch, false);
  const names = target ? [executableName(target), `${executableName(target)}-musl`] : NAMES;
  const server = createServer((request, response) => {
    if (request.url === '/r/SHA256SUMS') response.end(names.map(sums).join(''));
    else if (names.some((name) => request.url === `/r/${name}`)) response.end(FAKE);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/r`;
}

async function install(skip: (note?: string) => never, release: string) {
  const [sh] = needCommands(skip, 'sh', 'curl');
  const folder = await useFolder();
  const env = { PATH: process.env.PATH!, HOME: folder, NO_PROXY: '127.0.0.1', SIG_RELEASE: release };
  const result = await runCommand(sh!, [join(ROOT, 'compile/install.sh'), join(folder, 'bin')], { env });
  return { ...result, folder };
}

test('install.sh installs what has the sum that the release lists', async ({ skip }) => {
  const { code, folder, stderr } = await install(skip, await serve((name) => `${SUM}  ${name}\n`));
  expect([code, stderr.includes('add')]).toEqual([0, true]);
  expect(await readdir(join(folder, 'bin'))).toEqual(['sig']);
  expect((await runCommand(join(folder, 'bin/sig'), ['--version'])).stdout).toBe('fake --version\n');
});

test.each([
  ['a wrong sum', (name: string) => `${'0'.repeat(64)}  ${name}\n`, 'sum of sig-'],
  ['no line for the file', () => `${SUM}  sig-other\n`, 'no line'],
  ['a line for a longer name only', (name: string) => `${SUM}  ${name}.old\n`, 'no line'],
  ['a page instead of sums', () => '<html>', 'no line'],
])('install.sh refuses a release with %s', async (_, sums, message) => {
  const { code, folder, stderr } = await install(missing, await serve(sums));
  expect([code, stderr.includes(message), existsSync(join(folder, 'bin'))]).toEqual([1, true, false]);
});

test.each(['', 'http://release.example/x', 'http://127.0.0.1.evil.example/x', 'ftp://x/y', '-o/etc/x'])(
  'install.sh refuses "%s" as the address of a release',
  async (address) => {
    const { code, folder, stderr } = await install(missing, address);
    expect([code, stderr.startsWith('install: error:'), existsSync(join(folder, 'bin'))]).toEqual([1, true, false]);
  },
);

function missing(note?: string): never {
  throw new Error(note);
}
