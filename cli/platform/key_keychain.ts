import process from 'node:process';
import { setTimeout } from 'node:timers';
import { type Bytes, randomBytes } from '../../src/encoding/bytes.ts';
import { decodeBase64url, encodeBase64url } from '../../src/encoding/base64url.ts';
import { SigError } from '../../src/errors.ts';
import type { KeySource, KeySourceOptions } from './key_source.ts';
import { isBusAlive } from './session_bus.ts';

const SERVICE = 'sig vault key';
const TIMEOUT_MS = 3_000;

/** The part of `@napi-rs/keyring` that is used. */
export interface Keyring {
  AsyncEntry: new (service: string, account: string, options: { linux: { store: 'secret-service' } }) => KeyringEntry;
}

/** One item of the keychain. */
export interface KeyringEntry {
  getPassword(signal: AbortSignal): Promise<string | null>;
  setPassword(password: string, signal: AbortSignal): Promise<void>;
  deletePassword(signal: AbortSignal): Promise<boolean>;
}

/**
 * A key in the keychain of the system: Keychain on macOS, Credential Manager on Windows, Secret
 * Service on Linux. Whatever fails is an error; there is no other place to fall back to.
 *
 * @param load gives `@napi-rs/keyring`, an optional dependency
 */
export function createKeychainKeySource(
  { env, keychainTimeoutMs = TIMEOUT_MS }: Pick<KeySourceOptions, 'env' | 'keychainTimeoutMs'>,
  load: () => Promise<Keyring> = () => import('@napi-rs/keyring') as Promise<Keyring>,
): KeySource {
  async function use<T>(vault: string, work: (entry: KeyringEntry, signal: AbortSignal) => Promise<T>): Promise<T> {
    const bus = process.platform === 'linux' ? env['DBUS_SESSION_BUS_ADDRESS'] : undefined;
    if (bus && !await isBusAlive(bus, keychainTimeoutMs)) throw unusable('the D-Bus session bus does not answer');
    const { AsyncEntry } = await load().catch((cause) => {
      throw unusable('its add-on "@napi-rs/keyring" is not installed', cause);
    });
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    try {
      // Left to itself, the add-on falls back to a kernel keyring that forgets the key at the next boot.
      const entry = new AsyncEntry(SERVICE, vault, { linux: { store: 'secret-service' } });
      const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(new Error(`no answer within ${keychainTimeoutMs / 1000} s`));
          controller.abort();
        }, keychainTimeoutMs);
      });
      return await Promise.race([work(entry, controller.signal), timeout]);
    } catch (error) {
      throw unusable(error instanceof Error ? error.message : `${error}`, error);
    } finally {
      clearTimeout(timer);
    }
  }

  async function read(vault: string): Promise<Bytes | undefined> {
    const text = await use(vault, (entry, signal) => entry.getPassword(signal));
    if (text === null || text === undefined) return undefined;
    try {
      const key = decodeBase64url(text);
      if (key.length === 32) return key;
    } catch { /* The same answer. */ }
    throw new SigError('E_KEY_SOURCE', `The keychain item "${SERVICE}" does not hold a vault key`, {
      hint: `restore the item with account "${vault}" from a backup of the keychain`,
    });
  }

  async function open(vault: string): Promise<Bytes> {
    const key = await read(vault);
    if (key) return key;
    throw new SigError('E_KEY_MISSING', `The keychain has no item "${SERVICE}" for this vault`, {
      hint: `restore the item with account "${vault}" from a backup of the keychain`,
    });
  }

  return {
    kind: 'keychain',
    async create({ vault }) {
      const key = await read(vault);
      if (key) return key;
      await use(vault, (entry, signal) => entry.setPassword(encodeBase64url(randomBytes(32)), signal));
      return await open(vault);
    },
    open: ({ vault }) => open(vault),
    async discard({ vault }) {
      await use(vault, (entry, signal) => entry.deletePassword(signal));
    },
  };
}

function unusable(reason: string, cause?: unknown): SigError {
  const line = reason.replaceAll(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, 200);
  return new SigError('E_KEY_SOURCE', `Cannot use the keychain: ${line}`, {
    hint: 'unlock or start it and try again; or choose another key source: sig init --key-source passphrase',
    cause,
  });
}
