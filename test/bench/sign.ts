// npm run bench:sign: proofs and verifications per second, ours beside the platform's bare operation
// and two other libraries, in one run per runtime. Name runtimes to run only those: -- node bun
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Rate } from './sign_cases.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binaries = join(root, 'node_modules/.bin');
const RUNTIMES: Record<string, readonly string[]> = {
  node: [process.execPath],
  deno: [join(binaries, 'deno'), 'run', '--no-prompt'],
  bun: [join(binaries, 'bun'), 'run'],
};

const folder = mkdtempSync(join(tmpdir(), 'sig-bench-'));
try {
  const bundle = join(folder, 'sign_cases.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/bench/sign_cases.ts'],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2023',
    logLevel: 'error',
  });
  const wanted = process.argv.slice(2);
  for (const [name, [program, ...args]] of Object.entries(RUNTIMES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const { stdout, stderr, status } = spawnSync(program!, [...args, bundle], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
    const results = JSON.parse(stdout) as Record<string, Record<'sign' | 'verify', Rate[]>>;
    for (const [kind, groups] of Object.entries(results)) {
      for (const [group, rates] of Object.entries(groups)) print(`${name}, ${kind}, ${group}`, rates);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function print(title: string, rates: readonly Rate[]): void {
  console.log(`\n${title.padEnd(34)}${'per s'.padStart(9)}${'ratio'.padStart(8)}`);
  for (const { name, perSec, ratio } of rates) {
    console.log(`  ${name.padEnd(32)}${String(perSec).padStart(9)}${ratio.toFixed(2).padStart(8)}`);
  }
}
