import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { constants as os } from 'node:os';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import type { Readable, Writable } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';
import { SigError } from '../../src/errors.ts';
import type { Redaction } from '../../src/redact/matcher.ts';
import { startOnBunTerminal } from './bun_terminal.ts';
import { findTerminalCommand } from './terminal_command.ts';

/** A program to run. */
export interface RunOptions {
  readonly command: readonly [file: string, ...args: string[]];
  /** Changes to this process's environment; `undefined` takes a variable away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Says what people should know of how it is run. */
  readonly onNote?: ((text: string) => void) | undefined;
}

/** What is passed on to the child. A terminal sends the first two to both of us by itself. */
const SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;
const FROM_TERMINAL: readonly string[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH'];
/** After so long without output, what is held back is shown: it may be a prompt. */
const PROMPT_MS = 50;

/**
 * Runs a program to its end, its output redacted. On a terminal it gets a terminal of its own, which
 * `script` makes, or Bun where it runs this; where there is neither its output is a pipe, since what goes
 * to the terminal directly cannot be redacted.
 *
 * @param begin begins the redaction of one stream
 * @param platform whose `script` it is
 * @returns its exit status; 128 + n when signal n ended it
 * @throws {SigError} E_USAGE when the program cannot be started
 */
export async function runChild(
  options: RunOptions,
  begin: () => Redaction,
  platform: string = process.platform,
): Promise<number> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...process.env, ...options.env })) {
    if (value !== undefined) env[name] = value;
  }
  const [file, ...args] = options.command;
  requireProgram(file, env.PATH);
  const isOnTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const terminal = isOnTerminal
    ? findTerminalCommand(options.command, (name) => findProgram(name, env.PATH), platform)
    : undefined;
  const own = isOnTerminal && terminal === undefined ? startOnOwnTerminal(options.command, env) : undefined;
  if (isOnTerminal && terminal === undefined && own === undefined) {
    const why = platform === 'win32' ? 'none is made on Windows' : 'there is no "script" of util-linux or BSD';
    options.onNote?.(`"${file}" writes to a pipe instead of a terminal: ${why}`);
  }
  const child = own ?? startOnPipes(terminal?.file ?? file, terminal?.args ?? args, { ...env, ...terminal?.env });

  // Ours would end this process; the child decides now what a signal means.
  const before = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const);
  const forward = (signal: NodeJS.Signals) => {
    if (signal === 'SIGWINCH') own?.resize();
    if (process.stdin.isTTY && FROM_TERMINAL.includes(signal)) return;
    // Not through the child: on Deno its status would then be the signal, whatever it ends with.
    if (child.pid !== undefined) process.kill(child.pid, signal);
  };
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    process.on(signal, forward);
  }
  try {
    await Promise.all([
      passRedacted(child.output, process.stdout, begin()),
      ...('errors' in child ? [passRedacted(child.errors, process.stderr, begin())] : []),
      child.ended,
    ]);
    return await child.ended;
  } finally {
    own?.leave();
    for (const [signal, listeners] of before) {
      process.off(signal, forward);
      for (const listener of listeners) process.on(signal, listener);
    }
  }
}

function startOnOwnTerminal(command: RunOptions['command'], env: Record<string, string>) {
  try {
    return startOnBunTerminal(command, env);
  } catch (cause) {
    throw cannotRun(command[0], cause as Error);
  }
}

function startOnPipes(file: string, args: readonly string[], env: Record<string, string>) {
  const child = spawn(file, args, { env, stdio: ['inherit', 'pipe', 'pipe'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) => reject(cannotRun(file, cause)));
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : os.signals[signal])));
  });
  return { pid: child.pid, output: child.stdout, errors: child.stderr, ended };
}

/** Passes a stream on, as fast as it is read. A reader that has gone away does not end the child. */
export async function passRedacted(from: Readable, to: Writable, redaction: Redaction): Promise<void> {
  let isGone = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onError = () => {
    isGone = true;
  };
  to.on('error', onError);
  const write = async (pieces: readonly Uint8Array[]) => {
    for (const piece of pieces) {
      if (isGone || to.write(piece)) continue;
      await new Promise<void>((resolve) => {
        const done = () => {
          to.off('drain', done);
          to.off('error', done);
          to.off('close', done);
          resolve();
        };
        to.on('drain', done);
        to.on('error', done);
        to.on('close', done);
      });
    }
  };
  for await (const chunk of from) {
    clearTimeout(timer);
    await write(redaction.push(chunk as Uint8Array));
    if (redaction.heldLength > 0) timer = setTimeout(() => void write(redaction.release()), PROMPT_MS);
  }
  clearTimeout(timer);
  await write(redaction.flush());
  to.off('error', onError);
}

function requireProgram(file: string, path: string | undefined): void {
  if (file.includes('/') || process.platform === 'win32' || findProgram(file, path) !== undefined) return;
  throw new SigError('E_USAGE', `Cannot run "${file}": there is no such program in PATH`);
}

function findProgram(name: string, path = ''): string | undefined {
  return path.split(delimiter).filter((folder) => folder !== '').map((folder) => join(folder, name)).find(
    (candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return true;
      } catch {
        return false; // Not in this folder.
      }
    },
  );
}

function cannotRun(file: string, cause: Error): SigError {
  const { code } = cause as NodeJS.ErrnoException;
  return new SigError('E_USAGE', `Cannot run "${file}": ${code ?? 'it does not start'}`, { cause });
}
