/**
 * Starts a TypeScript file of the tests as a program of its own, on this runtime.
 *
 * @module
 */

import { join } from 'node:path';
import process from 'node:process';
import { type CommandOptions, type RunningCommand, startCommand } from './command.ts';
import { IS_DENO, ROOT } from './sig.ts';

/** The program and arguments that run a file of this folder. */
export function scriptCommand(name: string): string[] {
  const file = join(ROOT, 'test/_lib', name);
  const first = IS_DENO
    ? ['run', '--quiet', '-A', '--config', join(ROOT, 'deno.json'), file]
    : ['--import', 'tsx', file];
  return [process.execPath, ...first];
}

/** Starts a file of this folder. It has no terminal. */
export function startScript(name: string, args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const [program, ...first] = scriptCommand(name);
  return startCommand(program!, [...first, ...args], { cwd: ROOT, ...options });
}
