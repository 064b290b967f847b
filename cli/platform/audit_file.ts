/**
 * The audit log as files: `audit.jsonl`, the full ones before it from `audit.jsonl.1` (newest) to
 * `.5`, and `audit.head`. Only whoever holds the lease of the log writes.
 *
 * Where many records come, the head is written with the first of them after the lease was taken, before a rotation,
 * and when the lease is given back or the process exits, at most about 0.2 s later. A process that is killed in
 * between leaves records behind the one that the head knows. That is no fault, but for so long, and only then, their
 * end could be cut off without trace (security case R16).
 *
 * Calls are synchronous on purpose: they reach the page cache only, and a detour through the
 * thread pool costs more than the call. There is no fsync: after a power failure the last records
 * may be missing, and then the next record and the verification say so.
 *
 * @module
 */

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setImmediate } from 'node:timers';
import type { SigError } from '../../src/errors.ts';
import { type Lease, type Log, nameSetAside, type OpenLog } from '../../src/ports.ts';
import { followFile, readFiles } from './audit_reader.ts';
import { lingerLease } from './lingering_lease.ts';
import {
  countWholeBytes,
  openPrivate,
  readAt,
  readFirstLine,
  readLastLine,
  readLastLines,
  withFile,
  writeText,
} from './line_file.ts';
import { ensurePrivateFolder } from './private_path.ts';
import { toStoreError } from './store_error.ts';

const NAME = 'audit.jsonl';
const HEAD = 'audit.head';
/** Room for any head, so that a new one always covers the old one. */
const HEAD_BYTES = 256;

/** How the log is kept. */
export interface AuditFileOptions {
  /** Absolute path. Made when it is not there; the folder around it exists. */
  readonly folder: string;
  /** Waits for the exclusive lease of the log. */
  readonly lease: () => Promise<Lease>;
  /** A file that has this many bytes is followed by a new one. Default 10 MiB. */
  readonly maxBytes?: number;
  /** How many full files are kept, at least 1. Default 5. */
  readonly keep?: number;
  /**
   * Whether many records will come, as in a proxy: the lease and the files are then kept for a moment after each
   * write, records that come in one turn of the event loop are written together, and the head for all of them when
   * the lease is given back. Default false.
   */
  readonly isBusy?: boolean;
}

/** The files of a log while they are open. */
interface OpenFiles {
  readonly fd: number;
  headFd: number | undefined;
  readonly ino: number;
  size: number;
}

type SealHead = Parameters<OpenLog['append']>[1];

/**
 * The audit log in a folder. Nothing is touched before it is used.
 *
 * @example
 * ```ts
 * const log = createAuditFile({ folder: join(home, 'logs'), lease: () => store.lease('logs/audit') });
 * ```
 */
export function createAuditFile(options: AuditFileOptions): Log {
  const { folder, lease, maxBytes = 10 * 1024 * 1024, keep = 5, isBusy = false } = options;
  const inFolder = (name: string) => join(folder, name);
  const takeLease = isBusy ? lingerLease(lease, endUse) : lease;
  /** The file as this process left it. */
  let leftAt: { readonly ino: number; readonly size: number } | undefined;
  let oldestLine: string | undefined;
  let files: OpenFiles | undefined;
  /** Makes the head of what was written since the last one. */
  let dueHead: SealHead | undefined;

  function openFiles(): OpenFiles {
    ensurePrivateFolder(folder);
    const fd = openPrivate(inFolder(NAME), true);
    const { ino, size } = fstatSync(fd);
    if (isBusy) process.on('exit', flushAtExit);
    return { fd, headFd: undefined, ino, size };
  }

  function closeFiles(): void {
    if (!files) return;
    const { fd, headFd } = files;
    files = undefined;
    process.off('exit', flushAtExit);
    closeSync(fd);
    if (headFd !== undefined) closeSync(headFd);
  }

  async function endUse(): Promise<void> {
    try {
      await flushHead();
    } catch (cause) {
      throw refusal(cause);
    } finally {
      // Another process may write a newer one from now on.
      dueHead = undefined;
      closeFiles();
    }
  }

  /** What takes longer than the process has is left out: the log is then ahead of its head. */
  function flushAtExit(): void {
    try {
      void flushHead();
    } catch {
      // Nobody is left to be told; the records themselves are written.
    }
  }

  /** Writes the head that is due. */
  function flushHead(): void | Promise<void> {
    if (!files || !dueHead) return;
    const [open, sealHead] = [files, dueHead];
    const write = (line: string) => {
      // A rotation wrote a newer one, and closed the files.
      if (files !== open) return;
      writeHead(open, line);
      if (dueHead === sealHead) dueHead = undefined;
    };
    const line = sealHead(oldestLine!);
    return typeof line === 'string' ? write(line) : line.then(write);
  }

  /** Whoever holds the lease is alone with the files, but for people who cut or remove them. */
  function lookAfter(): void | Promise<void> {
    if (!files) return;
    const { size, nlink } = fstatSync(files.fd);
    files.size = size;
    if (nlink > 0 && leftAt?.size === size) return;
    // Only the head can say then what is missing.
    const flushed = flushHead();
    if (nlink > 0) return flushed;
    if (flushed) return flushed.then(closeFiles);
    closeFiles();
  }

  function openLog(held: Lease): OpenLog {
    let open = files ??= openFiles();
    const isAsLeft = leftAt?.ino === open.ino && leftAt.size === open.size;
    let whole = isAsLeft ? open.size : countWholeBytes(open.fd, open.size);
    if (!isAsLeft) oldestLine = undefined;
    // Until an append is complete, nothing is known about the file.
    leftAt = undefined;

    return {
      isAsLeft,
      readEnd: () => ({
        headLine: readHead(),
        lastLine: readLastLine(open.fd, whole) ?? lastFullLine(),
        tornBytes: open.size - whole,
      }),
      async append(lines, sealHead) {
        try {
          if (whole < open.size) ftruncateSync(open.fd, whole);
          whole = open.size = whole + writeText(open.fd, `${lines.join('\n')}\n`);
          const isFull = whole >= maxBytes;
          if (isFull || oldestLine === undefined) {
            const names = [...fullNames().reverse(), NAME];
            oldestLine = firstLineOf(names[isFull ? Math.max(0, names.length - keep) : 0]!);
          }
          dueHead = sealHead;
          // The first one is written at once: when that goes well, so will the others.
          if (!isBusy || isFull || open.headFd === undefined) await flushHead();
          // The head is written first: it no longer counts the file that a rotation removes.
          if (isFull) rotate();
          else leftAt = { ino: open.ino, size: whole };
        } catch (cause) {
          throw refusal(cause);
        }
      },
      setAside: () =>
        asStoreError(async () => {
          const nowMs = Date.now();
          const kept = (name: string) => nameSetAside(name, nowMs, (taken) => existsSync(inFolder(taken)));
          const current = kept(NAME);
          renameSync(inFolder(NAME), inFolder(current));
          for (const name of [...fullNames(), HEAD].filter((other) => existsSync(inFolder(other)))) {
            renameSync(inFolder(name), inFolder(kept(name)));
          }
          closeFiles();
          open = files = openFiles();
          whole = 0;
          return current;
        }),
      close() {
        if (!isBusy) closeFiles();
        return held.release();
      },
    };
  }

  function readHead(): string | undefined {
    return withFile(inFolder(HEAD), (fd) => readAt(fd, 0, HEAD_BYTES).toString('latin1').replace(/\s+$/, ''));
  }

  function writeHead(open: OpenFiles, line: string): void {
    open.headFd ??= openPrivate(inFolder(HEAD), false);
    // In place and always of one length: what is read is the old head or the new one.
    writeText(open.headFd, `${line.padEnd(HEAD_BYTES - 1)}\n`, 0);
  }

  /** The names of full files, newest first. */
  function fullNames(): string[] {
    if (!existsSync(folder)) return [];
    const numbers = readdirSync(folder).flatMap((name) => /^audit\.jsonl\.([1-9]\d{0,5})$/.exec(name)?.[1] ?? []);
    return numbers.map(Number).sort((a, b) => a - b).map((number) => `${NAME}.${number}`);
  }

  function lastFullLine(): string | undefined {
    const [newest] = fullNames();
    if (newest === undefined) return undefined;
    return withFile(inFolder(newest), (fd) => readLastLine(fd, countWholeBytes(fd, fstatSync(fd).size)));
  }

  function firstLineOf(name: string): string {
    return withFile(inFolder(name), readFirstLine) ?? '';
  }

  function rotate(): void {
    closeFiles();
    const names = fullNames();
    for (const name of names.slice(keep - 1)) unlinkSync(inFolder(name));
    // The oldest first, so that no rename replaces a file that stays.
    for (const [i, name] of [...names.slice(0, keep - 1).entries()].reverse()) {
      renameSync(inFolder(name), inFolder(`${NAME}.${i + 2}`));
    }
    renameSync(inFolder(NAME), inFolder(`${NAME}.1`));
  }

  return {
    async open() {
      const held = await takeLease();
      try {
        if (files) {
          // The requests of this turn of the event loop still come: one write will do for all of them.
          await new Promise<void>((resolve) => setImmediate(resolve));
          const looked = lookAfter();
          if (looked) await looked;
        }
        return openLog(held);
      } catch (cause) {
        await held.release();
        throw refusal(cause);
      }
    },

    async read() {
      const held = await takeLease();
      try {
        return await asStoreError(async () => {
          await flushHead();
          const names = [...fullNames().reverse(), NAME].filter((name) => existsSync(inFolder(name)));
          const files = names.map((name) => {
            const fd = openSync(inFolder(name), constants.O_RDONLY);
            return { fd, size: fstatSync(fd).size };
          });
          const last = files.at(-1);
          const tornBytes = last === undefined ? 0 : last.size - countWholeBytes(last.fd, last.size);
          return { headLine: readHead(), lines: readFiles(files), tornBytes };
        });
      } finally {
        await held.release();
      }
    },

    async readLast(count) {
      const held = await takeLease();
      try {
        return await asStoreError(async () => {
          const lines: string[] = [];
          for (const name of [NAME, ...fullNames()]) {
            if (lines.length >= count) break;
            const last = withFile(inFolder(name), (fd) => {
              const whole = countWholeBytes(fd, fstatSync(fd).size);
              return readLastLines(fd, whole, count - lines.length);
            });
            lines.unshift(...(last ?? []));
          }
          return lines;
        });
      } finally {
        await held.release();
      }
    },

    follow: (signal) => followFile(folder, NAME, signal),
  };
}

async function asStoreError<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (cause) {
    throw refusal(cause);
  }
}

function refusal(cause: unknown): SigError {
  return toStoreError(cause, 'use the audit log');
}
