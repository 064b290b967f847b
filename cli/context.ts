import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import type { Renew } from '../src/login/renew.ts';
import type { Check } from '../src/sig/retest.ts';
import type { Context } from './command/command.ts';
import { type Io, printable } from './io.ts';
import { watchKeys } from './platform/keys.ts';
import { createPrompt } from './platform/prompt.ts';
import { createUserFiles } from './platform/user_files.ts';

/**
 * Builds the ports of this machine. Each is made when it is first asked for, so that a command pays
 * only for what it uses: `sig request` never loads the config editor, `sig completion` no vault.
 *
 * @param homeOption `--home`; else `SIG_HOME`, else `~/.sig`
 */
export function createContext(io: Io, homeOption: string | undefined, onInterrupt: Context['onInterrupt']): Context {
  const env = (name: string): string | undefined => process.env[name];
  const home = resolve(homeOption ?? (env('SIG_HOME') || join(homedir(), '.sig')));
  const configPath = join(home, 'config.yaml');
  const clock = { now: () => Date.now() };
  const prompt = createPrompt(printable);

  const configText = once(async () => (await import('./platform/config_file.ts')).readConfigFile(configPath));
  const send = once(async () => (await import('./platform/send.ts')).createSend({ env }));
  const vaultHome = once(async () => await import('./platform/vault_home.ts'));
  const vault = once(async () => await (await vaultHome()).openVault(home, { prompt, env: process.env }));
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
  /** @param isBusy whether records come one after the other, as from a proxy */
  const openAudit = async (isBusy: boolean) => {
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
  };
  const audit = once(() => openAudit(false));
  const browser = once(async () => {
    const { createBrowser } = await import('./platform/browser/browser.ts');
    return createBrowser({ home, env, platform: process.platform });
  });
  const renewal = once(async () => {
    const { createRenewal } = await import('../src/login/renew.ts');
    const ports = { send: await send(), clock, env };
    const renewBrowser: Renew = async (provider, old) => {
      const { renewByBrowser } = await import('../src/login/browser.ts');
      return await renewByBrowser(provider, old!, { ...ports, browser: await browser() });
    };
    return createRenewal({ ...ports, renewBrowser });
  });
  const check: Check = async (provider, credential) => {
    const { validateCredential } = await import('../src/login/validate.ts');
    return await validateCredential(provider, credential, { send: await send(), clock, env });
  };
  return {
    io,
    home,
    env,
    clock,
    prompt,
    onInterrupt,
    files: createUserFiles(onInterrupt),
    send,
    configText,
    editConfig: async (change) =>
      await (await import('./platform/config_file.ts')).editConfigFile(home, configPath, change),
    providers,
    vaultInfo: async () => await (await vaultHome()).readVaultInfo(home),
    initialise: async (source) => await (await vaultHome()).initialiseVault(home, source, { prompt, env: process.env }),
    credentials,
    audit,
    renewal,
    sig: once(async () => {
      const [{ createSig }, { createDecoders }] = await Promise.all([
        import('../src/sig/create_sig.ts'),
        import('./platform/decoder.ts'),
      ]);
      const [set, opened, sender, log, renew] = await Promise.all([
        providers(),
        credentials(),
        send(),
        audit(),
        renewal(),
      ]);
      const options = {
        providers: set,
        credentials: opened,
        send: sender,
        audit: log,
        renew,
        check,
        clock,
        env,
        decoders: createDecoders(),
      };
      if (!set.all.some((provider) => provider.config.oauth2?.dpop)) return createSig(options);
      const { remembering } = await import('../src/sig/remember.ts');
      return remembering(await vault(), clock, (taught) => createSig({ ...options, taught }));
    }),
    watchKeys,
    forgetBrowser: async (id) => await (await import('./platform/browser/profile.ts')).removeProfile(home, id),
    renameBrowser: async (from, to) =>
      await (await import('./platform/browser/profile.ts')).renameProfile(home, from, to),
    browse: async (options) => {
      const [{ obtainByBrowser }, opened, sender] = await Promise.all([
        import('../src/login/browser.ts'),
        browser(),
        send(),
      ]);
      const ports = { send: sender, clock, env, browser: opened };
      return (provider, old) => obtainByBrowser(provider, old, ports, options);
    },
    listenForRedirect: async (uri) => await (await import('./platform/loopback_redirect.ts')).listenForRedirect(uri),
    openUrl: async (url) => await (await import('./platform/open_url.ts')).openUrl(url),
    loginPorts: async () => ({
      credentials: await credentials(),
      audit: await audit(),
      send: await send(),
      prompt,
      clock,
      env,
    }),
    async startProxy(options) {
      const [{ startProxy }, set, openedVault, opened, log, renew] = await Promise.all([
        import('./compose_proxy.ts'),
        providers(),
        vault(),
        credentials(),
        openAudit(true),
        renewal(),
      ]);
      const parts = { home, configPath, env, clock, providers: set, vault: openedVault, credentials: opened };
      return await startProxy({ ...parts, audit: log, renew, check, placeholders: options.placeholders }, options);
    },
    daemon: once(async () => (await import('./platform/proxy/daemon.ts')).createDaemon({ home, env: process.env })),
    caTrust: async () => {
      const { createCaTrust } = await import('./platform/proxy/ca_trust.ts');
      return createCaTrust({ home, userHome: homedir(), platform: process.platform });
    },
    async runChild(options) {
      const [{ runChild }, { createMatcher }, { createNeedles }] = await Promise.all([
        import('./platform/run_child.ts'),
        import('../src/redact/matcher.ts'),
        import('../src/redact/needles.ts'),
      ]);
      const matcher = createMatcher(createNeedles(options.secrets));
      return await runChild(options, () => matcher.begin());
    },
    agentState: async (dir) => (await import('./compose_agent.ts')).composeAgent(dir, prompt, clock),
    timer: async () => (await import('./platform/timer.ts')).timer,
    serveTools: async (tools) => await (await import('./platform/mcp_server.ts')).serveTools(tools),
    probe: async () => await (await import('./compose_probe.ts')).probeMachine(clock),
    installation: async () => {
      const [{ VERSION }, { findInstallForm }] = await Promise.all([
        import('./platform/version.ts'),
        import('./platform/installation.ts'),
      ]);
      return { version: VERSION, form: findInstallForm() };
    },
    inspect: async () => await (await import('./platform/inspect.ts')).inspectMachine({ home, providers, credentials }),
  };
}

/** Makes something at the first call and gives out the same ever after. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
