import type { Vault } from '../vault/vault.ts';
import { type Credential, credentialName, decodeCredential, encodeCredential } from './credential.ts';

/** What the credentials need of a vault. */
export type SealedRecords = Pick<Vault, 'open' | 'seal' | 'update' | 'remove' | 'rename' | 'list'>;

/** The credentials of all providers, sealed in a vault. */
export interface Credentials {
  open(providerId: string): Promise<Credential | undefined>;
  /**
   * Reads, changes and seals one credential under its lease, across processes: whoever waited sees
   * what the one before wrote.
   *
   * @param change answers with the new credential, or `undefined` to leave all as it is
   * @returns the credential that is stored afterwards
   */
  update(
    providerId: string,
    change: (old: Credential | undefined) => Promise<Credential | undefined>,
  ): Promise<Credential | undefined>;
  /** Seals a credential whatever was there before; a record that cannot be opened is kept aside. */
  seal(credential: Credential): Promise<void>;
  remove(providerId: string): Promise<void>;
  /** @throws {SigError} E_EXISTS when the new id has a record */
  rename(from: string, to: string): Promise<void>;
  /** Ids of all providers that have a record. */
  list(): Promise<string[]>;
}

/** Credentials over the sealed records of a vault. */
export function createCredentials(vault: SealedRecords): Credentials {
  const decode = (providerId: string, record: { readonly value: unknown } | undefined) =>
    record && decodeCredential(providerId, record.value);
  return {
    open: async (providerId) => decode(providerId, await vault.open(credentialName(providerId))),
    async update(providerId, change) {
      const stored = await vault.update(credentialName(providerId), async (current) => {
        const after = await change(decode(providerId, current));
        return after && encodeCredential(after);
      });
      return decode(providerId, stored);
    },
    async seal(credential) {
      await vault.seal(credentialName(credential.provider), encodeCredential(credential));
    },
    remove: (providerId) => vault.remove(credentialName(providerId)),
    async rename(from, to) {
      await vault.rename(credentialName(from), credentialName(to));
    },
    async list() {
      const names = await vault.list('credentials');
      return names.map((name) => name.slice('credentials/'.length));
    },
  };
}
