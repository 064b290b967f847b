import { isSigError, SigError } from '../errors.ts';
import type { Lease, Store, StoreEntry } from '../ports.ts';
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
  /** Forgets the key of its MAC, and what it read. */
  forget(): void;
}

/** The index as it was read: `etag` is null when there is none, `problem` says why it is unusable. */
interface Reading {
  readonly etag: string | null;
  readonly versions: Versions;
  readonly problem?: SigError | undefined;
}

const EMPTY: Reading = { etag: null, versions: new Map() };

/**
 * Opens the index of a vault.
 *
 * @param vault id of the vault
 * @param root gives the root key when it is first needed
 */
export function createVersionIndex(store: Store, vault: string, root: () => Promise<RootKey>): VersionIndex {
  let macKey: CryptoKey | undefined;
  let known = EMPTY; // The MAC of the same content is checked once.

  async function read(): Promise<Reading> {
    let entry: StoreEntry | undefined;
    try {
      entry = await store.get(VERSIONS_KEY);
    } catch (error) {
      return asReading(error);
    }
    if (!entry) return EMPTY;
    if (entry.etag === known.etag) return known;
    macKey ??= await deriveMacKey(await root()); // Its failures say nothing about the index.
    try {
      return known = { etag: entry.etag, versions: await decodeVersions(macKey, vault, entry.bytes) };
    } catch (error) {
      return asReading(error);
    }
  }

  /** Under the lease of the index: moves an unusable one aside. */
  async function readOrSetAside(): Promise<Reading> {
    const reading = await read();
    const { problem } = reading;
    if (!problem) return reading;
    const kept = await store.setAside(VERSIONS_KEY);
    const hint =
      'try again: all records still open, but one put back to an older copy goes unnoticed until it is written';
    return {
      ...EMPTY,
      problem: new SigError(problem.code, `${problem.message}; it is kept as "${kept}"`, { hint, cause: problem }),
    };
  }

  return {
    async load() {
      const { versions, problem } = await read();
      if (!problem) return versions;
      return await underLease(store, async () => {
        const again = await readOrSetAside();
        if (again.problem) throw again.problem;
        return again.versions; // Another process has just dealt with it.
      });
    },
    async loadOrNone() {
      return (await read()).versions;
    },
    async note(name, version) {
      try {
        await underLease(store, async () => {
          const { etag, versions } = await readOrSetAside();
          if ((versions.get(name) ?? 0) >= version) return;
          macKey ??= await deriveMacKey(await root());
          const next = new Map(versions).set(name, version);
          const bytes = await encodeVersions(macKey, vault, next);
          known = { etag: await store.put(VERSIONS_KEY, bytes, etag), versions: next };
        });
      } catch (error) {
        // The record itself is stored: to fail here would tell the caller the opposite.
        if (!isSigError(error, 'E_STORE') && !isSigError(error, 'E_LOCKED')) throw error;
      }
    },
    forget() {
      macKey = undefined;
      known = EMPTY;
    },
  };
}

function asReading(error: unknown): Reading {
  if (isSigError(error, 'E_CORRUPT') || isSigError(error, 'E_TAMPER')) return { ...EMPTY, problem: error };
  throw error;
}

async function underLease<T>(store: Store, work: () => Promise<T>): Promise<T> {
  const lease: Lease = await store.lease(VERSIONS_KEY);
  try {
    return await work();
  } finally {
    await lease.release();
  }
}
