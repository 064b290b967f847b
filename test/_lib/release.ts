/**
 * The executable of this machine, compiled once for all tests that try it.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Target } from '../../compile/targets.ts';
import { runCommand } from './command.ts';
import { UNREACHABLE } from './node_release.ts';
import { ROOT } from './sig.ts';

const CACHE = join(ROOT, 'node_modules/.cache/sig-release');
/** All that an executable is made of, or by. */
const SOURCES = ['src', 'cli', 'compile', 'npm', 'deno.json', 'package.json', 'package-lock.json'];

/**
 * Compiles for a target what the sources are now, unless that was done before.
 *
 * @returns the folder with the executable, its sums and its bill of materials, for reading only; or why there is none
 */
export async function findRelease(target: Target): Promise<{ readonly folder: string } | { readonly reason: string }> {
  const name = `${target.name}-${await hashOf(SOURCES)}`;
  const folder = join(CACHE, name);
  if (existsSync(folder)) return { folder };
  await mkdir(CACHE, { recursive: true });
  const fresh = await mkdtemp(join(CACHE, 'new-'));
  try {
    const args = [join(ROOT, 'compile/main.ts'), target.name, '--out', fresh];
    const result = await runCommand(join(ROOT, 'node_modules/.bin/tsx'), args, { cwd: ROOT, timeoutMs: 240_000 });
    if (result.code !== 0) {
      if (UNREACHABLE.test(result.stderr)) return { reason: 'what Bun needs to compile is out of reach' };
      throw new Error(result.stderr);
    }
    // Another process may have been quicker.
    await rename(fresh, folder).catch(() => {});
    for (const old of await readdir(CACHE)) {
      // 140 MB each. One that is being made stays.
      if (old !== name && !old.startsWith('new-')) await rm(join(CACHE, old), { recursive: true, force: true });
    }
    return { folder };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function hashOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const isFolder = (await stat(join(ROOT, path))).isDirectory();
    const names = isFolder ? (await readdir(join(ROOT, path), { recursive: true })).sort() : [''];
    for (const name of names) {
      const file = join(ROOT, path, name);
      if ((await stat(file)).isFile()) hash.update(`${path}/${name}\0`).update(await readFile(file)).update('\0');
    }
  }
  return hash.digest('hex').slice(0, 16);
}
