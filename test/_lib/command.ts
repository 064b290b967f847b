/**
 * Runs other programs for tests: oracles such as openssl and curl, and our own command line.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** How to run a program. */
export interface CommandOptions {
  readonly cwd?: string;
  /** The whole environment of the child; this process's own when absent. */
  readonly env?: Readonly<Record<string, string>>;
  /** What it reads; nothing when absent. */
  readonly stdin?: string | Uint8Array;
  /** It is killed after that many milliseconds. Default 30,000. */
  readonly timeoutMs?: number;
  /** Called with the process once it runs, to look at it or to signal it. */
  readonly onStart?: (pid: number) => void;
}

/** What a program did. */
export interface CommandResult {
  /** Exit status; 128 + n when signal n ended it, as in a shell. */
  readonly code: number;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
  /** Whether its time ran out. */
  readonly isTimedOut: boolean;
}

const SIGNAL_NUMBERS: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGABRT: 6, SIGKILL: 9, SIGTERM: 15 };

/** Runs a program to its end. It has no terminal. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      child.kill('SIGKILL');
    }, options.timeoutMs ?? 30_000);
    child.stdout.on('data', (chunk) => stdout.push(chunk));
    child.stderr.on('data', (chunk) => stderr.push(chunk));
    // A program that ends without reading its input is no failure of the test.
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(cause);
    });
    if (child.pid !== undefined) options.onStart?.(child.pid);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        code: code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0),
        stdout: Buffer.concat(stdout).toString(),
        stdoutBytes: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString(),
        isTimedOut,
      });
    });
  });
}

/** The path of a program in `PATH`, or `undefined`. */
export function findCommand(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * Skips a test, with the reason, when a program is not installed.
 *
 * @param skip the `skip` of the test's context
 * @returns the path of each program
 */
export function needCommands(skip: (note?: string) => never, ...names: readonly string[]): string[] {
  return names.map((name) => findCommand(name) ?? skip(`${name} is not installed`));
}
