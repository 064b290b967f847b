import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import process from 'node:process';
import { SigError } from '../../src/errors.ts';
import { systemCode, toStoreError } from './store_error.ts';

/** Windows has neither owner nor mode: there the profile folder's access list keeps others out. */
const ownUid = (): number | undefined => process.getuid?.();

/**
 * Refuses what belongs to another user or is open to others, as ssh does (security case S20).
 *
 * @param stats of the file or folder at the path
 * @throws {SigError} E_PERMISSIONS with the command that mends it
 */
export function requirePrivate(stats: Stats, path: string): void {
  const uid = ownUid();
  if (uid === undefined) return;
  if (stats.uid !== uid) {
    throw new SigError('E_PERMISSIONS', `Refuse to use "${path}": it belongs to user ${stats.uid}, not ${uid}`, {
      hint: `if it should be yours: sudo chown ${uid} ${quote(path)}`,
    });
  }
  const mode = stats.mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new SigError('E_PERMISSIONS', `Refuse to use "${path}": others may use it (mode ${mode.toString(8)})`, {
      hint: `chmod ${stats.isDirectory() ? 700 : mode & 0o200 ? 600 : 400} ${quote(path)}`,
    });
  }
}

/**
 * Looks whether a private folder is there.
 *
 * @param link whether the path itself may be a symbolic link, as the home may
 * @returns false when nothing is there
 * @throws {SigError} E_PERMISSIONS when it is not a folder, a link, not one's own, or open to others
 */
export function hasPrivateFolder(path: string, link: 'link' | 'no link' = 'no link'): boolean {
  let stats: Stats;
  try {
    stats = link === 'link' ? statSync(path) : lstatSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw toStoreError(error, `use "${path}"`);
  }
  if (!stats.isDirectory()) {
    const kind = stats.isSymbolicLink() ? 'a symbolic link' : 'not a folder';
    throw new SigError('E_PERMISSIONS', `Refuse to use "${path}": it is ${kind}`, {
      hint: `look what put it there, then move it away: mv ${quote(path)} ${quote(`${path}.old`)}`,
    });
  }
  requirePrivate(stats, path);
  return true;
}

/**
 * Makes a folder for its owner only, whatever the umask, unless it is there (security case S19).
 *
 * @param path absolute; the folder around it exists
 * @throws {SigError} E_PERMISSIONS when what is there is not private; E_STORE when the disk refuses
 */
export function ensurePrivateFolder(path: string): void {
  if (hasPrivateFolder(path)) return;
  try {
    mkdirSync(path, 0o700);
    chmodSync(path, 0o700);
    syncFolder(dirname(path));
  } catch (error) {
    // Another process may have made it in the meantime.
    if (systemCode(error) === 'EEXIST' && hasPrivateFolder(path)) return;
    throw toStoreError(error, `make the folder "${path}"`);
  }
}

/**
 * Makes the home and what is missing above it; one that is there and one's own is made private.
 *
 * @param home absolute path; may be a symbolic link to a folder
 * @throws {SigError} E_PERMISSIONS when it is another's; E_STORE when the disk refuses
 */
export function ensureHome(home: string): void {
  if (!isAbsolute(home)) throw new TypeError('ensureHome() needs an absolute path');
  try {
    const stats = statSync(home, { throwIfNoEntry: false });
    if (stats?.isDirectory() && stats.uid === ownUid() && (stats.mode & 0o077) !== 0) chmodSync(home, 0o700);
    if (hasPrivateFolder(home, 'link')) return;
    if (!statSync(dirname(home), { throwIfNoEntry: false })) ensureHome(dirname(home));
    ensurePrivateFolder(home);
  } catch (error) {
    throw toStoreError(error, `make the folder "${home}"`);
  }
}

function syncFolder(path: string): void {
  if (process.platform === 'win32') return; // There folders cannot be opened.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** A path as a shell takes it. */
function quote(path: string): string {
  return /^[A-Za-z0-9/._~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
