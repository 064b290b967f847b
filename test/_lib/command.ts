/**
 * Runs other programs for tests: oracles such as openssl and curl, and our own command line.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { constants as osConstants } from 'node:os';
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

/** A program that runs. */
export interface RunningCommand {
  readonly pid: number;
  /** What it wrote to stdout so far. */
  stdout(): string;
  stderr(): string;
  /**
   * Waits until stdout or stderr, each as a whole, fits a pattern.
   *
   * @throws {Error} when it ended or its time ran out before, with all it wrote
   */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>;
  /** Writes to its stdin. */
  write(text: string | Uint8Array): void;
  /** Ends its stdin. */
  end(): void;
  kill(signal?: 'SIGTERM' | 'SIGINT' | 'SIGKILL' | 'SIGHUP' | 'SIGSTOP' | 'SIGCONT'): void;
  readonly done: Promise<CommandResult>;
}

/** Runs a program to its end. It has no terminal. */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const command = startCommand(file, args, options);
  command.end();
  return await command.done;
}

/** Starts a program, whose stdin stays open. */
export function startCommand(file: string, args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  const watchers = new Set<() => void>();
  const wake = () => watchers.forEach((watcher) => watcher());
  let isTimedOut = false;
  let hasEnded = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    child.kill('SIGKILL');
  }, options.timeoutMs ?? 30_000);
  child.stdout.on('data', (chunk) => (stdout.push(chunk), wake()));
  child.stderr.on('data', (chunk) => (stderr.push(chunk), wake()));
  // A program that ends without reading its input is no failure of the test.
  child.stdin.on('error', () => {});
  if (options.stdin !== undefined) child.stdin.write(options.stdin);
  const textOf = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString();

  const done = new Promise<CommandResult>((resolve, reject) => {
    child.on('error', (cause) => (clearTimeout(timer), reject(cause)));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      hasEnded = true;
      wake();
      resolve({
        code: code ?? 128 + (osConstants.signals[signal!] ?? 0),
        stdout: textOf(stdout),
        stdoutBytes: Buffer.concat(stdout),
        stderr: textOf(stderr),
        isTimedOut,
      });
    });
  });
  return {
    pid: child.pid ?? 0,
    stdout: () => textOf(stdout),
    stderr: () => textOf(stderr),
    waitFor: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = pattern.exec(textOf(stdout)) ?? pattern.exec(textOf(stderr));
          if (!found && !hasEnded) return;
          watchers.delete(look);
          if (found) resolve(found);
          else reject(new Error(`Command ended before ${pattern}:\n${textOf(stdout)}\n${textOf(stderr)}`));
        };
        watchers.add(look);
        look();
      }),
    write: (text) => void child.stdin.write(text),
    end: () => void child.stdin.end(),
    kill(signal = 'SIGTERM') {
      // Not through the child: on Deno its status would then be the signal, whatever it ends with.
      if (!hasEnded && child.pid !== undefined) process.kill(child.pid, signal);
    },
    done,
  };
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
