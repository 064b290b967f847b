/**
 * Terminals that Bun makes by itself, and with it the executables: for machines without `script`.
 *
 * @module
 */

import { constants as os } from 'node:os';
import process from 'node:process';
import { PassThrough, type Readable } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';

/** The part of Bun that is used (1.3.5 and later, not on Windows). */
interface BunRuntime {
  readonly Terminal?: unknown;
  spawn(command: readonly string[], options: SpawnOptions): BunChild;
}

interface SpawnOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly terminal: {
    readonly cols: number;
    readonly rows: number;
    data(terminal: BunTerminal, bytes: Uint8Array): void;
    exit(): void;
  };
}

interface BunTerminal {
  write(bytes: Uint8Array): void;
  resize(cols: number, rows: number): void;
  close(): void;
}

interface BunChild {
  readonly pid: number;
  readonly exited: Promise<number>;
  readonly signalCode: keyof typeof os.signals | null;
  readonly terminal: BunTerminal;
}

/** A program that runs on a terminal of its own, which is joined to ours. */
export interface ChildOnTerminal {
  readonly pid: number;
  /** What it shows. */
  readonly output: Readable;
  /** Its exit status; 128 + n when signal n ended it. */
  readonly ended: Promise<number>;
  /** Tells it of the size that our terminal has now. */
  resize(): void;
  /** Makes our terminal as it was, when all is shown. */
  leave(): void;
}

/** After the end of the program, so long is waited for the rest of what it wrote. */
const REST_MS = 100;

/**
 * Starts a program on a terminal of its own, and hands it what is typed at ours.
 *
 * @param runtime what runs this program
 * @returns `undefined` where no terminal can be made
 */
export function startOnBunTerminal(
  command: readonly [file: string, ...args: string[]],
  env: Readonly<Record<string, string>>,
  runtime: unknown = (globalThis as { Bun?: unknown }).Bun,
): ChildOnTerminal | undefined {
  const bun = runtime as BunRuntime | undefined;
  if (bun?.Terminal === undefined || process.platform === 'win32') return undefined;
  const { stdin, stdout } = process;
  // It cannot be held back: what a slow terminal does not take is kept here.
  const output = new PassThrough();
  let onEnd = () => {};
  const isRead = new Promise<void>((resolve) => onEnd = resolve);
  const child = bun.spawn(command, {
    env,
    terminal: {
      ...sizeOf(stdout),
      // Bun may use the same memory again.
      data: (_, bytes) => void output.write(Uint8Array.from(bytes)),
      exit: () => onEnd(),
    },
  });
  const { terminal } = child;
  const onTyped = (bytes: Uint8Array) => terminal.write(bytes);
  stdin.setRawMode(true);
  stdin.on('data', onTyped);
  stdin.resume();
  return {
    pid: child.pid,
    output,
    ended: (async () => {
      const code = await child.exited;
      // Programs that it left behind may hold the terminal open.
      let timer: ReturnType<typeof setTimeout> | undefined;
      await Promise.race([isRead, new Promise<void>((resolve) => timer = setTimeout(resolve, REST_MS))]);
      clearTimeout(timer);
      terminal.close();
      output.end();
      return child.signalCode === null ? code : 128 + os.signals[child.signalCode];
    })(),
    resize() {
      const { cols, rows } = sizeOf(stdout);
      terminal.resize(cols, rows);
    },
    leave() {
      stdin.off('data', onTyped);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}

/** A terminal that nobody gave a size has 0 by 0. */
function sizeOf({ columns, rows }: { readonly columns: number; readonly rows: number }) {
  return { cols: columns || 80, rows: rows || 24 };
}
