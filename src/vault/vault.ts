/**
 * Sealed records over a {@link Store}.
 *
 * What is detected: a changed, moved, renamed, truncated or plaintext record, and a record put back
 * to an older copy. What is not: a whole folder put back to an older copy, since everything that
 * could tell is put back with it; and a record that was deleted by hand, which reads as absent.
 *
 * @module
 */

import type { Bytes } from '../encoding/bytes.ts';
import { isSigError, SigError, type SigErrorCode } from '../errors.ts';
import type { Lease, Store } from '../ports.ts';
import { deriveKey, importRootKey, type RootKey } from './derive.ts';
import { openRecord, parseRecord, sealRecord } from './record.ts';
import { unusable } from './unusable.ts';
import { createVersionIndex } from './version_index.ts';

/** What can be wrong with a record. Any other failure says nothing about it. */
const UNUSABLE: ReadonlySet<SigErrorCode> = new Set(['E_CORRUPT', 'E_FORMAT', 'E_TAMPER']);
const NAME = /^[a-z0-9][a-z0-9._-]{0,99}\/[a-z0-9][a-z0-9._-]{0,99}$/;

/** An opened record. */
export interface Opened {
  readonly value: unknown;
  /** Higher with each value of this name. */
  readonly version: number;
}

/**
 * Records that only the vault key opens. Names are `folder/name` out of `[a-z0-9._-]`, such as
 * `credentials/jira`; values are what JSON can hold.
 *
 * @throws {SigError} from each member: what the store and the key source throw
 */
export interface Vault {
  readonly id: string;
  /**
   * The value now, or `undefined`.
   *
   * @throws {SigError} E_CORRUPT when the record is not one (it is moved aside, and absent from then
   * on); E_TAMPER when it was changed; E_ROLLBACK when it was put back to an older copy; E_FORMAT
   * when another version of sig wrote it
   */
  open(name: string): Promise<Opened | undefined>;
  /** Stores a value. The old one is there until the new one is; one that cannot be opened is kept aside. */
  seal(name: string, value: unknown): Promise<Opened>;
  /**
   * Replaces a value by what `change` makes of it, with nobody else writing meanwhile. `change` must
   * not write the same record by other means; when it throws or returns `undefined`, all stays.
   *
   * @returns the value afterwards
   * @throws {SigError} as `open`, before `change` is called
   */
  update(
    name: string,
    change: (current: Opened | undefined) => unknown | Promise<unknown>,
  ): Promise<Opened | undefined>;
  /** Removes a value; nothing happens when there is none. An old copy put back later does not open. */
  remove(name: string): Promise<void>;
  /**
   * Moves a value to another name. The old record goes when the new one is stored.
   *
   * @returns whether there was one
   * @throws {SigError} E_EXISTS when the new name has a value
   */
  rename(from: string, to: string): Promise<boolean>;
  /** The names in a folder, sorted, usable or not. */
  list(folder: string): Promise<string[]>;
  /** A key for another purpose than sealing, such as `audit`: 32 bytes. */
  deriveKey(purpose: string): Promise<Bytes>;
  /**
   * Forgets the vault key and what was made of it (security case S24). It is asked for anew when it is needed; what is
   * being written is written first, since it may be the only copy of a login.
   */
  forget(): void;
}

/** What a vault is made of. */
export interface VaultOptions {
  readonly store: Store;
  /** Id of the vault, from its header. */
  readonly id: string;
  /** Gives the vault key when it is first needed: 32 bytes, or what {@link importRootKey} made of them. */
  readonly key: () => Promise<Bytes | RootKey>;
}

/** A record as found: its value, or why there is none. */
type Found =
  | { readonly opened: Opened; readonly etag: string; readonly problem?: never }
  | { readonly opened?: never; readonly etag?: never; readonly problem?: SigError | undefined };

/**
 * Opens a vault. Nothing is read before it is needed.
 *
 * @example
 * ```ts
 * const vault = createVault({ store, id, key });
 * await vault.seal('credentials/jira', { token: 'xyz' });
 * (await vault.open('credentials/jira'))?.value; // { token: 'xyz' }
 * ```
 */
export function createVault({ store, id, key }: VaultOptions): Vault {
  let root: Promise<RootKey> | undefined;
  const getRoot = (): Promise<RootKey> => {
    if (root) return root;
    const asked = key().then((given) => given instanceof Uint8Array ? importRootKey(given) : given);
    // A mistyped passphrase may be asked for again.
    asked.catch(() => {
      if (root === asked) root = undefined;
    });
    return root = asked;
  };
  const index = createVersionIndex(store, id, getRoot);
  let writes = 0;
  let isForgetting = false;

  function forgetKey(): void {
    isForgetting = writes > 0;
    if (isForgetting) return;
    root = undefined;
    index.forget();
  }

  async function writing<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    writes++;
    try {
      return await withLeases(store, names, work);
    } finally {
      writes--;
      if (isForgetting) forgetKey();
    }
  }

  async function find(name: string, lastVersion: number): Promise<Found> {
    const entry = await orProblem(() => store.get(fileOf(name)));
    if (entry === undefined || entry instanceof SigError) return { problem: entry };
    const record = await orProblem(() => parseRecord(entry.bytes));
    if (record instanceof SigError) return { problem: record };
    const key = await getRoot(); // Its failures say nothing about the record.
    const value = await orProblem(() => openRecord(key, { vault: id, name }, record));
    if (value instanceof SigError) return { problem: value };
    if (record.version < lastVersion) {
      const message = `It is version ${record.version}, older than version ${lastVersion}`;
      return { problem: new SigError('E_ROLLBACK', message) };
    }
    return { opened: { value, version: record.version }, etag: entry.etag };
  }

  /**
   * Under the lease of the record: moves a corrupt one aside. The error says where it is. All others
   * stay: they may be good for another sig, another key, or as evidence.
   */
  async function complain(name: string, problem: SigError): Promise<never> {
    if (problem.code !== 'E_CORRUPT') throw unusable(name, problem);
    let kept: string | undefined;
    try {
      kept = await store.setAside(fileOf(name));
    } catch (error) {
      if (!isSigError(error, 'E_STORE')) throw error; // A disk that cannot be written: it stays where it is.
    }
    throw unusable(name, problem, kept);
  }

  /** Under the lease of the record: writes a new version over what was found. */
  async function write(name: string, value: unknown, found: Found, lastVersion: number): Promise<Opened> {
    const version = Math.max(lastVersion, found.opened?.version ?? 0) + 1;
    const sealed = await sealRecord(await getRoot(), { vault: id, name, version }, value);
    if (found.problem) await store.setAside(fileOf(name));
    await store.put(fileOf(name), sealed, found.etag ?? null);
    await index.note(name, version);
    return { value, version };
  }

  async function erase(name: string, found: Found, lastVersion: number): Promise<void> {
    if (found.problem) await store.setAside(fileOf(name));
    else if (found.opened) await store.remove(fileOf(name));
    else return;
    await index.note(name, Math.max(lastVersion, found.opened?.version ?? 0) + 1);
  }

  const vault: Vault = {
    id,
    async open(name) {
      const last = (await index.load()).get(requireName(name)) ?? 0;
      const found = await find(name, last);
      if (!found.problem) return found.opened;
      if (found.problem.code !== 'E_CORRUPT') throw unusable(name, found.problem);
      try {
        // Another process may just be replacing it, so it is looked at again, and moved, under the lease.
        return await vault.update(name, () => undefined);
      } catch (error) {
        if (isSigError(error, 'E_LOCKED') || isSigError(error, 'E_STORE')) throw unusable(name, found.problem);
        throw error;
      }
    },
    seal(name, value) {
      return writing([requireName(name)], async () => {
        const last = (await index.loadOrNone()).get(name) ?? 0;
        const found = await find(name, last);
        return await write(name, value, found, last);
      });
    },
    update(name, change) {
      return writing([requireName(name)], async () => {
        const last = (await index.load()).get(name) ?? 0;
        const found = await find(name, last);
        if (found.problem) return await complain(name, found.problem);
        const value = await change(found.opened);
        return value === undefined ? found.opened : await write(name, value, found, last);
      });
    },
    remove(name) {
      return writing([requireName(name)], async () => {
        const last = (await index.loadOrNone()).get(name) ?? 0;
        await erase(name, await find(name, last), last);
      });
    },
    rename(from, to) {
      if (from === to) throw new TypeError('rename() needs two names');
      return writing([requireName(from), requireName(to)], async () => {
        const versions = await index.load();
        const last = { from: versions.get(from) ?? 0, to: versions.get(to) ?? 0 };
        const old = await find(from, last.from);
        if (old.problem) return await complain(from, old.problem);
        if (!old.opened) return false;
        const taken = await find(to, last.to);
        // An earlier rename that was cut short has left both.
        const isDone = JSON.stringify(taken.opened?.value) === JSON.stringify(old.opened.value);
        if (!isDone) {
          if (taken.opened || taken.problem) throw new SigError('E_EXISTS', `There is a record "${to}" already`);
          await write(to, old.opened.value, taken, last.to);
        }
        await erase(from, old, last.from);
        return true;
      });
    },
    async list(folder) {
      const keys = await store.list(folder);
      return keys.filter((key) => key.endsWith('.json')).map((key) => key.slice(0, -'.json'.length));
    },
    async deriveKey(purpose) {
      return await deriveKey(await getRoot(), `use ${purpose}`);
    },
    forget: forgetKey,
  };
  return vault;
}

/** What the work gives, or what it says is wrong with the record. Other failures are thrown. */
async function orProblem<T>(work: () => T | Promise<T>): Promise<T | SigError> {
  try {
    return await work();
  } catch (error) {
    if (isSigError(error) && UNUSABLE.has(error.code)) return error;
    throw error;
  }
}

function requireName(name: string): string {
  if (!NAME.test(name) || name.startsWith('vault/')) throw new TypeError(`Invalid record name ${JSON.stringify(name)}`);
  return name;
}

function fileOf(name: string): string {
  return `${name}.json`;
}

/** Runs work under the leases of some records, taken in an order that all agree on. */
async function withLeases<T>(store: Store, names: readonly string[], work: () => Promise<T>): Promise<T> {
  const leases: Lease[] = [];
  try {
    for (const name of names.toSorted()) leases.push(await store.lease(fileOf(name)));
    return await work();
  } finally {
    for (const lease of leases.reverse()) await lease.release();
  }
}
