/**
 * Measures side by side: every case takes its turn in every round, so that a busy moment of the
 * machine meets all alike, and medians are compared within the same run.
 *
 * @module
 */

import process from 'node:process';
import { runCommand } from '../_lib/command.ts';

/** What one case cost. */
export interface Cost {
  readonly name: string;
  /** Median wall time of one run, in milliseconds. */
  readonly wallMs: number;
  /** Median user and system time of one run, in milliseconds. */
  readonly cpuMs: number;
}

/** A program to measure as a whole, from its start to its end. */
export interface ProgramCase {
  readonly name: string;
  readonly command: readonly [file: string, ...args: string[]];
  readonly env?: Readonly<Record<string, string>>;
}

/** A function to measure. */
export interface CallCase {
  readonly name: string;
  readonly call: () => unknown | Promise<unknown>;
}

// bash knows what its child used, to the millisecond. What the child prints goes nowhere.
const TIMER = 'TIMEFORMAT="%3R %3U %3S"; { time "$@" >/dev/null 2>/dev/null; } 2>&1';

/**
 * Measures programs. The first round warms up and does not count.
 *
 * @param rounds how often each runs
 * @throws {Error} when a program fails: a broken command is quick
 */
export async function measurePrograms(cases: readonly ProgramCase[], rounds: number): Promise<Cost[]> {
  const samples = cases.map((): { wallMs: number; cpuMs: number }[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [at, one] of cases.entries()) {
      const sample = await runTimed(one);
      if (round > 0) samples[at]!.push(sample);
    }
  }
  return cases.map(({ name }, at) => summarise(name, samples[at]!));
}

/**
 * Measures functions in slices of time.
 *
 * @param rounds how many slices each gets
 * @param sliceMs length of a slice
 */
export async function measureCalls(cases: readonly CallCase[], rounds: number, sliceMs = 50): Promise<Cost[]> {
  const samples = cases.map((): { wallMs: number; cpuMs: number }[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [at, { call }] of cases.entries()) {
      const startCpu = process.cpuUsage();
      const startMs = performance.now();
      let count = 0;
      while (performance.now() - startMs < sliceMs) {
        for (let i = 0; i < 10; i++) await call();
        count += 10;
      }
      const wallMs = (performance.now() - startMs) / count;
      const { user, system } = process.cpuUsage(startCpu);
      if (round > 0) samples[at]!.push({ wallMs, cpuMs: (user + system) / 1000 / count });
    }
  }
  return cases.map(({ name }, at) => summarise(name, samples[at]!));
}

/** A table of costs; ratios are to the first row, which is the reference. */
export function formatCosts(title: string, costs: readonly Cost[]): string {
  const reference = costs[0]!;
  const rows = costs.map(({ name, wallMs, cpuMs }) => [
    name,
    formatMs(wallMs),
    formatMs(cpuMs),
    (wallMs / reference.wallMs).toFixed(2),
    cpuMs > 0 && reference.cpuMs > 0 ? (cpuMs / reference.cpuMs).toFixed(2) : '-',
  ]);
  const table = [[title, 'wall ms', 'CPU ms', 'x wall', 'x CPU'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')
  ).join('\n');
}

/** The middle of some values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

async function runTimed({ name, command, env }: ProgramCase): Promise<{ wallMs: number; cpuMs: number }> {
  const timed = await runCommand('bash', ['-c', TIMER, 'bash', ...command], env ? { env } : {});
  const found = /^([\d.]+) ([\d.]+) ([\d.]+)$/m.exec(timed.stdout);
  if (timed.code !== 0 || !found) {
    throw new Error(`"${name}" failed with status ${timed.code}\n${timed.stdout}${timed.stderr}`);
  }
  const [wall, user, system] = found.slice(1).map(Number) as [number, number, number];
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 };
}

function summarise(name: string, samples: readonly { wallMs: number; cpuMs: number }[]): Cost {
  return {
    name,
    wallMs: median(samples.map((sample) => sample.wallMs)),
    cpuMs: median(samples.map((sample) => sample.cpuMs)),
  };
}

function formatMs(ms: number): string {
  return ms >= 10 ? ms.toFixed(0) : ms >= 0.1 ? ms.toFixed(2) : ms.toFixed(5);
}
