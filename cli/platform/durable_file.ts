/**
 * Files that survive: after a write, whatever happens, the old or the new content is there, whole.
 *
 * Only fsync is waited for in the background. All else touches what the system has in memory, and to
 * hand that to a thread would cost several times the work.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsync as fsyncCallback,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import type { Bytes } from '../../src/encoding/bytes.ts';
import { SigError } from '../../src/errors.ts';
import { requirePrivate } from './private_path.ts';
import { systemCode, toStoreError } from './store_error.ts';

const fsync = promisify(fsyncCallback);

/** The longest a file may be, in bytes. Longer ones are refused before they are read. */
export const MAX_FILE_BYTES = 1_048_576;

// Windows knows the last three not; 0 there. O_NONBLOCK: to open a pipe must not wait for its other end.
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_DIRECTORY = 0 } = constants;

/**
 * Reads a private file of at most 1 MiB.
 *
 * @returns its content, or `undefined` when nothing is there
 * @throws {SigError} E_CORRUPT when it is not a plain file or too long; E_PERMISSIONS when it is not
 * one's own or open to others; E_STORE when the disk fails
 */
export function readPrivateFile(path: string): Bytes | undefined {
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw new SigError('E_CORRUPT', `"${path}" is a symbolic link`, { cause: error });
    if (code === 'ENXIO') throw new SigError('E_CORRUPT', `"${path}" is not a plain file`, { cause: error });
    throw toStoreError(error, `read "${path}"`);
  }
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new SigError('E_CORRUPT', `"${path}" is not a plain file`);
    requirePrivate(stats, path);
    if (stats.size > MAX_FILE_BYTES) throw new SigError('E_CORRUPT', `"${path}" is larger than 1 MiB`);
    const bytes = new Uint8Array(stats.size);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(file, bytes, length, bytes.length - length, length);
    }
    return bytes.subarray(0, length);
  } catch (error) {
    throw toStoreError(error, `read "${path}"`);
  } finally {
    closeSync(file);
  }
}

/** How a file is written. */
export interface WriteOptions {
  /** Permission bits, whatever the umask. Default 0600. */
  readonly mode?: number | undefined;
  /** Whether a file that is there stays, instead of being replaced. */
  readonly exclusive?: boolean | undefined;
}

/**
 * Writes a file so that it is there, whole and durable, or not at all: temporary file in the same
 * folder, fsync, rename, fsync of the folder.
 *
 * @param path in an existing private folder
 * @returns whether it was written; false only when `exclusive` and one was there
 * @throws {SigError} E_STORE or E_PERMISSIONS when the system refuses; the old file is still there
 */
export async function writePrivateFile(path: string, bytes: Bytes, options: WriteOptions = {}): Promise<boolean> {
  const temporary = `${dirname(path)}/.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    const file = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      fchmodSync(file, options.mode ?? 0o600);
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      await fsync(file);
    } finally {
      closeSync(file);
    }
    if (options.exclusive) {
      linkSync(temporary, path);
      unlinkSync(temporary);
    } else {
      renameSync(temporary, path);
    }
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    removeQuietly(temporary);
    if (options.exclusive && systemCode(error) === 'EEXIST') return false;
    throw toStoreError(error, `write "${path}"`);
  }
}

/** Removes a file durably; nothing happens when it is not there. */
export async function removePrivateFile(path: string): Promise<void> {
  try {
    unlinkSync(path);
    await syncFolder(dirname(path));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw toStoreError(error, `remove "${path}"`);
  }
}

/** Renames a file durably within its folder. Whatever has the new name is replaced. */
export async function renamePrivateFile(path: string, newPath: string): Promise<void> {
  try {
    renameSync(path, newPath);
    await syncFolder(dirname(newPath));
  } catch (error) {
    throw toStoreError(error, `rename "${path}"`);
  }
}

/**
 * Removes what writers of a file left when they were killed. Only for whoever keeps other writers of
 * that file away, as the temporary file of a live one would go too.
 */
export function sweepTemporaryFiles(path: string): void {
  const [folder, prefix] = [dirname(path), `.${basename(path)}.`];
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{16}\.tmp$/.test(name.slice(prefix.length))) continue;
    removeQuietly(`${folder}/${name}`);
  }
}

/** Makes the entries of a folder survive a power failure. Where a folder cannot be opened, the system sees to it. */
export async function syncFolder(path: string): Promise<void> {
  if (O_DIRECTORY === 0) return;
  const folder = openSync(path, O_RDONLY | O_DIRECTORY);
  try {
    await fsync(folder);
  } finally {
    closeSync(folder);
  }
}

/** For temporary files: one that stays only takes space until the next writer sweeps it. */
function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch { /* Not there, or swept later. */ }
}
