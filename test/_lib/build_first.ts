/**
 * Runs once before the tests (vitest's globalSetup): builds dist/ when a source is newer, so that
 * no test looks at yesterday's command line.
 *
 * @module
 */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { ROOT } from './sig.ts';

const SOURCES = ['src', 'cli', 'npm', 'deno.json'];

export default async function buildFirst(): Promise<void> {
  const built = await stat(join(ROOT, 'dist/bin/sig.cjs')).catch(() => undefined);
  if (built && built.mtimeMs > await newestMs()) return;
  const result = await runCommand('node', [join(ROOT, 'npm/build.js')], { timeoutMs: 120_000 });
  if (result.code !== 0) throw new Error(`Build failed:\n${result.stdout}${result.stderr}`);
}

async function newestMs(): Promise<number> {
  let newest = 0;
  for (const source of SOURCES.map((name) => join(ROOT, name))) {
    const names = await readdir(source, { recursive: true }).catch(() => []);
    for (const name of ['', ...names]) newest = Math.max(newest, (await stat(join(source, name))).mtimeMs);
  }
  return newest;
}
