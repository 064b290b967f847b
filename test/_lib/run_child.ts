/**
 * Child processes for tests: one script, bundled once, on the runtime of the test or on another.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A runtime that runs our scripts. */
export type Runtime = 'node' | 'deno' | 'bun';

/** The runtime of this test. */
export const currentRuntime: Runtime = 'Deno' in globalThis ? 'deno' : 'Bun' in globalThis ? 'bun' : 'node';

const COMMANDS: Readonly<Record<Runtime, readonly string[]>> = {
  node: currentRuntime === 'node' ? [process.execPath] : ['node'],
  deno: [
    currentRuntime === 'deno' ? process.execPath : `${root}node_modules/deno/deno`,
    'run',
    '-A',
    '--node-modules-dir=manual',
  ],
  bun: [currentRuntime === 'bun' ? process.execPath : `${root}node_modules/bun/bin/bun.exe`],
};

/** The runtimes that are here, that of this test first. */
export const runtimes: readonly Runtime[] = [
  currentRuntime,
  ...(['node', 'deno', 'bun'] as const).filter((name) => name !== currentRuntime && isHere(name)),
];

/** A mix of all runtimes for tests with hundreds of processes, with those that start quickly more often. */
export function pickRuntime(n: number): Runtime {
  const turn = [
    ...runtimes,
    ...Array.from({ length: 4 }, () => runtimes.includes('bun') ? 'bun' as const : currentRuntime),
  ];
  return turn[n % turn.length]!;
}

function isHere(name: Runtime): boolean {
  const command = COMMANDS[name][0]!;
  return command.includes('/')
    ? existsSync(command)
    : process.env['PATH']!.split(':').some((folder) => existsSync(`${folder}/${command}`));
}

/** Bundles a script of the tests into one file that each runtime starts quickly. */
export async function bundleScript(source: URL): Promise<string> {
  const folder = `${root}node_modules/.cache/sig-test`;
  mkdirSync(folder, { recursive: true });
  const outfile = `${folder}/${source.pathname.split('/').at(-1)}-${process.pid}.mjs`;
  await build({
    entryPoints: [fileURLToPath(source)],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    external: ['@napi-rs/keyring'],
    logLevel: 'error',
  });
  return outfile;
}

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

/** A running child. */
export interface Child {
  readonly process: ChildProcess;
  /** All lines it has written to its standard output so far. */
  readonly lines: readonly string[];
  /** Its next line; `undefined` when it has ended. */
  nextLine(): Promise<string | undefined>;
  /** Writes a line to its standard input. */
  send(line: string): void;
  /** Sends a signal. (On Deno 2.9, `process.kill` of the child works once, and closes its standard input.) */
  signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void;
  readonly end: Promise<ChildEnd>;
}

const children = new Set<ChildProcess>();

/** How a child is started. */
export interface ChildOptions {
  readonly runtime?: Runtime | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** A command to put in front, such as `strace` with its options. */
  readonly under?: readonly string[] | undefined;
}

/** Starts a bundled script. */
export function startChild(script: string, args: readonly string[], options: ChildOptions = {}): Child {
  const command = [...(options.under ?? []), ...COMMANDS[options.runtime ?? currentRuntime], script, ...args];
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
  });
  children.add(child);
  const lines: string[] = [];
  const waiting: ((line: string | undefined) => void)[] = [];
  let seen = 0;
  let stderr = '';
  let isOver = false;
  child.stdin.on('error', () => {}); // It has ended.
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr += text);
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    lines.push(line);
    const next = waiting.shift();
    if (next) {
      seen++;
      next(line);
    }
  });
  const end = new Promise<ChildEnd>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      children.delete(child);
      isOver = true;
      for (const next of waiting.splice(0)) next(undefined);
      resolve({ code, signal, stderr });
    });
  });
  return {
    process: child,
    lines,
    end,
    nextLine() {
      if (seen < lines.length) return Promise.resolve(lines[seen++]);
      return isOver ? Promise.resolve(undefined) : new Promise((resolve) => waiting.push(resolve));
    },
    send: (line) => void child.stdin.write(`${line}\n`),
    signal: (name) => void process.kill(child.pid!, name),
  };
}

/** Kills the children that are left; for `afterEach`. */
export function endChildren(): void {
  for (const child of children) {
    try {
      process.kill(child.pid!, 'SIGKILL');
    } catch { /* It has just ended. */ }
  }
}
