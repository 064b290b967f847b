/**
 * Files that survive: after a write, whatever happens, the old or the new content is there, whole.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Bytes } from '../../src/encoding/bytes.ts';
import { SigError } from '../../src/errors.ts';
import { requirePrivate } from './private_path.ts';
import { systemCode, toStoreError } from './store_error.ts';

/** The longest a file may be, in bytes. Longer ones are refused before they are read. */
export const MAX_FILE_BYTES = 1_048_576;

// Windows knows neither; 0 there. O_NONBLOCK: opening a pipe must not wait for its other end.
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_DIRECTORY = 0 } = constants;

/**
 * Reads a private file of at most 1 MiB.
 *
 * @returns its content, or `undefined` when nothing is there
 * @throws {SigError} E_CORRUPT when it is not a plain file or too long; E_PERMISSIONS when it is not
 * one's own or open to others; E_STORE when the disk fails
 */
export async function readPrivateFile(path: string): Promise<Bytes | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT') return undefined;
    if (code === 'ELOOP') throw new SigError('E_CORRUPT', `"${path}" is a symbolic link`, { cause: error });
    if (code === 'ENXIO') throw new SigError('E_CORRUPT', `"${path}" is not a plain file`, { cause: error });
    throw toStoreError(error, `read "${path}"`);
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new SigError('E_CORRUPT', `"${path}" is not a plain file`);
    requirePrivate(stats, path);
    if (stats.size > MAX_FILE_BYTES) throw new SigError('E_CORRUPT', `"${path}" is larger than 1 MiB`);
    return await readAll(file, stats.size);
  } catch (error) {
    throw toStoreError(error, `read "${path}"`);
  } finally {
    await file.close();
  }
}

async function readAll(file: FileHandle, size: number): Promise<Bytes> {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, size - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
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
    const file = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      await file.chmod(options.mode ?? 0o600);
      await writeAll(file, bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if (options.exclusive) {
      await link(temporary, path);
      await unlink(temporary);
    } else {
      await rename(temporary, path);
    }
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    await unlink(temporary).catch(() => {}); // Not there, or the next writer sweeps it.
    if (options.exclusive && systemCode(error) === 'EEXIST') return false;
    throw toStoreError(error, `write "${path}"`);
  }
}

async function writeAll(file: FileHandle, bytes: Bytes): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await file.write(bytes, at, bytes.length - at, at)).bytesWritten;
  }
}

/** Removes a file durably; nothing happens when it is not there. */
export async function removePrivateFile(path: string): Promise<void> {
  try {
    await unlink(path);
    await syncFolder(dirname(path));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw toStoreError(error, `remove "${path}"`);
  }
}

/** Renames a file durably within its folder. Whatever has the new name is replaced. */
export async function renamePrivateFile(path: string, newPath: string): Promise<void> {
  try {
    await rename(path, newPath);
    await syncFolder(dirname(newPath));
  } catch (error) {
    throw toStoreError(error, `rename "${path}"`);
  }
}

/**
 * Removes what writers of a file left when they were killed. Only for whoever keeps other writers of
 * that file away, as the temporary file of a live one would go too.
 */
export async function sweepTemporaryFiles(path: string): Promise<void> {
  const [folder, prefix] = [dirname(path), `.${basename(path)}.`];
  const names = await readdir(folder).catch((error) => {
    throw toStoreError(error, `list "${folder}"`);
  });
  for (const name of names) {
    if (name.startsWith(prefix) && /^[0-9a-f]{16}\.tmp$/.test(name.slice(prefix.length))) {
      await unlink(`${folder}/${name}`).catch(() => {}); // It only takes space.
    }
  }
}

/** Makes the entries of a folder survive a power failure. Where folders cannot be opened, the system sees to it. */
async function syncFolder(path: string): Promise<void> {
  if (O_DIRECTORY === 0) return;
  const folder = await open(path, O_RDONLY | O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
