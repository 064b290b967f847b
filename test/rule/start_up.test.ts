import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { buildCommandLine } from '../../npm/command_line.js';
import { needCommands, runCommand } from '../_lib/command.ts';
import { useFolder } from '../_lib/lab.ts';

/** What is in one file with our own modules. */
const SMALL = ['cac', '@noble/ciphers', 'jsep'];

/** What each command may load of node_modules when there is nothing to do for it. */
const ALLOWED: readonly { args: string[]; packages: string[] }[] = [
  { args: ['--version'], packages: [] },
  { args: ['--help'], packages: SMALL },
  { args: ['status', '--help'], packages: SMALL },
  { args: ['status'], packages: [...SMALL, 'yaml'] },
  { args: ['providers'], packages: [...SMALL, 'yaml'] },
];

test('a command loads only the packages that it needs', async ({ skip }) => {
  const [node] = needCommands(skip, 'node');
  const folder = await useFolder();
  const sources = await buildCommandLine(join(folder, 'bin'));
  const packagesOf = new Map([...sources].map(([file, inputs]) => [file, packagesAmong(inputs)]));
  expect([...packagesOf.values()].flat()).toContain('yaml');

  const env = { PATH: process.env.PATH!, HOME: folder, SIG_HOME: join(folder, 'home') };
  const sig = join(folder, 'bin/sig.cjs');
  await runCommand(node!, [sig, 'init', '--yes', '--key-source', 'file'], { env });
  const loaded: typeof ALLOWED[number][] = [];
  for (const [at, { args }] of ALLOWED.entries()) {
    const coverage = join(folder, `coverage-${at}`);
    const result = await runCommand(node!, [sig, ...args], { env: { ...env, NODE_V8_COVERAGE: coverage } });
    expect([args, result.code, result.stderr]).toEqual([args, 0, '']);
    const files = await loadedFiles(coverage);
    expect(files).toContain('sig.cjs');
    loaded.push({ args, packages: [...new Set(files.flatMap((file) => packagesOf.get(file) ?? []))].sort() });
  }
  const excess = loaded.map(({ args, packages }, at) => ({
    args,
    packages: packages.filter((name) => !ALLOWED[at]!.packages.includes(name)),
  }));
  expect(excess.filter(({ packages }) => packages.length > 0)).toEqual([]);
}, 60_000);

/** Names of the script files that the engine saw. */
async function loadedFiles(coverage: string): Promise<string[]> {
  const reports = await Promise.all((await readdir(coverage)).map((name) => readFile(join(coverage, name), 'utf8')));
  return reports.flatMap((report) => (JSON.parse(report) as { result: { url: string }[] }).result)
    .filter(({ url }) => url.startsWith('file:')).map(({ url }) => basename(url));
}

function packagesAmong(inputs: readonly string[]): string[] {
  return inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
}
