import process from 'node:process';
import v8 from 'node:v8';

/**
 * V8 collects what was read from sockets when twice its largest semi-space has piled up, whatever size the heap was
 * really given: 128 MiB in Node 24 as it comes. In these units, of 4 MiB together, 4 means 16 MiB.
 */
const FLAG = '--scavenger-max-new-space-capacity-mb=4';

/** V8 that knows it: that of Node 22 to 24. Before, 32 MiB are written into its code; later there is no such flag (2026-11-22). */
const VERSIONS = /^1[23]\./;

/**
 * Lets V8 collect the buffers of large bodies early, so that a transfer takes no more memory on a newer Node than it does
 * on an older one. The heap itself was laid out before and stays as it is; a flag of the command line would change both,
 * and would not reach a program that is started by `#!/usr/bin/env node`.
 *
 * @returns whether there was something to do
 */
export function collectBuffersEarly(): boolean {
  if ('Bun' in globalThis || 'Deno' in globalThis || !VERSIONS.test(process.versions.v8)) return false;
  v8.setFlagsFromString(FLAG);
  return true;
}

const IS_DENO = 'Deno' in globalThis;
/** Elements of an array that takes as much as is read at once from a socket. */
const LITTER = 8_192;
const heap: { litter?: unknown[] } = {};

/**
 * Leads Deno's V8 to collect early: to be called for each piece that passes through a tunnel. That V8 (15.0, in Deno 2.9;
 * 2026-11-22) has no flag for it, and where nothing but buffers is made, 200 MiB of them pile up. Some heap beside each
 * makes the young generation full sooner, and its collection takes the buffers along.
 *
 * @returns whether there was something to do
 */
export function litterHeap(): boolean {
  if (IS_DENO) heap.litter = new Array(LITTER);
  return IS_DENO;
}
