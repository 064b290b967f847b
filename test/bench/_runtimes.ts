/**
 * Runs one bundle on every runtime and reads what it prints.
 *
 * @module
 */

import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { ROOT } from '../_lib/sig.ts';

const BINARIES = join(ROOT, 'node_modules/.bin');
const RUNTIMES: Readonly<Record<string, readonly string[]>> = {
  node: [process.execPath],
  deno: [join(BINARIES, 'deno'), 'run', '--no-prompt'],
  bun: [join(BINARIES, 'bun'), 'run'],
};

/**
 * Bundles a file and runs it on each runtime in turn.
 *
 * @param entry path from the root of the repository; prints one JSON value
 * @param wanted names of runtimes; all when none is named
 */
export async function* runOnEach(
  entry: string,
  wanted: readonly string[],
): AsyncGenerator<readonly [runtime: string, printed: unknown]> {
  const folder = mkdtempSync(join(tmpdir(), 'sig-bench-'));
  try {
    const bundle = join(folder, 'cases.mjs');
    await build({
      absWorkingDir: ROOT,
      entryPoints: [entry],
      outfile: bundle,
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      external: ['node:*'],
      target: 'es2023',
      logLevel: 'error',
    });
    for (const [name, [program, ...args]] of Object.entries(RUNTIMES)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const { stdout, stderr, status } = spawnSync(program!, [...args, bundle], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${name} failed: ${stderr}`);
      yield [name, JSON.parse(stdout)];
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
