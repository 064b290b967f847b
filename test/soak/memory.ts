/**
 * How much memory another process has, from `/proc`: Linux only.
 *
 * @module
 */

import { readFileSync, writeFileSync } from 'node:fs';

const MIB = 1024 * 1024;

/** Resident memory of a process now, in MiB. */
export function residentMiB(pid: number): number {
  return field(pid, 'VmRSS');
}

/** The most that a process ever had resident since {@link forgetPeak}, in MiB. */
export function peakMiB(pid: number): number {
  return field(pid, 'VmHWM');
}

/** Lets the count of the peak begin anew. */
export function forgetPeak(pid: number): void {
  // proc(5): 5 resets the high water mark.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function field(pid: number, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (!found) throw new Error(`/proc/${pid}/status has no ${name}`);
  return Number(found[1]) * 1024 / MIB;
}
