/**
 * Audit logs in a folder, by this process and by others.
 *
 * @module
 */

import { join } from 'node:path';
import process from 'node:process';
import { createAuditFile } from '../../cli/platform/audit_file.ts';
import { createHashMac } from '../../cli/platform/hash_mac.ts';
import { type AuditLog, createAuditLog } from '../../src/audit/audit_log.ts';
import type { AuditRecord } from '../../src/audit/line.ts';
import { type Bytes, randomBytes } from '../../src/encoding/bytes.ts';
import { encodeHex } from '../../src/encoding/hex.ts';
import type { Lease } from '../../src/ports.ts';
import { type RunningCommand, startCommand } from './command.ts';
import { IS_DENO, ROOT } from './sig.ts';

/** Of every log here. */
export const key: Bytes = randomBytes(32);

/** Leases within one process. */
export function makeLease(): () => Promise<Lease> {
  let last: Promise<void> = Promise.resolve();
  return async () => {
    const before = last;
    let release = () => {};
    last = new Promise((resolve) => release = resolve);
    await before;
    return { release: async () => release() };
  };
}

/** Starts a process that writes records, and prints the number of each when it is written. */
export function startWriter(home: string, name: string, count: number, isBusy = false): RunningCommand {
  const script = join(ROOT, 'test/_lib/audit_writer.ts');
  const args = [home, encodeHex(key), name, String(count), ...(isBusy ? ['busy'] : [])];
  return IS_DENO
    ? startCommand(process.execPath, ['run', '--quiet', '-A', script, ...args], { cwd: ROOT, timeoutMs: 60_000 })
    : startCommand(process.execPath, ['--import', 'tsx', script, ...args], { cwd: ROOT, timeoutMs: 60_000 });
}

/** The log that writers left in a home. */
export function readLog(home: string): AuditLog {
  return createAuditLog(
    createAuditFile({ folder: join(home, 'logs'), lease: makeLease() }),
    async () => createHashMac(key),
    { now: () => 0 },
  );
}

/** Writes records that are numbered, one after the other. */
export async function writeMany(log: AuditLog, count: number, from = 0): Promise<void> {
  for (let number = from; number < from + count; number++) await log.write({ event: 'inject', number });
}

/** The numbers that {@link writeMany} gave. */
export const numbersOf = (records: readonly AuditRecord[]): AuditRecord[string][] =>
  records.map(({ number }) => number);
