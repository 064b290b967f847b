/**
 * Builds the executables: `npm run compile` all of them, `npm run compile -- linux-x64` one. They
 * go to dist/ (`--out folder` elsewhere), with SHA256SUMS over them and a list of what is inside.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { VERSION } from '../cli/platform/version.ts';
import { root } from '../npm/bundles.js';
import { ADD_ON, bundleExecutable } from './bundle.ts';
import { findLockedPackage, readLock } from './locked_package.ts';
import { runProgram } from './run_program.ts';
import { BILL_OF_MATERIALS, createBillOfMaterials, releaseFiles } from './sbom.ts';
import { executableName, type Target, TARGETS } from './targets.ts';

const CACHE = join(root, 'node_modules/.cache/sig-compile');

const BUN = join(root, 'node_modules/bun/bin/bun.exe');

const words = process.argv.slice(2);
const at = words.indexOf('--out');
const out = at < 0 ? join(root, 'dist') : resolve(words.splice(at, 2)[1]!);
const targets = words.length === 0 ? TARGETS : words.map(requireTarget);

await mkdir(out, { recursive: true });
for (const target of targets) {
  const path = await compile(target);
  process.stdout.write(`${executableName(target)}  ${((await stat(path)).size / 1e6).toFixed(1)} MB\n`);
}
const bill = createBillOfMaterials(await readLock(), VERSION, targets);
await writeFile(join(out, BILL_OF_MATERIALS), `${JSON.stringify(bill, null, 2)}\n`);
const sums = await Promise.all(
  releaseFiles(targets).map(async (name) => `${await digest(join(out, name))}  ${name}\n`),
);
await writeFile(join(out, 'SHA256SUMS'), sums.join(''));

async function compile(target: Target): Promise<string> {
  const outfile = join(out, executableName(target));
  const folder = await mkdtemp(join(tmpdir(), 'sig-compile-'));
  try {
    const keyring = await findLockedPackage(target.keyring, CACHE);
    const addOn = (await readdir(keyring)).find((name) => name.endsWith('.node'));
    if (addOn === undefined) throw new Error(`${target.keyring} has no add-on`);
    await copyFile(join(keyring, addOn), join(folder, ADD_ON));
    await bundleExecutable(join(folder, 'sig.mjs'), true);
    const flags = [
      '--minify',
      '--bytecode',
      '--format=esm',
      // What lies in the folder where somebody calls sig is not its configuration, and no code of it.
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
      `--target=${target.runtime.replace('@oven/', '').replace('aarch64', 'arm64')}`,
      `--compile-executable-path=${await findRuntime(target)}`,
    ];
    await runProgram(BUN, ['build', '--compile', ...flags, `--outfile=${outfile}`, 'sig.mjs'], folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return outfile;
}

async function findRuntime(target: Target): Promise<string> {
  const folder = await findLockedPackage(target.runtime, CACHE);
  const path = join(folder, 'bin', target.name.startsWith('windows') ? 'bun.exe' : 'bun');
  // The installer of "bun" moves that of this system into its own folder.
  return existsSync(path) ? path : BUN;
}

function requireTarget(name: string): Target {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (!target) throw new Error(`No target "${name}"; there are ${TARGETS.map((known) => known.name).join(', ')}`);
  return target;
}

async function digest(path: string): Promise<string> {
  return createHash('sha256').update(await readFile(path)).digest('hex');
}
