/**
 * Terminals for programs that are run: `script` makes them, of which there are two kinds.
 *
 * @module
 */

import { realpathSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';

/** How a program is started on a terminal of its own. */
export interface TerminalCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Variables that it needs. */
  readonly env: Readonly<Record<string, string>>;
}

/** Systems whose `script` takes file and command as arguments. */
const BSD: readonly string[] = ['darwin', 'freebsd'];

/**
 * The command that runs a program on a terminal of its own, passes what it writes to stdout and ends with its
 * status.
 *
 * @param find gives the path of a program
 * @returns `undefined` where nothing makes a terminal
 */
export function findTerminalCommand(
  command: readonly [file: string, ...args: string[]],
  find: (name: string) => string | undefined,
  platform: string = process.platform,
): TerminalCommand | undefined {
  if (platform !== 'linux' && !BSD.includes(platform)) return undefined;
  const file = find('script');
  if (file === undefined || isBusybox(file)) return undefined;
  if (BSD.includes(platform)) return { file, args: ['-q', '/dev/null', ...command], env: {} };
  return {
    file,
    args: ['--quiet', '--return', '--flush', '--command', quoteAll(command), '/dev/null'],
    env: { SHELL: '/bin/sh' },
  };
}

/** That of busybox has no `--return`: the status of the program would be lost. */
function isBusybox(path: string): boolean {
  return basename(realpathSync(path)).startsWith('busybox');
}

function quoteAll(words: readonly string[]): string {
  return `exec ${words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')}`;
}
