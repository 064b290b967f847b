import { createHash } from 'node:crypto';
import { lstatSync, readdirSync } from 'node:fs';
import { SigError } from '../../src/errors.ts';
import { isSetAside, nameSetAside, requireStoreKey, type Store, type StoreEntry } from '../../src/ports.ts';
import {
  readPrivateFile,
  removePrivateFile,
  renamePrivateFile,
  sweepTemporaryFiles,
  writePrivateFile,
} from './durable_file.ts';
import type { LockName } from './lock.ts';
import { ensurePrivateFolder, hasPrivateFolder } from './private_path.ts';
import { toStoreError } from './store_error.ts';

/** How a {@link createFolderStore} works. */
export interface FolderStoreOptions {
  /** How long a lease is waited for, in milliseconds. Default 30,000. */
  readonly lockTimeoutMs?: number | undefined;
  /** Milliseconds since 1970, for the names of what is set aside; the system's by default. */
  readonly now?: (() => number) | undefined;
}

/**
 * A {@link Store} in a folder: the key `credentials/jira.json` is the file of that name. Files are
 * for their owner only, and whoever finds them otherwise refuses them.
 *
 * @param home absolute path of the sig home; it must exist before the first write
 */
export function createFolderStore(home: string, options: FolderStoreOptions = {}): Store {
  const { lockTimeoutMs, now = Date.now } = options;
  const pathOf = (key: string) => `${home}/${key}`;
  const lockOf = (name: string): LockName => ({ folder: `${home}/lock`, name: requireStoreKey(name) });

  function hasFolder(folder: string): boolean {
    return hasPrivateFolder(home, 'link') && hasPrivateFolder(pathOf(folder));
  }

  function requireHome(): void {
    if (hasPrivateFolder(home, 'link')) return;
    throw new SigError('E_NOT_INITIALISED', `There is no sig home at "${home}"`, { hint: 'make one with: sig init' });
  }

  function read(key: string): StoreEntry | undefined {
    const bytes = hasFolder(folderOf(key)) ? readPrivateFile(pathOf(key)) : undefined;
    return bytes && { bytes, etag: etagOf(bytes) };
  }

  /** Does work on a key while nobody else writes it. */
  async function alone<T>(key: string, work: () => Promise<T>): Promise<T> {
    requireStoreKey(key);
    requireHome();
    // Loaded here: what only reads needs no lock, and sockets take a while to load.
    const { withLock } = await import('./lock.ts');
    return await withLock(lockOf(key), lockTimeoutMs, work);
  }

  return {
    async get(key) {
      return read(requireStoreKey(key));
    },
    async put(key, bytes, ifEtag) {
      return await alone(key, async () => {
        ensurePrivateFolder(pathOf(folderOf(key)));
        sweepTemporaryFiles(pathOf(key));
        if (ifEtag !== undefined && ifEtag !== (read(key)?.etag ?? null)) {
          throw new SigError('E_CONFLICT', `"${key}" was changed meanwhile`, { hint: 'try again' });
        }
        await writePrivateFile(pathOf(key), bytes);
        return etagOf(bytes);
      });
    },
    async remove(key) {
      await alone(key, async () => {
        if (hasFolder(folderOf(key))) await removePrivateFile(pathOf(key));
      });
    },
    async setAside(key) {
      return await alone(key, async () => {
        const kept = nameSetAside(
          key,
          now(),
          (name) => lstatSync(pathOf(name), { throwIfNoEntry: false }) !== undefined,
        );
        await renamePrivateFile(pathOf(key), pathOf(kept));
        return pathOf(kept);
      });
    },
    async list(folder) {
      requireStoreKey(`${folder}/any`);
      if (!hasFolder(folder)) return [];
      try {
        const names = readdirSync(pathOf(folder));
        return names.map((name) => `${folder}/${name}`).filter(isListed).sort();
      } catch (error) {
        throw toStoreError(error, `list "${pathOf(folder)}"`);
      }
    },
    async lease(name) {
      requireHome();
      const { acquireLock } = await import('./lock.ts');
      return await acquireLock(lockOf(name), lockTimeoutMs);
    },
  };
}

function folderOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

function etagOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url');
}

/** Neither a temporary file, which begins with a dot, nor set aside, nor of others' making. */
function isListed(key: string): boolean {
  try {
    return !isSetAside(requireStoreKey(key));
  } catch {
    return false;
  }
}
