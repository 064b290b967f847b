/**
 * Other releases of Node than the one that runs the tests, as npm packages.
 *
 * @module
 */

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { findCommand, runCommand } from './command.ts';
import { ROOT } from './sig.ts';

/** What npm says where it cannot ask its registry. */
export const UNREACHABLE: RegExp =
  /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/;

/** Under `node_modules`, and not in its `.bin`: nothing finds them there by accident. */
const CACHE = join(ROOT, 'node_modules/.cache/node-releases');

/**
 * Finds the newest Node of a major version: the one that runs, one that was fetched before, or one from the npm
 * registry.
 *
 * @returns the path of its executable, or why there is none
 */
export async function findNodeRelease(major: number): Promise<{ readonly path: string } | { readonly reason: string }> {
  const own = findCommand('node');
  if (own && process.versions.node.startsWith(`${major}.`)) return { path: own };
  if (process.platform === 'win32') return { reason: 'other releases of Node are not fetched on Windows' };
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(CACHE, `${name}@${major}`);
  const path = join(folder, 'package/bin/node');
  if (existsSync(path)) return { path };
  await mkdir(CACHE, { recursive: true });
  const fresh = await mkdtemp(`${folder}-`);
  try {
    const args = ['pack', '--prefer-offline', '--ignore-scripts', '--json', '--pack-destination', fresh];
    const packed = await runCommand('npm', [...args, `${name}@${major}`], { cwd: fresh, timeoutMs: 120_000 });
    if (packed.code !== 0 || packed.isTimedOut) {
      return { reason: `the npm registry does not give ${name}@${major}` };
    }
    const [{ filename }] = JSON.parse(packed.stdout) as [{ filename: string }];
    const unpacked = await runCommand('tar', ['-xzf', join(fresh, filename), '-C', fresh, 'package/bin/node']);
    const version = await runCommand(join(fresh, 'package/bin/node'), ['--version']);
    if (unpacked.code !== 0 || !version.stdout.startsWith(`v${major}.`)) throw new Error(unpacked.stderr);
    await rm(join(fresh, filename));
    // Another process may have been quicker.
    await rename(fresh, folder).catch(() => {});
    return { path };
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
