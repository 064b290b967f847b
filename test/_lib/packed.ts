/**
 * The package as people get it: packed, and installed in an empty folder.
 *
 * @module
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { UNREACHABLE } from './node_release.ts';
import { ROOT } from './sig.ts';

/** An installed package. */
export interface PackedPackage {
  /** A project that has it in its `node_modules`. */
  readonly project: string;
  /** What is in the tarball. */
  readonly paths: readonly string[];
}

/**
 * Packs what is built and installs it with npm.
 *
 * @param folder an empty folder
 * @returns or why that is not possible here
 */
export async function installPacked(folder: string): Promise<PackedPackage | { readonly reason: string }> {
  const project = join(folder, 'project');
  await mkdir(project);
  // No scripts: they would build again under the feet of the other tests.
  const packed = await runCommand('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
  });
  if (packed.code !== 0 || packed.stderr.includes('npm error')) throw new Error(packed.stderr);
  const [{ filename, files }] = JSON.parse(packed.stdout) as [{ filename: string; files: { path: string }[] }];
  await writeFile(join(project, 'package.json'), '{"name":"consumer","private":true,"type":"module"}');
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--omit=dev'];
  const args = ['install', ...flags, join(folder, filename)];
  const installed = await runCommand('npm', args, { cwd: project, timeoutMs: 240_000 });
  if (installed.code !== 0) {
    if (UNREACHABLE.test(installed.stderr)) return { reason: 'the npm registry is out of reach' };
    throw new Error(installed.stderr);
  }
  return { project, paths: files.map(({ path }) => path) };
}
