/**
 * The sig home of this machine for programs that run on it.
 *
 * @module
 */

import process from 'node:process';
import { SigError } from '../src/errors.ts';
import type { Clock, Prompt } from '../src/ports.ts';
import { cacheCredentials } from '../src/proxy/credential_cache.ts';
import { Secret } from '../src/secret.ts';
import { createSig, type SigOptions } from '../src/sig/create_sig.ts';
import type { Sig } from '../src/sig/sig.ts';
import type { Vault } from '../src/vault/vault.ts';
import { composeMachine, locateHome, type Variables } from './compose_machine.ts';

/** How a sig home is opened. */
export interface OpenSigOptions {
  /** Its folder. Default: `SIG_HOME`, else `~/.sig`. */
  readonly home?: string | undefined;
  /**
   * Environment variables: those that config.yaml names, and those of the command line such as `SIG_EXTRA_CA`,
   * `SIG_PASSPHRASE_FILE` and `HTTPS_PROXY`. Default: the process's.
   */
  readonly variables?: Variables | undefined;
  /**
   * Gives the passphrase, when the vault has one and `SIG_PASSPHRASE_FILE` names no file. Called at the first
   * request. By default that request fails: nobody is asked.
   */
  readonly passphrase?: (() => Promise<Secret | string> | Secret | string) | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** What {@link openSig} puts together, for a program that replaces a part of it. */
export interface SigParts extends SigOptions {
  /** Folder of the sig home, absolute. */
  readonly home: string;
  readonly vault: Vault;
}

/**
 * Opens the logins of this machine's user for a program: the same vault, config, locks and audit log that `sig`
 * itself uses. The program is not shown a secret: it is put into the request when it leaves, and taken out of the
 * answer. A login that ends is renewed, once for all processes. Nothing asks a person and no browser is started:
 * where that would be needed, `E_LOGIN_REQUIRED` names the command to type.
 *
 * Vault and secrets are in the memory of this process all the same. Code that you do not trust belongs behind
 * `sig run`.
 *
 * config.yaml is read once; who changes it opens it again.
 *
 * @returns what sends requests; the vault is opened at the first of them
 * @throws {SigError} E_NOT_INITIALISED, E_CONFIG, E_PERMISSIONS, E_STORE; E_KEY_SOURCE and E_PASSPHRASE come from
 * the first request
 * @example
 * ```ts
 * const sig = await openSig();
 * const response = await sig.fetch(new Request('https://api.example.com/me'));
 * ```
 */
export async function openSig(options: OpenSigOptions = {}): Promise<Sig> {
  return createSig(await openParts(options));
}

/**
 * The parts of {@link openSig}, for a program that wants another audit sink, sender or renewal.
 *
 * @throws {SigError} as {@link openSig}
 * @example
 * ```ts
 * const parts = await openParts();
 * const sig = createSig({ ...parts, audit: { write: async (event) => { await parts.audit.write(event); log(event); } } });
 * ```
 */
export async function openParts(options: OpenSigOptions = {}): Promise<SigParts> {
  const { variables = process.env, clock = { now: () => Date.now() } } = options;
  const home = locateHome(options.home, variables);
  const machine = composeMachine({ home, variables, clock, prompt: answering(options.passphrase) });
  const [parts, vault] = await Promise.all([
    machine.sigOptions(() => machine.openAudit(true)),
    machine.vault(),
  ]);
  return { ...parts, credentials: cacheCredentials(parts.credentials, clock), home, vault };
}

/** A prompt that asks the program, never a person. */
function answering(passphrase: OpenSigOptions['passphrase']): Prompt {
  const refuse = (): Promise<never> =>
    Promise.reject(
      new SigError('E_KEY_SOURCE', 'The vault needs its passphrase, and a program is not asked for it', {
        hint: 'hand over the option "passphrase", or let SIG_PASSPHRASE_FILE name a private file that holds it',
      }),
    );
  return {
    line: refuse,
    confirm: refuse,
    async secret() {
      if (passphrase === undefined) return await refuse();
      const given = await passphrase();
      return given instanceof Secret ? given : new Secret(given);
    },
  };
}
