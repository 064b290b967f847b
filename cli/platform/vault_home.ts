/**
 * The vault of this machine: a folder, and a key from one of its key sources.
 *
 * @module
 */

import { type Bytes, randomBytes } from '../../src/encoding/bytes.ts';
import { encodeBase64url } from '../../src/encoding/base64url.ts';
import { isSigError, SigError } from '../../src/errors.ts';
import type { Store } from '../../src/ports.ts';
import {
  encodeHeader,
  HEADER_KEY,
  type KeyRequest,
  parseHeader,
  unwrapVaultKey,
  type VaultHeader,
  wrapVaultKey,
} from '../../src/vault/header.ts';
import { importRootKey } from '../../src/vault/derive.ts';
import { isSealed } from '../../src/vault/record.ts';
import { DEFAULT_SCRYPT_COST, type ScryptCost } from '../../src/vault/scrypt_cost.ts';
import { createVault, type Vault } from '../../src/vault/vault.ts';
import { VERSIONS_KEY } from '../../src/vault/version_index.ts';
import { createFolderStore, type FolderStoreOptions } from './folder_store.ts';
import { createKeySource, type KeySource, type KeySourceKind, type KeySourceOptions } from './key_source.ts';
import { ensureHome } from './private_path.ts';

/** What the vault of a home needs. */
export interface VaultHomeOptions extends KeySourceOptions, FolderStoreOptions {
  /** What a passphrase costs in headers that are written from now on. */
  readonly scryptCost?: ScryptCost | undefined;
}

/** What can be known of a vault without its key. */
export interface VaultInfo {
  readonly id: string;
  /** Its key source, a {@link KeySourceKind} unless a newer sig chose it. */
  readonly source: string;
}

/**
 * Tells whether a home has a vault, and which key source opens it.
 *
 * @param home absolute path
 * @returns `undefined` when there is none
 */
export async function readVaultInfo(home: string): Promise<VaultInfo | undefined> {
  const header = await readHeader(createFolderStore(home));
  return header && { id: header.vault, source: header.source };
}

/**
 * Makes the home, private whatever its mode was, and a vault in it. A vault that is there stays as
 * it is; of several processes that do this at once, one makes it.
 *
 * @param home absolute path
 * @returns the vault that is there afterwards, and whether this call made it
 * @throws {SigError} E_KEY_MISSING when sealed records are there without their header: a new key would
 * bury them; and what the key source throws
 */
export async function initialiseVault(
  home: string,
  kind: KeySourceKind,
  options: VaultHomeOptions,
): Promise<VaultInfo & { readonly created: boolean }> {
  ensureHome(home);
  const store = createFolderStore(home, options);
  const lease = await store.lease(HEADER_KEY);
  try {
    const found = await readHeader(store);
    if (found) return { id: found.vault, source: found.source, created: false };
    await requireNoRecords(store, home);
    const vaultKey = randomBytes(32);
    const header = await wrap(
      vaultKey,
      encodeBase64url(randomBytes(16)),
      createKeySource(kind, home, options),
      options,
    );
    vaultKey.fill(0);
    await store.put(HEADER_KEY, encodeHeader(header), null);
    return { id: header.vault, source: header.source, created: true };
  } finally {
    await lease.release();
  }
}

/**
 * Opens the vault of a home. Its key is asked of the key source when a record is first needed.
 *
 * @param home absolute path
 * @throws {SigError} E_NOT_INITIALISED when there is no vault; E_KEY_MISSING when its header is gone
 * but its records are there. From the members of the vault also: E_PASSPHRASE, E_KEY_MISSING and
 * what the key source throws; E_VAULT_LOCKED when the key was forgotten and only a person knows it
 * @example
 * ```ts
 * const vault = await openVault('/home/ann/.sig', { prompt, env });
 * await vault.open('credentials/jira');
 * ```
 */
export async function openVault(home: string, options: VaultHomeOptions): Promise<Vault> {
  const store = createFolderStore(home, options);
  const header = await requireHeader(store, home);
  let wasForgotten = false;
  const vault = createVault({
    store,
    id: header.vault,
    async key() {
      // Read anew: the passphrase may have been changed since.
      const current = await requireHeader(store, home);
      if (wasForgotten) requireNobody(current, options);
      const vaultKey = await unwrap(current, home, options);
      const root = await importRootKey(vaultKey);
      vaultKey.fill(0);
      return root;
    },
  });
  return {
    ...vault,
    forget() {
      wasForgotten = true;
      vault.forget();
    },
  };
}

/** After a lock nobody is asked for a passphrase: what needs it is a program's request, at any hour. */
function requireNobody(header: VaultHeader, { env }: VaultHomeOptions): void {
  if (header.source !== 'passphrase' || env['SIG_PASSPHRASE_FILE']) return;
  throw new SigError('E_VAULT_LOCKED', 'The vault is locked, and its passphrase is known to a person only', {
    hint: 'end this program and start it anew, which asks for the passphrase',
  });
}

/**
 * Changes the passphrase, or the key source, of the vault of a home. One record is rewritten; no
 * credential is touched, and the old key opens nothing any more.
 *
 * @param kind the key source from now on; a passphrase may follow a passphrase, and is then asked for
 * @throws {SigError} as {@link openVault}
 */
export async function changeVaultKey(home: string, kind: KeySourceKind, options: VaultHomeOptions): Promise<void> {
  const store = createFolderStore(home, options);
  const lease = await store.lease(HEADER_KEY);
  try {
    const header = await requireHeader(store, home);
    const vaultKey = await unwrap(header, home, options);
    const isRepeated = kind === header.source;
    // The file that holds the old passphrase does not hold the new one.
    const env = isRepeated ? { ...options.env, SIG_PASSPHRASE_FILE: undefined } : options.env;
    const next = await wrap(vaultKey, header.vault, createKeySource(kind, home, { ...options, env }), options);
    vaultKey.fill(0);
    await store.put(HEADER_KEY, encodeHeader(next));
    if (!isRepeated) await createKeySource(header.source, home, options).discard(header);
  } finally {
    await lease.release();
  }
}

async function wrap(
  vaultKey: Bytes,
  vault: string,
  source: KeySource,
  { scryptCost = DEFAULT_SCRYPT_COST }: VaultHomeOptions,
): Promise<VaultHeader> {
  const scrypt = source.kind === 'passphrase' ? scryptCost : undefined;
  const request: KeyRequest = { vault, salt: randomBytes(16), scrypt };
  const sourceKey = await source.create(request);
  try {
    return await wrapVaultKey(vaultKey, request, source.kind, sourceKey);
  } finally {
    sourceKey.fill(0);
  }
}

async function unwrap(header: VaultHeader, home: string, options: VaultHomeOptions): Promise<Bytes> {
  const source = createKeySource(header.source, home, options);
  const sourceKey = await source.open(header);
  try {
    return await unwrapVaultKey(header, sourceKey);
  } catch (cause) {
    if (!isSigError(cause, 'E_TAMPER')) throw cause;
    if (source.kind === 'passphrase') {
      throw new SigError('E_PASSPHRASE', 'The passphrase does not open the vault', { hint: 'try again', cause });
    }
    throw new SigError('E_KEY_MISSING', `The ${source.kind} key is not that of this vault, or its header was changed`, {
      hint: `restore the key and "${home}/${HEADER_KEY}" from one backup`,
      cause,
    });
  } finally {
    sourceKey.fill(0);
  }
}

async function readHeader(store: Store): Promise<VaultHeader | undefined> {
  const entry = await store.get(HEADER_KEY);
  return entry && parseHeader(entry.bytes);
}

async function requireHeader(store: Store, home: string): Promise<VaultHeader> {
  const header = await readHeader(store);
  if (header) return header;
  await requireNoRecords(store, home);
  throw new SigError('E_NOT_INITIALISED', `There is no vault in "${home}"`, { hint: 'make one with: sig init' });
}

/** Refuses to go on as if nothing were there when there are records that only a lost key opens (S16). */
async function requireNoRecords(store: Store, home: string): Promise<void> {
  for (const key of [VERSIONS_KEY, ...await store.list('credentials')]) {
    const entry = await store.get(key).catch((error: unknown) => {
      if (isSigError(error, 'E_CORRUPT')) return undefined;
      throw error;
    });
    if (!entry || (key !== VERSIONS_KEY && !isSealed(entry.bytes))) continue;
    throw new SigError('E_KEY_MISSING', `"${home}/${HEADER_KEY}" is not there, but records that need it are`, {
      hint: `restore it from a backup; or, to begin anew, move "${home}/credentials" and "${home}/vault" away`,
    });
  }
}
