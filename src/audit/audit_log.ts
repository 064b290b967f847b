import { SigError } from '../errors.ts';
import type { AuditSink, Clock, Log } from '../ports.ts';
import type { Mac } from './chain.ts';
import { type AuditRecord, type ChainPosition, openRecord } from './line.ts';
import { createAuditSink } from './sink.ts';
import { type LogReport, verifyLog } from './verify.ts';

/** The audit log: written by whatever acts, read by people. */
export interface AuditLog extends AuditSink {
  /** Forgets its key, which is asked for anew when it is needed (security case S24). */
  forget(): void;
  /** The last records, oldest first. What is no record is left out; `verify` names it. */
  tail(count: number): Promise<AuditRecord[]>;
  /** Records as they come in, until the signal. */
  follow(signal: AbortSignal): AsyncIterable<AuditRecord>;
  /** The check of all that is kept. Never throws for what it finds. */
  inspect(anchor?: ChainPosition): Promise<LogReport>;
  /**
   * The check of all that is kept.
   *
   * @param anchor a position kept elsewhere; the log must contain it
   * @returns how many records there are, and how often the log had to recover from a crash
   * @throws {SigError} E_AUDIT_TAMPER naming the first bad record
   */
  verify(anchor?: ChainPosition): Promise<{ readonly records: number; readonly recoveries: number }>;
}

/**
 * The audit log over its files and its key.
 *
 * @param mac asked for when first needed: by a write or a check, not by a look
 */
export function createAuditLog(log: Log, mac: () => Promise<Mac>, clock: Clock): AuditLog {
  const sink = createAuditSink(log, mac, clock);
  const inspect: AuditLog['inspect'] = async (anchor) => await verifyLog(log, await mac(), anchor);
  return {
    write: sink.write,
    forget: sink.forget,
    async tail(count) {
      return (await log.readLast(count)).flatMap((line) => openRecord(line)?.record ?? []);
    },
    async *follow(signal) {
      for await (const line of log.follow(signal)) {
        const opened = openRecord(line);
        if (opened) yield opened.record;
      }
    },
    inspect,
    async verify(anchor) {
      const { count, fault, recoveries } = await inspect(anchor);
      if (!fault) return { records: count, recoveries: recoveries.length };
      throw new SigError('E_AUDIT_TAMPER', `Audit log is not whole at line ${fault.line}: ${fault.reason}`, {
        hint: `the ${count} records before it are good`,
      });
    },
  };
}
