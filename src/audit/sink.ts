import { SigError } from '../errors.ts';
import type { AuditEvent, AuditSink, Clock, Log, OpenLog } from '../ports.ts';
import { appendRecord, type Mac, sealHead } from './chain.ts';
import { type ChainPosition, createFieldFormat, formatFields, openRecord } from './line.ts';
import { recoveryEvent, resumeChain } from './resume.ts';

/** Records written in one go. The others wait for the next one. */
const MAX_BATCH = 256;

/** Records that are written together: one promise is for all of them. */
interface Batch {
  readonly fields: string[];
  readonly timesMs: number[];
  readonly isWritten: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function createBatch(): Batch {
  let resolve = () => {};
  let reject: Batch['reject'] = () => {};
  const isWritten = new Promise<void>((...settle) => [resolve, reject] = settle);
  return { fields: [], timesMs: [], isWritten, resolve, reject };
}

/**
 * Writes audit events to a log as a chain of records. A write is done when its record is in the file;
 * events that come while one is written go together in the next.
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
  const format = createFieldFormat();
  /** The last one still takes records. */
  const queue: Batch[] = [];
  let isWriting = false;
  let position: ChainPosition | undefined;
  let firstSeq = 1;
  let oldest: string | undefined;
  let loadedMac: Promise<Mac> | undefined;

  async function drain(): Promise<void> {
    isWriting = true;
    while (queue.length > 0) {
      const written: Batch[] = [];
      try {
        await writeBatch(written);
        for (const { resolve } of written) resolve();
      } catch (cause) {
        position = undefined;
        const error = refusal(cause);
        // What waited for a log that could not even be opened would fare no better.
        for (const { reject } of written.length > 0 ? written : queue.splice(0)) reject(error);
      }
    }
    isWriting = false;
  }

  async function loadMac(): Promise<Mac> {
    try {
      return await mac();
    } catch (error) {
      // A key that could not be had this time may be there the next.
      loadedMac = undefined;
      throw error;
    }
  }

  /** @param written told what is written, once the log is open: by then more may have come */
  async function writeBatch(written: Batch[]): Promise<void> {
    const chainMac = await (loadedMac ??= loadMac());
    const open = await log.open();
    try {
      const lines: string[] = [];
      let at = open.isAsLeft && position !== undefined ? position : await begin(open, chainMac, lines);
      const batch = queue.shift()!;
      written.push(batch);
      for (let i = 0; i < batch.fields.length; i++) {
        const made = appendRecord(chainMac, at, batch.fields[i]!, batch.timesMs[i]!);
        // To wait for what is there would take a turn for each record.
        const { line, position: next } = made instanceof Promise ? await made : made;
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
    write(event: AuditEvent): Promise<void> {
      let fields: string;
      try {
        fields = format(event);
      } catch (error) {
        return Promise.reject(error);
      }
      let batch = queue.at(-1);
      if (batch === undefined || batch.fields.length === MAX_BATCH) queue.push(batch = createBatch());
      batch.fields.push(fields);
      batch.timesMs.push(clock.now());
      if (!isWriting) void drain();
      return batch.isWritten;
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
