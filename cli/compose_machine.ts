/**
 * Puts the one path together for a sig home of this machine: what the command line and programs that
 * import `@sigcli/cli/platform` have in common.
 *
 * @module
 */

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AuditLog } from '../src/audit/audit_log.ts';
import type { Credentials } from '../src/credential/credentials.ts';
import type { Renew } from '../src/login/renew.ts';
import type { Clock, Prompt, Send } from '../src/ports.ts';
import type { ProviderSet } from '../src/provider/find.ts';
import type { SigOptions } from '../src/sig/create_sig.ts';
import type { Check } from '../src/sig/retest.ts';
import type { Vault } from '../src/vault/vault.ts';

/** Environment variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What a home is used with. */
export interface MachineOptions {
  /** Absolute path of the sig home. */
  readonly home: string;
  readonly variables: Variables;
  /** Asks for the passphrase of the vault. */
  readonly prompt: Prompt;
  readonly clock: Clock;
  /** Renews a login by a browser without a window; absent where none may be started. */
  readonly renewBrowser?: Renew | undefined;
}

/** The ports of a home, each made when it is first asked for. */
export interface Machine {
  readonly configPath: string;
  readonly env: (name: string) => string | undefined;
  /** The text of config.yaml; empty when there is none. */
  configText(): Promise<string>;
  /** @throws {SigError} E_CONFIG */
  providers(): Promise<ProviderSet>;
  /** @throws {SigError} E_NOT_INITIALISED, E_KEY_MISSING */
  vault(): Promise<Vault>;
  credentials(): Promise<Credentials>;
  send(): Promise<Send>;
  /** Obtains a new credential without a person. */
  renewal(): Promise<Renew>;
  /** Asks `validateUrl` whether a login still holds. */
  readonly check: Check;
  /**
   * The audit log.
   *
   * @param isBusy whether records come one after the other, as from a proxy
   */
  openAudit(isBusy: boolean): Promise<AuditLog>;
  /** All that `createSig` needs. */
  sigOptions(audit: () => Promise<AuditLog>): Promise<SigOptions>;
}

/**
 * Where the sig home is.
 *
 * @param named what a person or a program asks for; else `SIG_HOME`, else `~/.sig`
 * @returns an absolute path
 */
export function locateHome(named: string | undefined, variables: Variables): string {
  return resolve(named ?? (variables.SIG_HOME || join(homedir(), '.sig')));
}

/** Makes the ports of a home. Nothing is read before it is needed. */
export function composeMachine(options: MachineOptions): Machine {
  const { home, variables, prompt, clock, renewBrowser } = options;
  const env = (name: string): string | undefined => variables[name];
  const configPath = join(home, 'config.yaml');

  const configText = once(async () => (await import('./platform/config_file.ts')).readConfigFile(configPath));
  const send = once(async () => (await import('./platform/send.ts')).createSend({ env }));
  const vault = once(async () => {
    const { openVault } = await import('./platform/vault_home.ts');
    return await openVault(home, { prompt, env: variables });
  });
  const providers = once(async () => {
    const [text, { parseConfig }, { loadProviders }] = await Promise.all([
      configText(),
      import('../src/config/parse.ts'),
      import('../src/sig/load_providers.ts'),
    ]);
    return await loadProviders(parseConfig(text), configPath, env);
  });
  const credentials = once(async () => {
    const { createCredentials } = await import('../src/credential/credentials.ts');
    return createCredentials(await vault());
  });
  const renewal = once(async () => {
    const { createRenewal } = await import('../src/login/renew.ts');
    return createRenewal({ send: await send(), clock, env, ...(renewBrowser === undefined ? {} : { renewBrowser }) });
  });
  const check: Check = async (provider, credential) => {
    const { createCheck } = await import('../src/login/validate.ts');
    return await createCheck({ send: await send(), clock, env })(provider, credential);
  };
  return {
    configPath,
    env,
    configText,
    providers,
    vault,
    credentials,
    send,
    renewal,
    check,
    async openAudit(isBusy) {
      const [{ createAuditFile }, { createAuditLog }, { createHashMac }, { createFolderStore }] = await Promise.all([
        import('./platform/audit_file.ts'),
        import('../src/audit/audit_log.ts'),
        import('./platform/hash_mac.ts'),
        import('./platform/folder_store.ts'),
      ]);
      const lease = () => createFolderStore(home).lease('logs/audit');
      const log = createAuditFile({ folder: join(home, 'logs'), lease, isBusy });
      return createAuditLog(log, async () => {
        const key = await (await vault()).deriveKey('audit');
        const mac = createHashMac(key);
        key.fill(0);
        return mac;
      }, clock);
    },
    async sigOptions(openLog) {
      const [set, opened, sender, audit, renew, { createDecoders }] = await Promise.all([
        providers(),
        credentials(),
        send(),
        openLog(),
        renewal(),
        import('./platform/decoder.ts'),
      ]);
      return {
        providers: set,
        credentials: opened,
        send: sender,
        audit,
        renew,
        check,
        clock,
        env,
        decoders: createDecoders(),
      };
    },
  };
}

/** Makes something at the first call and gives out the same ever after. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
