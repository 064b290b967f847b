import { type ChainHead, GENESIS, type Mac, openHead, readRecord } from './chain.ts';
import type { AuditEvent, LogEnd } from '../ports.ts';
import type { ChainPosition } from './line.ts';

/** The event of a record in which the log says that it had to recover, and what it found. */
export const RECOVERED = 'audit-recovered';

/** What is unusual about a log's end. */
export type Finding =
  /** A record was cut off while it was written; it was never acknowledged. */
  | 'torn-line'
  /** The last line is not a record made with this key. */
  | 'unverifiable-record'
  /** There are records and no head. */
  | 'head-missing'
  /** The head was changed, or made with another key. */
  | 'head-bad'
  /** The head knows of records that the log has not. */
  | 'records-missing'
  /** The log's last record is not the one that the head knows. */
  | 'fork';

/** Where and how to go on. */
export interface Resumption {
  /** The position that the next record follows. */
  readonly position: ChainPosition;
  /** The first record that is kept, as far as known. */
  readonly firstSeq: number;
  /** What the next record must say. Nothing after a clean end, or a crash between log and head. */
  readonly findings: readonly Finding[];
  /** Whether nothing in the log can be built upon, so that it is kept aside and a new chain begins. */
  readonly startsAnew: boolean;
}

/**
 * Decides where a chain goes on.
 *
 * The later of the head and the last record counts. When the log lacks records that the head knows
 * of, the chain goes on behind the missing ones: verification shows the gap for as long as the log
 * is kept, whoever made it. A torn line is dropped; it has no MAC, so it proves nothing.
 */
export async function resumeChain(mac: Mac, { headLine, lastLine, tornBytes }: LogEnd): Promise<Resumption> {
  const head = headLine === undefined ? undefined : await openHead(mac, headLine);
  const last = lastLine === undefined ? undefined : await readRecord(mac, lastLine);
  const findings: Finding[] = [];
  if (tornBytes > 0) findings.push('torn-line');
  if (lastLine !== undefined && !last) findings.push('unverifiable-record');
  if (headLine === undefined && lastLine !== undefined) findings.push('head-missing');
  if (headLine !== undefined && !head) findings.push('head-bad');
  if (head && head.seq > (last?.seq ?? 0)) findings.push('records-missing');
  if (head && last && head.seq === last.seq && head.mac !== last.mac) findings.push('fork');
  const position = latest(head, last);
  return {
    position: { seq: position.seq, mac: position.mac },
    firstSeq: head?.firstSeq ?? last?.seq ?? 1,
    findings,
    startsAnew: position === GENESIS && (lastLine !== undefined || headLine !== undefined),
  };
}

function latest(head: ChainHead | undefined, last: ChainPosition | undefined): ChainPosition {
  if (head && last) return last.seq > head.seq ? last : head;
  return head ?? last ?? GENESIS;
}

/** The event that says what was found, to be written first. */
export function recoveryEvent(findings: readonly Finding[], tornBytes: number, setAside?: string): AuditEvent {
  return {
    event: RECOVERED,
    found: findings,
    ...(tornBytes === 0 ? {} : { tornBytes }),
    ...(setAside === undefined ? {} : { setAside }),
  };
}
