import { isSigError, SigError } from '../errors.ts';
import type { Store } from '../ports.ts';
import type { RootKey } from './derive.ts';
import { decodeVersions, deriveMacKey, encodeVersions, type Versions } from './versions.ts';

/** The index of last versions, as a key of the store. */
export const VERSIONS_KEY = 'vault/versions.json';

/** The stored index of the last version of each record. */
export interface VersionIndex {
  /**
   * The last versions. To be read before the record they are compared with: a record is written
   * first and its version second, so this order never takes a fresh record for an old one.
   *
   * @throws {SigError} E_CORRUPT or E_TAMPER when the index is unusable; it is then kept aside, and
   * the next call finds none
   */
  load(): Promise<Versions>;
  /** The last versions, or none when the index is unusable: a login must not be lost for it. */
  loadOrNone(): Promise<Versions>;
  /**
   * Notes the version of a record that was just written. When the disk refuses, nothing is lost
   * but the sight of a rollback to the version before: a record newer than its note is fine.
   */
  note(name: string, version: number): Promise<void>;
}

/**
 * Opens the index of a vault.
 *
 * @param vault id of the vault
 * @param root gives the root key when it is first needed
 */
export function createVersionIndex(store: Store, vault: string, root: () => Promise<RootKey>): VersionIndex {
  // The MAC of the same content is checked once.
  let known: { readonly etag: string | null; readonly versions: Versions } = { etag: null, versions: new Map() };

  let macKey: CryptoKey | undefined;
  const getMacKey = async () => macKey ??= await deriveMacKey(await root());

  async function read(): Promise<typeof known> {
    const entry = await store.get(VERSIONS_KEY);
    if (!entry) return { etag: null, versions: new Map() };
    if (entry.etag !== known.etag) {
      known = { etag: entry.etag, versions: await decodeVersions(await getMacKey(), vault, entry.bytes) };
    }
    return known;
  }

  /** To be called under the lease of the index. */
  async function readOrSetAside(): Promise<typeof known & { readonly problem?: SigError }> {
    try {
      return await read();
    } catch (error) {
      if (!isUnusable(error)) throw error;
      const kept = await store.setAside(VERSIONS_KEY);
      const problem = new SigError(error.code, `${error.message}; it is kept as "${kept}"`, {
        hint:
          'try again: all records still open, but a record put back to an older copy goes unnoticed until it is written anew',
        cause: error,
      });
      return { etag: null, versions: new Map(), problem };
    }
  }

  return {
    async load() {
      try {
        return (await read()).versions;
      } catch (error) {
        if (!isUnusable(error)) throw error;
      }
      const lease = await store.lease(VERSIONS_KEY);
      try {
        const { versions, problem } = await readOrSetAside();
        if (problem) throw problem;
        return versions; // Another process has just dealt with it.
      } finally {
        await lease.release();
      }
    },
    async loadOrNone() {
      try {
        return (await read()).versions;
      } catch (error) {
        if (isUnusable(error)) return new Map();
        throw error;
      }
    },
    async note(name, version) {
      try {
        const lease = await store.lease(VERSIONS_KEY);
        try {
          const { etag, versions } = await readOrSetAside();
          if ((versions.get(name) ?? 0) >= version) return;
          const next = new Map(versions).set(name, version);
          const bytes = await encodeVersions(await getMacKey(), vault, next);
          known = { etag: await store.put(VERSIONS_KEY, bytes, etag), versions: next };
        } finally {
          await lease.release();
        }
      } catch (error) {
        // The record itself is stored: to fail here would tell the caller the opposite.
        if (!isSigError(error, 'E_STORE') && !isSigError(error, 'E_LOCKED')) throw error;
      }
    },
  };
}

function isUnusable(error: unknown): error is SigError {
  return isSigError(error, 'E_CORRUPT') || isSigError(error, 'E_TAMPER');
}
