import { SigError } from '../errors.ts';
import type { AuditEvent, AuditSink, Clock, Log, OpenLog } from '../ports.ts';
import { appendRecord, type Mac, sealHead } from './chain.ts';
import { type ChainPosition, formatFields, openRecord } from './line.ts';
import { recoveryEvent, resumeChain } from './resume.ts';

/** Records written in one go. The others wait for the next one. */
const MAX_BATCH = 256;

interface Waiting {
  readonly fields: string;
  readonly timeMs: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Writes audit events to a log as a chain of records. A write is done when its record and the head
 * are in the file; events that come while one is written go together in the next.
 *
 * @param mac asked for once, at the first event
 * @returns a sink whose `write` rejects with E_AUDIT when the record could not be written, and with
 * a TypeError for an event with a bad field name
 *
 * @example
 * ```ts
 * const sink = createAuditSink(log, async () => createMac(await key()), clock);
 * await sink.write({ event: 'login', provider: 'jira' });
 * ```
 */
export function createAuditSink(
  log: Log,
  mac: () => Promise<Mac>,
  clock: Clock,
): AuditSink & { forget(): void } {
  const queue: Waiting[] = [];
  let isWriting = false;
  let position: ChainPosition | undefined;
  let firstSeq = 1;
  let oldest: string | undefined;
  let loadedMac: Promise<Mac> | undefined;

  async function drain(): Promise<void> {
    isWriting = true;
    while (queue.length > 0) {
      const batch: Waiting[] = [];
      try {
        await writeBatch(batch);
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        position = undefined;
        const error = refusal(cause);
        // What waited for a log that could not even be opened would fare no better.
        for (const { reject } of batch.length > 0 ? batch : queue.splice(0)) reject(error);
      }
    }
    isWriting = false;
  }

  /** @param batch filled with what is written, once the log is open: by then more may have come */
  async function writeBatch(batch: Waiting[]): Promise<void> {
    loadedMac ??= mac();
    // A key that could not be had this time may be there the next.
    const chainMac = await loadedMac.catch((error) => {
      loadedMac = undefined;
      throw error;
    });
    const open = await log.open();
    try {
      const lines: string[] = [];
      let at = await begin(open, chainMac, lines);
      batch.push(...queue.splice(0, MAX_BATCH));
      for (const { fields, timeMs } of batch) {
        const { line, position: next } = await appendRecord(chainMac, at, fields, timeMs);
        lines.push(line);
        at = next;
      }
      await open.append(lines, (oldestLine) => {
        // It is another one only after a rotation.
        if (oldestLine !== oldest) firstSeq = openRecord(oldestLine)?.record.seq ?? firstSeq;
        oldest = oldestLine;
        return sealHead(chainMac, { ...at, firstSeq });
      });
      position = at;
    } finally {
      await open.close();
    }
  }

  /** The position to go on from, after a record of what was found if that is unusual. */
  async function begin(open: OpenLog, chainMac: Mac, lines: string[]): Promise<ChainPosition> {
    if (open.isAsLeft && position !== undefined) return position;
    const end = open.readEnd();
    const resumption = await resumeChain(chainMac, end);
    firstSeq = resumption.firstSeq;
    const { findings, startsAnew } = resumption;
    if (findings.length === 0) return resumption.position;
    const setAside = startsAnew ? await open.setAside() : undefined;
    const fields = formatFields(recoveryEvent(findings, end.tornBytes, setAside));
    const { line, position: next } = await appendRecord(chainMac, resumption.position, fields, clock.now());
    lines.push(line);
    return next;
  }

  return {
    async write(event: AuditEvent): Promise<void> {
      const fields = formatFields(event);
      const timeMs = clock.now();
      await new Promise<void>((resolve, reject) => {
        queue.push({ fields, timeMs, resolve, reject });
        if (!isWriting) void drain();
      });
    },
    /** Forgets the key, which is asked for anew when it is needed (security case S24). */
    forget() {
      loadedMac = undefined;
    },
  };
}

function refusal(cause: unknown): SigError {
  const detail = cause instanceof SigError ? `: ${cause.message}` : '';
  return new SigError('E_AUDIT', `Cannot write the audit log${detail}`, {
    hint: cause instanceof SigError && cause.hint !== undefined ? cause.hint : 'check the disk, then: sig doctor',
    cause,
  });
}
