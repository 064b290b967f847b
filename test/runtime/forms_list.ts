/**
 * The ways in which people have `sig`.
 *
 * @module
 */

import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { executableName, findHostTarget } from '../../compile/targets.ts';
import { findCommand } from '../_lib/command.ts';
import { findNodeRelease } from '../_lib/node_release.ts';
import { installPacked } from '../_lib/packed.ts';
import { findRelease } from '../_lib/release.ts';
import { ROOT } from '../_lib/sig.ts';
import type { Form } from './forms_lab.ts';

/** A form, or why it is not here. */
export type Found = Form | { readonly reason: string };

const BUNDLE = join(ROOT, 'dist/bin/sig.cjs');
const SOURCE = join(ROOT, 'cli/main.ts');
const PATH = '/nowhere';

/** The form that needs nothing to be made: the code of the packed package, not packed. */
export async function bundleHere(): Promise<Form> {
  return { command: [nodeHere(), BUNDLE], env: { PATH }, installForm: 'source' };
}

/** The forms, each made in an empty folder of its own. */
export const FORMS: Readonly<Record<string, (folder: string) => Promise<Found>>> = {
  'the bundle, on Node 22': async () => await onNode(22),
  'the bundle, on Node 24': async () => await onNode(24),
  'the source, on Deno': async () => ({
    command: [
      join(ROOT, 'node_modules/deno/deno'),
      'run',
      '-A',
      '--quiet',
      '--config',
      join(ROOT, 'deno.json'),
      SOURCE,
    ],
    env: { PATH, DENO_DIR: process.env.DENO_DIR ?? `${process.env.HOME}/.cache/deno`, DENO_NO_UPDATE_CHECK: '1' },
    installForm: 'source',
  }),
  'the source, on Bun': async () => ({
    command: [join(ROOT, 'node_modules/.bin/bun'), SOURCE],
    env: { PATH },
    installForm: 'source',
  }),
  'the packed package, installed, on the Node of the tests': async (folder) => {
    const packed = await installPacked(folder);
    if ('reason' in packed) return await bundleHere();
    // Its first line asks the PATH for Node.
    return {
      command: [join(packed.project, 'node_modules/.bin/sig')],
      env: { PATH: dirname(nodeHere()) },
      installForm: 'npm-local',
    };
  },
  'the executable, in a folder with nothing else': compile,
};

function nodeHere(): string {
  return 'Deno' in globalThis ? findCommand('node')! : process.execPath;
}

async function onNode(major: number): Promise<Found> {
  const release = await findNodeRelease(major);
  return 'reason' in release ? release : { command: [release.path, BUNDLE], env: { PATH }, installForm: 'source' };
}

async function compile(folder: string): Promise<Found> {
  const target = findHostTarget(process.platform, process.arch, false);
  if (target === undefined) return { reason: 'there is no executable for this system' };
  const release = await findRelease(target);
  if ('reason' in release) return release;
  const alone = join(folder, 'alone');
  await mkdir(alone);
  await copyFile(join(release.folder, executableName(target)), join(alone, 'sig'));
  return { command: [join(alone, 'sig')], env: { PATH: alone }, installForm: 'binary' };
}
