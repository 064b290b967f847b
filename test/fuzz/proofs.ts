/**
 * Makes proofs in several processes at the same time: no id comes twice, and no header shows more than a
 * public key.
 *
 * Run alone for as many as wanted: `npm run fuzz:proofs -- 10000000`.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { bundleScript, endChildren, startChild } from '../_lib/run_child.ts';

/** What a run of {@link makeProofs} saw. */
export interface ProofReport {
  readonly proofs: number;
  readonly processes: number;
  readonly duplicates: number;
}

const PROCESSES = 8;
const ID_BYTES = 16;

/**
 * Makes proofs of both kinds of key, and counts ids that came twice.
 *
 * @param count of all processes together
 * @param folder an empty folder to work in
 * @throws {Error} when a header is not what it must be
 */
export async function makeProofs(count: number, folder: string): Promise<ProofReport> {
  const worker = await bundleScript(new URL('../_lib/proof_worker.ts', import.meta.url));
  const each = Math.ceil(count / PROCESSES / 2) * 2;
  const paths = await Promise.all(Array.from({ length: PROCESSES }, async (_, i) => {
    const path = `${folder}/${i}`;
    const { code, stderr } = await startChild(worker, [String(each), path]).end;
    if (code !== 0) throw new Error(stderr);
    return path;
  }));
  const proofs = each * PROCESSES;
  // Two halves of each id: sorted by the first, those that share it lie side by side.
  const halves = new BigUint64Array(proofs);
  const whole = new Map<bigint, number>();
  let at = 0;
  for (const path of paths) {
    const bytes = readFileSync(path);
    if (bytes.length !== each * ID_BYTES) throw new Error(`${bytes.length / ID_BYTES} ids instead of ${each}`);
    for (let i = 0; i < bytes.length; i += ID_BYTES) halves[at++] = bytes.readBigUInt64LE(i);
  }
  halves.sort();
  for (let i = 1; i < proofs; i++) if (halves[i] === halves[i - 1]) whole.set(halves[i]!, 0);
  // Of those that share the first half, the second decides; there is one in a million runs by chance.
  const seen = new Set<string>();
  let duplicates = 0;
  for (const path of whole.size === 0 ? [] : paths) {
    const bytes = readFileSync(path);
    for (let i = 0; i < bytes.length; i += ID_BYTES) {
      if (!whole.has(bytes.readBigUInt64LE(i))) continue;
      const id = bytes.toString('hex', i, i + ID_BYTES);
      if (seen.has(id)) duplicates++;
      seen.add(id);
    }
  }
  return { proofs, processes: PROCESSES, duplicates };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = mkdtempSync(`${tmpdir()}/sig-proofs-`);
  try {
    console.log(await makeProofs(Number(process.argv[2] ?? 10_000_000), folder));
  } finally {
    endChildren();
    rmSync(folder, { recursive: true, force: true });
  }
}
