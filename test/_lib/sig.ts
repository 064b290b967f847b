/**
 * Runs our own command line as a person or a program would: the built bundle on Node, the source on
 * Deno.
 *
 * @module
 */

import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type CommandResult, findCommand, runCommand, type RunningCommand, startCommand } from './command.ts';

/** How to run `sig`. */
export interface SigOptions {
  /** `SIG_HOME`. Its parent is `HOME`, so that nothing else of the machine is read. */
  readonly home: string;
  /** Added to an environment that holds nothing but what programs need to run. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  readonly cwd?: string;
  /** Default 30,000. */
  readonly timeoutMs?: number;
}

/** Folder of this checkout. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Whether the tests run on Deno. */
export const IS_DENO: boolean = 'Deno' in globalThis;

/** The program and its first arguments that start `sig` on this runtime. */
export function sigCommand(): readonly [file: string, ...args: string[]] {
  if (!IS_DENO) return [process.execPath, join(ROOT, 'dist/bin/sig.cjs')];
  return [process.execPath, 'run', '--quiet', '-A', '--config', join(ROOT, 'deno.json'), join(ROOT, 'cli/main.ts')];
}

/**
 * Runs `sig` to its end, without a terminal.
 *
 * @example
 * ```ts
 * const { code, stdout } = await runSig(['status', '--json'], { home: await useHome() });
 * ```
 */
export function runSig(args: readonly string[], options: SigOptions): Promise<CommandResult> {
  const [file, ...first] = sigCommand();
  return runCommand(file, [...first, ...args], commandOptions(options));
}

/** Starts `sig` and leaves it running, as for a proxy. Whoever starts it ends it. */
export function startSig(args: readonly string[], options: SigOptions): RunningCommand {
  const [file, ...first] = sigCommand();
  return startCommand(file, [...first, ...args], commandOptions(options));
}

/**
 * Starts `sig` on a terminal of its own, 80 by 24: a person types through `write`, and everything
 * shown is in `stdout`. `\x03` is Ctrl-C.
 *
 * @returns `undefined` where no program can make a terminal (`script` of util-linux)
 */
export function startSigOnTerminal(args: readonly string[], options: SigOptions): RunningCommand | undefined {
  return startOnTerminal([...sigCommand(), ...args], options);
}

/** Starts any program on a terminal; see {@link startSigOnTerminal}. */
export function startOnTerminal(command: readonly string[], options: SigOptions): RunningCommand | undefined {
  const script = findCommand('script');
  if (!script || process.platform !== 'linux') return undefined;
  const line = `stty cols 80 rows 24; exec ${command.map(quote).join(' ')}`;
  const running = startCommand(script, ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
    ...commandOptions(options),
    env: { SHELL: '/bin/sh', TERM: 'xterm-256color', ...environment(options) },
  });
  return running;
}

function commandOptions(options: SigOptions) {
  return {
    env: environment(options),
    ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  };
}

function environment(options: SigOptions): Record<string, string> {
  const deno = process.env.DENO_DIR ?? (process.env.HOME && join(process.env.HOME, '.cache/deno'));
  return {
    PATH: process.env.PATH ?? '',
    HOME: dirname(options.home),
    LANG: 'C.UTF-8',
    SIG_HOME: options.home,
    ...(IS_DENO && deno ? { DENO_DIR: deno, DENO_NO_UPDATE_CHECK: '1' } : {}),
    ...options.env,
  };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
