import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../npm/bundles.js';
import { runProgram } from './run_program.ts';

/** A package as package-lock.json pins it. */
export interface LockedPackage {
  readonly version: string;
  readonly integrity: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** Every package of package-lock.json, by its path in the tree. */
export async function readLock(): Promise<Readonly<Record<string, LockedPackage>>> {
  return JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')).packages;
}

/**
 * The folder of a package: that of node_modules where it is installed (this system's own), else one
 * filled from the npm registry. What comes from there must have the digest of package-lock.json.
 *
 * @param cache folder to keep it in
 * @throws {Error} when it is not pinned, cannot be had, or is not what is pinned
 */
export async function findLockedPackage(name: string, cache: string): Promise<string> {
  const installed = join(root, 'node_modules', name);
  if (existsSync(join(installed, 'package.json'))) return installed;
  const locked = (await readLock())[`node_modules/${name}`];
  if (!locked) throw new Error(`${name} is not in package-lock.json`);
  const folder = join(cache, `${name.replace('/', '+')}@${locked.version}`);
  if (existsSync(folder)) return folder;

  const fresh = `${folder}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  const packed = await runProgram('npm', ['pack', '--json', '--pack-destination', fresh, `${name}@${locked.version}`]);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  const tarball = join(fresh, filename);
  const digest = `sha512-${createHash('sha512').update(await readFile(tarball)).digest('base64')}`;
  if (digest !== locked.integrity) throw new Error(`${name} is not what package-lock.json pins`);
  await runProgram('tar', ['-xzf', tarball, '-C', fresh, '--strip-components=1']);
  await rm(tarball);
  await rename(fresh, folder);
  return folder;
}
