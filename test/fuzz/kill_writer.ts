/**
 * Kills writers with SIGKILL at random moments, and looks after each kill: the old or the new value
 * is there, whole; the next write succeeds at once; no temporary file is left after it.
 *
 * Run alone for as many kills as wanted: `npm run fuzz:kill -- 10000`.
 */

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { initialiseVault, openVault } from '../../cli/platform/vault_home.ts';
import { bundleScript, endChildren, pickRuntime, startChild } from '../_lib/run_child.ts';

const NAME = 'credentials/jira';
const nobody = () => Promise.reject(new Error('nobody there'));
const options = { prompt: { line: nobody, secret: nobody, confirm: nobody }, env: {} };

/** What a run of {@link killWriters} saw. */
export interface KillReport {
  readonly kills: number;
  /** Kills after which the new value was there though its writer had not said so yet. */
  readonly storedUnsaid: number;
  /** Kills that left a temporary file for the next write to sweep. */
  readonly leftTemporary: number;
  /** The longest that the write after a kill took, in milliseconds. */
  readonly longestWriteMs: number;
}

/**
 * Kills writers.
 *
 * @param kills how many
 * @param folder an empty folder to work in
 * @throws {Error} when a kill lost a value, damaged one, or kept the next write waiting
 */
export async function killWriters(kills: number, folder: string): Promise<KillReport> {
  const worker = await bundleScript(new URL('../_lib/store_worker.ts', import.meta.url));
  const report = { kills: 0, storedUnsaid: 0, leftTemporary: 0, longestWriteMs: 0 };
  let next = 0;

  async function lane(home: string): Promise<void> {
    mkdirSync(home, { mode: 0o700 });
    await initialiseVault(home, 'file', options);
    const vault = await openVault(home, options);
    let last = 0;
    for (let n = next++; n < kills; n = next++) {
      const writer = startChild(worker, ['save', home, NAME, `${last + 1}`], {
        runtime: pickRuntime(n),
      });
      // One in ten is killed at any moment of its start, the others in the middle of saving.
      if (n % 10 === 0) await delay(Math.random() * 120);
      else if (await writer.nextLine() === undefined) throw new Error((await writer.end).stderr);
      await delay(Math.random() * 12);
      writer.signal('SIGKILL');
      const { stderr } = await writer.end;
      if (stderr !== '') throw new Error(stderr);

      const said = Math.max(last, ...writer.lines.map(Number));
      const { n: found = 0, pad = '' } = ((await vault.open(NAME))?.value ?? {}) as { n?: number; pad?: string };
      if (found !== said && found !== said + 1) throw new Error(`${said} was stored, then ${found} was there`);
      if (pad !== (found === 0 ? '' : `${found}-`.repeat(200))) throw new Error(`value ${found} is damaged`);
      if (listTemporary(home).length > 0) report.leftTemporary++;
      if (found === said + 1) report.storedUnsaid++;
      last = found + 1;
      const begin = performance.now();
      await vault.seal(NAME, { n: last, pad: `${last}-`.repeat(200) });
      report.longestWriteMs = Math.max(report.longestWriteMs, performance.now() - begin);
      if (listTemporary(home).length > 0) throw new Error(`left: ${listTemporary(home)}`);
      report.kills++;
    }
  }

  await Promise.all([1, 2, 3].map((n) => lane(`${folder}/${n}`)));
  return report;
}

function listTemporary(home: string): string[] {
  return ['credentials', 'vault'].flatMap((name) => {
    try {
      return readdirSync(`${home}/${name}`).filter((entry) => entry.startsWith('.') || entry.includes('corrupt'));
    } catch {
      return []; // Not made yet.
    }
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = mkdtempSync(`${tmpdir()}/sig-kill-`);
  try {
    console.log(await killWriters(Number(process.argv[2] ?? 10_000), folder));
  } finally {
    endChildren();
    rmSync(folder, { recursive: true, force: true });
  }
}
