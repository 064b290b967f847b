import type { Log } from '../ports.ts';
import { type ChainHead, type Mac, openHead, readRecord } from './chain.ts';
import { type AuditRecord, type ChainPosition, openRecord } from './line.ts';
import { RECOVERED } from './resume.ts';

/** What is wrong with a log, at the first place where it is. */
export interface ChainFault {
  /** Which line, from 1, over all files. One past the last when the end is missing. */
  readonly line: number;
  /** The number of the record: as the line says, or the first that is missing. */
  readonly seq?: number;
  /** One line, such as `record 7 was changed`. */
  readonly reason: string;
}

/** What the check of a log found. */
export interface ChainReport {
  /** How many records are good, up to the fault if there is one. */
  readonly count: number;
  /** The last good record. */
  readonly last?: ChainPosition;
  readonly fault?: ChainFault;
  /** Records in which the log itself says that it had to recover. */
  readonly recoveries: readonly AuditRecord[];
}

/** What the log must agree with. */
export interface ChainExpectation {
  /** From the head file. */
  readonly head?: ChainHead;
  /** A position kept elsewhere. */
  readonly anchor?: ChainPosition;
}

/**
 * Checks a log from its first line to its last and names the first bad record.
 *
 * @param lines without line ends, oldest first, all files one after the other
 */
export async function verifyChain(
  lines: Iterable<string> | AsyncIterable<string>,
  mac: Mac,
  { head, anchor }: ChainExpectation = {},
): Promise<ChainReport> {
  const recoveries: AuditRecord[] = [];
  const known = [head, anchor].filter((position) => position !== undefined);
  let last: ChainPosition | undefined;
  let count = 0;
  const report = (fault?: ChainFault): ChainReport => ({
    count,
    ...(last === undefined ? {} : { last }),
    ...(fault === undefined ? {} : { fault }),
    recoveries,
  });

  for await (const line of lines) {
    const record = await readRecord(mac, line);
    const at = { line: count + 1 };
    if (!record) {
      const seq = openRecord(line)?.record.seq;
      return report(
        seq === undefined
          ? { ...at, reason: `line ${at.line} is not a record` }
          : { ...at, seq, reason: `record ${seq} was changed, or made with another key` },
      );
    }
    const reason = breakOf(record, last, head) ?? contradictionOf(record, known);
    if (reason !== undefined) return report({ ...at, seq: record.seq, reason });
    if (record.event === RECOVERED) recoveries.push(record);
    last = { seq: record.seq, mac: record.mac };
    count++;
  }

  const seq = (last?.seq ?? 0) + 1;
  const isCut = known.some((position) => position.seq >= seq);
  return report(
    isCut ? { line: count + 1, seq, reason: `the log ends before record ${seq}, which was written` } : undefined,
  );
}

/** The check of a whole log, and how many bytes of a record that a crash cut off stand at its end. */
export interface LogReport extends ChainReport {
  readonly tornBytes: number;
}

/**
 * Checks a log against its head, and against a position kept elsewhere.
 *
 * @param anchor keeps both log and head from being put back to an earlier state unnoticed
 */
export async function verifyLog(log: Log, mac: Mac, anchor?: ChainPosition): Promise<LogReport> {
  const { headLine, lines, tornBytes } = await log.read();
  const head = headLine === undefined ? undefined : await openHead(mac, headLine);
  const report = await verifyChain(lines, mac, { ...(head && { head }), ...(anchor && { anchor }) });
  const isHeadless = report.fault === undefined && head === undefined && report.count > 0;
  const reason = headLine === undefined ? 'the head of the log is missing' : 'the head of the log was changed';
  return { ...report, ...(isHeadless ? { fault: { line: report.count + 1, reason } } : {}), tornBytes };
}

/** Why a record cannot follow the one before it. */
function breakOf(
  record: AuditRecord,
  last: ChainPosition | undefined,
  head: ChainHead | undefined,
): string | undefined {
  if (last === undefined) {
    const firstSeq = head?.firstSeq ?? record.seq;
    return record.seq <= firstSeq ? undefined : `record ${firstSeq} is missing before record ${record.seq}`;
  }
  if (record.seq > last.seq + 1) return `record ${last.seq + 1} is missing before record ${record.seq}`;
  if (record.seq < last.seq + 1) return `record ${record.seq} stands behind record ${last.seq}`;
  return record.prev === last.mac ? undefined : `record ${record.seq} does not follow this record ${last.seq}`;
}

function contradictionOf(record: AuditRecord, known: readonly ChainPosition[]): string | undefined {
  const differs = known.some(({ seq, mac }) => seq === record.seq && mac !== record.mac);
  return differs ? `record ${record.seq} is not the one that was written` : undefined;
}
