import { SigError } from '../errors.ts';
import type { AuditSink, Clock, Log } from '../ports.ts';
import type { Mac } from './chain.ts';
import { type AuditRecord, openRecord } from './line.ts';
import { createAuditSink } from './sink.ts';
import { verifyLog } from './verify.ts';

/** The audit log as a whole: to write, to read, to verify. */
export interface AuditLog extends AuditSink {
  /** The last records, oldest first. Lines that are no records are left out: verifying names them. */
  tail(count: number): Promise<AuditRecord[]>;
  /** Records as they are written, from now on, until the signal. */
  follow(signal: AbortSignal): AsyncIterable<AuditRecord>;
  /**
   * Checks every record.
   *
   * @returns how many there are
   * @throws {SigError} E_AUDIT_TAMPER naming the first bad record
   */
  verify(): Promise<{ readonly records: number; readonly recoveries: number }>;
}

/**
 * Makes the audit log over its files.
 *
 * @param mac asked for when the first record is written or verified, not before
 */
export function createAuditLog(log: Log, mac: () => Promise<Mac>, clock: Clock): AuditLog {
  const sink = createAuditSink(log, mac, clock);
  return {
    write: sink.write,
    async tail(count) {
      const records: AuditRecord[] = [];
      for await (const line of (await log.read()).lines) {
        const record = openRecord(line)?.record;
        if (record) records.push(record);
        if (records.length > 2 * count) records.splice(0, records.length - count);
      }
      return records.slice(-count);
    },
    async *follow(signal) {
      for await (const line of log.follow(signal)) {
        const record = openRecord(line)?.record;
        if (record) yield record;
      }
    },
    async verify() {
      const { count, fault, recoveries } = await verifyLog(log, await mac());
      if (fault === undefined) return { records: count, recoveries: recoveries.length };
      throw new SigError('E_AUDIT_TAMPER', `Audit log is not whole at line ${fault.line}: ${fault.reason}`, {
        hint: `the ${count} records before it are good`,
      });
    },
  };
}
