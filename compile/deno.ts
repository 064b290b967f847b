/**
 * The second recipe, `npm run compile:deno`: the same bundle in Deno's own executable format. `deno
 * compile` fetches its base binary ("denort") when it first runs; `DENORT_BIN` names one that is there.
 *
 * @module
 */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { root } from '../npm/bundles.js';
import { bundleExecutable } from './bundle.ts';
import { runProgram } from './run_program.ts';

const words = process.argv.slice(2);
const at = words.indexOf('--out');
const out = at < 0 ? join(root, 'dist') : resolve(words.splice(at, 2)[1]!);
const outfile = join(out, process.platform === 'win32' ? 'sig-deno.exe' : 'sig-deno');
const deno = join(root, 'node_modules/.bin/deno');

await mkdir(out, { recursive: true });
// A folder of its own: beside a package.json, `deno compile` packs all of node_modules.
const folder = await mkdtemp(join(tmpdir(), 'sig-compile-'));
try {
  const bundle = join(folder, 'sig.mjs');
  await bundleExecutable(bundle, false);
  const version = await runProgram(deno, ['run', '-A', '--no-config', '--no-prompt', bundle, '--version'], folder);
  process.stdout.write(`bundle runs on Deno: ${version}`);
  const flags = ['--allow-all', '--no-config', '--no-check', '--no-prompt', '--output', outfile];
  try {
    await runProgram(deno, ['compile', ...flags, bundle], folder);
    process.stdout.write(`${outfile}\n`);
  } catch (error) {
    if (!/denort|dl\.deno\.land|sending request|archive/i.test((error as Error).message)) throw error;
    process.stderr.write('deno compile needs its base binary "denort", which cannot be fetched here; set DENORT_BIN\n');
    process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
