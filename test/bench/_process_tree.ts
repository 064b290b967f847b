/**
 * What a process and everything it starts use, by looking at `/proc` every few milliseconds: Linux
 * only. A process that ends between two looks keeps what it had used at the one before.
 *
 * @module
 */

import { readdirSync, readFileSync } from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';

/** What a tree of processes used. */
export interface TreeUse {
  /** User and system time of all, in milliseconds. */
  readonly cpuMs: number;
  /** The most that all held at once, in MiB; pages that they share count for each (RSS). */
  readonly peakMiB: number;
}

const LOOK_MS = 40;
/** Linux counts processor time in hundredths of a second, on every architecture that Node runs on. */
const TICK_MS = 10;
const PAGE_MIB = 4096 / 1024 / 1024;

interface Look {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
  readonly rssMiB: number;
}

/**
 * Watches the descendants of a process while something is done.
 *
 * @param root its own use counts only with `withRoot`
 */
export async function watchTree<T>(
  root: number,
  withRoot: boolean,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly use: TreeUse }> {
  const before = new Map(look().map(({ pid, cpuMs }) => [pid, cpuMs]));
  const used = new Map<number, number>();
  let peakMiB = 0;
  const sample = () => {
    const tree = descendants(look(), root).filter(({ pid }) => withRoot || pid !== root);
    for (const { pid, cpuMs } of tree) used.set(pid, cpuMs - (before.get(pid) ?? 0));
    peakMiB = Math.max(peakMiB, tree.reduce((sum, { rssMiB }) => sum + rssMiB, 0));
  };
  const timer = setInterval(sample, LOOK_MS);
  try {
    const result = await work();
    sample();
    return { result, use: { cpuMs: [...used.values()].reduce((sum, cpuMs) => sum + cpuMs, 0), peakMiB } };
  } finally {
    clearInterval(timer);
  }
}

function descendants(all: readonly Look[], root: number): Look[] {
  const found = all.filter(({ pid }) => pid === root);
  for (const { pid } of found) found.push(...all.filter(({ parent }) => parent === pid));
  return found;
}

function look(): Look[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      // The program's name, in brackets, may hold spaces and brackets itself.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
      return {
        pid: Number(name),
        parent: fields[1]!,
        cpuMs: (fields[11]! + fields[12]!) * TICK_MS,
        rssMiB: fields[21]! * PAGE_MIB,
      };
    } catch {
      return []; // it has just ended
    }
  });
}
