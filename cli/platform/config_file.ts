// Synchronous, since every command begins with it: node:fs/promises takes longer to load than the file to read.
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { SigError } from '../../src/errors.ts';
import { encodeUtf8 } from '../../src/encoding/bytes.ts';
import { writePrivateFile } from './durable_file.ts';

/** Largest config.yaml that is read, in bytes. */
const SIZE_LIMIT = 1024 * 1024;

/**
 * The text of config.yaml; empty when there is none. A link is followed: people keep such files in
 * a repository of dotfiles.
 *
 * @throws {SigError} E_PERMISSIONS when others may write it, E_CONFIG when it is too large or not UTF-8, E_STORE
 */
export async function readConfigFile(path: string): Promise<string> {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return '';
    throw new SigError('E_STORE', `Cannot read config "${path}": ${code}`, { cause });
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new SigError('E_CONFIG', `Cannot use config "${path}": it is not a file`);
    const me = process.getuid?.();
    if (me !== undefined && ((stats.uid !== me && stats.uid !== 0) || (stats.mode & 0o022) !== 0)) {
      throw new SigError('E_PERMISSIONS', `Cannot trust config "${path}": others may write it`, {
        hint: `chown ${me} "${path}" && chmod 600 "${path}"`,
      });
    }
    if (stats.size > SIZE_LIMIT) throw new SigError('E_CONFIG', `Cannot use config "${path}": it is larger than 1 MiB`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(fd));
  } catch (cause) {
    if (cause instanceof TypeError) {
      throw new SigError('E_CONFIG', `Cannot use config "${path}": it is not UTF-8`, { cause });
    }
    throw cause;
  } finally {
    closeSync(fd);
  }
}

/**
 * Changes config.yaml under its lock, durably: read, change, write.
 *
 * @throws {SigError} E_PERMISSIONS when it is a link, and what reading, changing and writing throw
 */
export async function editConfigFile(home: string, path: string, change: (text: string) => string): Promise<void> {
  const { withLock } = await import('./lock.ts');
  await withLock({ folder: join(home, 'lock'), name: 'config' }, undefined, async () => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
      throw new SigError('E_PERMISSIONS', `Cannot write config "${path}": it is a link`, {
        hint: 'edit the file it points to, or replace the link by a file',
      });
    }
    const before = await readConfigFile(path);
    const after = change(before);
    if (after !== before) await writePrivateFile(path, encodeUtf8(after));
  });
}
