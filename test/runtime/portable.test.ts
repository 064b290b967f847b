import { build } from 'esbuild';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findCommand, runCommand } from '../_lib/command.ts';
import { useFolder } from '../_lib/lab.ts';
import { ROOT } from '../_lib/sig.ts';
import { CASES } from './portable_cases.ts';

const bin = (name: string) => join(ROOT, 'node_modules/.bin', name);

/** The runtimes, each with a command that lets the bundle do as little as it can be made to. */
const RUNTIMES: Readonly<Record<string, (bundle: string) => string[]>> = {
  'Deno without any permission': (bundle) => [bin('deno'), 'run', '--quiet', '--no-prompt', '--no-config', bundle],
  Node: (bundle) => ['node', bundle],
  Bun: (bundle) => [bin('bun'), 'run', bundle],
};

test.for(Object.entries(RUNTIMES))('the core runs on %s', async ([, commandFor], { skip }) => {
  const bundle = join(await useFolder(), 'portable.mjs');
  await build({
    absWorkingDir: ROOT,
    entryPoints: ['test/runtime/portable_main.ts'],
    outfile: bundle,
    bundle: true,
    format: 'esm',
    target: 'es2023',
    // Whatever is not of the web platform fails to resolve.
    platform: 'neutral',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
  });
  const [file, ...args] = commandFor(bundle);
  const program = file!.includes('/') ? file! : findCommand(file!) ?? skip(`${file} is not installed`);
  const result = await runCommand(program, args);
  expect(result.stderr).toBe('');
  expect(JSON.parse(result.stdout)).toEqual({ ran: Object.keys(CASES).length, failures: [], granted: [] });
});
