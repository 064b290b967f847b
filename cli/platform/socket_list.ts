import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';

/**
 * Whether the kernel knows a Unix socket that was bound to a path with this last part. A refused
 * connection alone does not tell a dead socket from one whose queue is full: macOS answers both
 * alike, and so does Bun (1.4.5) everywhere.
 *
 * @param name the last part of the path it was bound to, unique on this machine
 * @returns false also where the kernel cannot be asked
 */
export function isBoundSocket(name: string): boolean {
  try {
    const list = process.platform === 'linux'
      ? readFileSync('/proc/net/unix', 'latin1')
      : spawnSync('/usr/sbin/netstat', ['-an', '-f', 'unix'], { encoding: 'latin1' }).stdout;
    return list.split('\n').some((line) => line.endsWith(`/${name}`));
  } catch {
    return false;
  }
}
