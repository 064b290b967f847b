import { SigError } from '../../src/errors.ts';
import type { Prompt } from '../../src/ports.ts';
import type { KeyRequest } from '../../src/vault/header.ts';
import type { Bytes } from '../../src/encoding/bytes.ts';
import { createFileKeySource } from './key_file.ts';
import { createKeychainKeySource } from './key_keychain.ts';
import { createPassphraseKeySource } from './key_passphrase.ts';

/** The kinds of key sources, the recommended first. `file` protects against nothing but a copied credentials folder. */
export const KEY_SOURCE_KINDS = ['keychain', 'passphrase', 'file'] as const;

/** Where the key is that opens the vault header. */
export type KeySourceKind = typeof KEY_SOURCE_KINDS[number];

/** Holds the key that opens the vault header: 32 bytes that never lie in the vault itself. */
export interface KeySource {
  readonly kind: KeySourceKind;
  /**
   * The key for a header that is about to be written. Made when there is none yet; one that is there
   * stays, as another process may have just made it.
   *
   * @throws {SigError} E_KEY_SOURCE, E_PASSPHRASE, E_TTY, E_PERMISSIONS, E_STORE
   */
  create(request: KeyRequest): Promise<Bytes>;
  /**
   * The key for a header that was read.
   *
   * @throws {SigError} E_KEY_MISSING when it is gone; never is another one made in its place
   */
  open(request: KeyRequest): Promise<Bytes>;
  /** Removes the key, once no header needs it. */
  discard(request: KeyRequest): Promise<void>;
}

/** What the key sources need. */
export interface KeySourceOptions {
  /** Asks for a passphrase. */
  readonly prompt: Prompt;
  /** Environment variables: `SIG_PASSPHRASE_FILE` names a private file that is read instead of asking. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How long the keychain may take, in milliseconds, a person's confirmation included. Default 3,000. */
  readonly keychainTimeoutMs?: number | undefined;
}

/**
 * The key source of a kind.
 *
 * @param home absolute path of the sig home
 * @throws {SigError} E_KEY_SOURCE when there is no such kind
 */
export function createKeySource(kind: string, home: string, options: KeySourceOptions): KeySource {
  switch (kind) {
    case 'file':
      return createFileKeySource(`${home}/key`);
    case 'keychain':
      return createKeychainKeySource(options);
    case 'passphrase':
      return createPassphraseKeySource(options);
    default:
      throw new SigError('E_KEY_SOURCE', `There is no key source "${kind}"`, {
        hint: `use one of ${KEY_SOURCE_KINDS.join(', ')}`,
      });
  }
}
