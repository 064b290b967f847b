import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

/** Whether a program is installed. */
export function hasProgram(name: string): boolean {
  return process.env['PATH']!.split(':').some((folder) => existsSync(`${folder}/${name}`));
}

/** What to put in front of a command to give it mounts of its own; `undefined` when that is not allowed here. */
export const withOwnMounts: readonly string[] | undefined = [['unshare', '-m'], ['unshare', '-rm']].find((command) =>
  spawnSync(command[0]!, [...command.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
);

/** Whether this is the superuser, who can give files to others. */
export const isRoot: boolean = process.getuid?.() === 0;
