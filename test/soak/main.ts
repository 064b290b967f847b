/**
 * The proxy under load that lasts: `npm run soak`. 1 GiB each way to a slow peer, 10,000 connections that
 * do not go on, a clone of a 50 MiB repository, with every form of the program. Names choose forms: `npm
 * run soak -- deno`; `--only=transfer`, `half-open` or `clone` chooses a load. `--small` does what the test
 * suite does. The exit status says whether all limits were kept.
 *
 * @module
 */

import process from 'node:process';
import { makeTempFolder } from '../_lib/temp_folder.ts';
import type { Form } from '../runtime/forms_lab.ts';
import { FORMS } from '../runtime/forms_list.ts';
import { startProxyWorld } from '../runtime/proxy_lab.ts';
import { cloneWith, startGitServer } from './git_clone.ts';
import { holdHalfOpen } from './half_open.ts';
import { memoryLimitMiB } from './limits.ts';
import { residentMiB } from './memory.ts';
import { transfer, waysOf } from './transfer.ts';

interface Row {
  readonly form: string;
  readonly load: string;
  readonly speed: string;
  readonly idleMiB: number;
  readonly peakMiB: number;
  readonly limitMiB: number;
  readonly note: string;
  readonly ok: boolean;
}

const args = process.argv.slice(2);
const isSmall = args.includes('--small');
const wanted = args.filter((arg) => !arg.startsWith('--')).map((arg) => arg.toLowerCase());
const only = args.find((arg) => arg.startsWith('--only='))?.slice('--only='.length);
const SIZE_MIB = isSmall ? 256 : 1024;
const CONNECTIONS = isSmall ? 2_000 : 10_000;
/** Slowest answer to somebody who asks while the connections are held, in milliseconds. */
const WORST_MS = 2_000;
/** What a sender may get rid of before its reader reads: buffers of the kernel and of the runtimes. */
const AHEAD_MIB = 32;

const LOADS: Readonly<Record<string, (name: string, form: Form) => Promise<void>>> = {
  transfer: runTransfers,
  'half-open': runHalfOpen,
  clone: runClones,
};

const rows: Row[] = [];
if (process.platform !== 'linux') {
  console.error('The memory of other processes is read from /proc: Linux only');
  process.exit(1);
}
const git = await startGitServer(50);
if ('reason' in git) console.log(`No clone: ${git.reason}`);
try {
  for (const [name, make] of Object.entries(FORMS)) {
    if (wanted.length > 0 && !wanted.some((word) => name.toLowerCase().includes(word))) continue;
    const folder = await makeTempFolder();
    try {
      const form = await make(folder.path);
      if ('reason' in form) {
        console.log(`Not ${name}: ${form.reason}`);
        continue;
      }
      for (const [load, run] of Object.entries(LOADS)) if ((only ?? load) === load) await run(name, form);
    } finally {
      await folder.remove();
    }
  }
} finally {
  if (!('reason' in git)) await git.close();
}
console.table(rows);
const failed = rows.filter((row) => !row.ok).length;
console.log(
  failed === 0 ? `All ${rows.length} within their limits` : `${failed} of ${rows.length} beyond their limits`,
);
process.exit(failed === 0 && rows.length > 0 ? 0 : 1);

async function runTransfers(name: string, form: Form): Promise<void> {
  const world = await startProxyWorld(form);
  try {
    // What the first use loads is not what a large body costs.
    for (const way of waysOf(name)) await transfer(world, way, 1, 0);
    const idleMiB = residentMiB(world.running.pid);
    for (const way of waysOf(name)) {
      const { mibPerSec, peakMiB, aheadMiB, isWhole } = await transfer(world, way, SIZE_MIB);
      add({
        form: name,
        load: `${SIZE_MIB} MiB ${way}`,
        speed: `${Math.round(mibPerSec)} MiB/s`,
        idleMiB,
        peakMiB,
        limitMiB: memoryLimitMiB(name),
        note: `${isWhole ? '' : 'NOT WHOLE, '}${aheadMiB.toFixed(1)} MiB before the first read`,
        ok: isWhole && peakMiB - idleMiB <= memoryLimitMiB(name) && aheadMiB <= AHEAD_MIB,
      });
    }
  } finally {
    await world.close();
  }
}

async function runHalfOpen(name: string, form: Form): Promise<void> {
  const world = await startProxyWorld(form);
  try {
    const held = await holdHalfOpen(world, CONNECTIONS);
    add({
      form: name,
      load: `${held.made} half-open`,
      speed: `${Math.round(held.medianMs)} ms, worst ${Math.round(held.worstMs)}`,
      idleMiB: held.idleMiB,
      peakMiB: held.peakMiB,
      limitMiB: Infinity,
      note: `${held.held} held${held.isKept ? '' : ', A SERVED ONE LOST'}`,
      ok: held.made === CONNECTIONS && held.isKept && held.worstMs <= WORST_MS,
    });
  } finally {
    await world.close();
  }
}

async function runClones(name: string, form: Form): Promise<void> {
  if ('reason' in git) return;
  for (const by of ['run', 'proxy'] as const) {
    const { seconds, idleMiB, peakMiB, isWhole, message } = await cloneWith(form, git, by);
    add({
      form: name,
      load: `git clone, ${git.packMiB} MiB, sig ${by}`,
      speed: `${seconds.toFixed(1)} s`,
      idleMiB,
      peakMiB,
      limitMiB: memoryLimitMiB(name),
      note: message,
      ok: isWhole && peakMiB - idleMiB <= memoryLimitMiB(name),
    });
  }
}

function add(row: Row): void {
  rows.push({ ...row, idleMiB: Math.round(row.idleMiB), peakMiB: Math.round(row.peakMiB) });
  console.log(
    `${row.ok ? 'ok  ' : 'FAIL'} ${row.form}: ${row.load}, ${row.speed}, ` +
      `+${Math.round(row.peakMiB - row.idleMiB)} MiB ${row.note}`,
  );
}
