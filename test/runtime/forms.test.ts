import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { executableName, findHostTarget } from '../../compile/targets.ts';
import { findCommand, runCommand } from '../_lib/command.ts';
import { findNodeRelease, UNREACHABLE } from '../_lib/node_release.ts';
import { installPacked } from '../_lib/packed.ts';
import { ROOT } from '../_lib/sig.ts';
import { makeTempFolder, type TempFolder } from '../_lib/temp_folder.ts';
import { FORM_CASES } from './forms_cases.ts';
import { type Form, type FormServer, type FormWorld, makeFormWorld, startFormServer } from './forms_lab.ts';

/** A form, or why it is not here. */
type Found = Form | { readonly reason: string };

const BUNDLE = join(ROOT, 'dist/bin/sig.cjs');
const SOURCE = join(ROOT, 'cli/main.ts');
const PATH = '/nowhere';

/** The forms, each made in an empty folder of its own. */
const FORMS: Readonly<Record<string, (folder: string) => Promise<Found>>> = {
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
    // The same code, not packed.
    if ('reason' in packed) return { command: [nodeHere(), BUNDLE], env: { PATH }, installForm: 'source' };
    // Its first line asks the PATH for Node.
    return {
      command: [join(packed.project, 'node_modules/.bin/sig')],
      env: { PATH: dirname(nodeHere()) },
      installForm: 'npm-local',
    };
  },
  'the executable, in a folder with nothing else': compile,
};

let lab: FormServer;
const folders: TempFolder[] = [];
/** All are made at once: what compiles or installs need not be waited for where there is something to test. */
const made = new Map<string, Promise<Found>>();

beforeAll(async () => {
  lab = await startFormServer();
  for (const [name, make] of Object.entries(FORMS)) {
    const folder = await makeTempFolder();
    folders.push(folder);
    const form = make(folder.path);
    form.catch(() => {}); // Whoever waits for it says so.
    made.set(name, form);
  }
  return async () => {
    await Promise.allSettled(made.values());
    for (const folder of folders) await folder.remove();
    await lab.server.close();
  };
});

describe.each(Object.keys(FORMS))('%s', (name) => {
  let world: FormWorld | undefined;
  let reason = '';

  beforeAll(async () => {
    const found = await made.get(name)!;
    if ('reason' in found) reason = found.reason;
    else world = await makeFormWorld(found, lab);
  }, 300_000);

  afterAll(() => world?.close());

  test.for(Object.entries(FORM_CASES))('%s', async ([, run], { skip }) => {
    if (world === undefined) skip(reason || 'this form could not be made');
    await run(world!, skip);
  });
});

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
  const out = join(folder, 'out');
  const args = [join(ROOT, 'compile/main.ts'), target.name, '--out', out];
  const result = await runCommand(join(ROOT, 'node_modules/.bin/tsx'), args, { cwd: ROOT, timeoutMs: 240_000 });
  if (result.code !== 0) {
    if (UNREACHABLE.test(result.stderr)) return { reason: 'what Bun needs to compile is out of reach' };
    throw new Error(result.stderr);
  }
  const alone = join(folder, 'alone');
  await mkdir(alone);
  await copyFile(join(out, executableName(target)), join(alone, 'sig'));
  return { command: [join(alone, 'sig')], env: { PATH: alone }, installForm: 'binary' };
}
