import { homedir } from 'node:os';
import process from 'node:process';
import type { Renew } from '../src/login/renew.ts';
import type { Context } from './command/command.ts';
import { composeMachine, locateHome, once } from './compose_machine.ts';
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
  const home = locateHome(homeOption, process.env);
  const clock = { now: () => Date.now() };
  const prompt = createPrompt(printable);
  const renewBrowser: Renew = async (provider, old) => {
    const { renewByBrowser } = await import('../src/login/browser.ts');
    return await renewByBrowser(provider, old!, { send: await send(), clock, env, browser: await browser() });
  };
  const machine = composeMachine({ home, variables: process.env, prompt, clock, renewBrowser });
  const { env, configPath, providers, vault, credentials, send, renewal, check } = machine;

  const vaultHome = once(async () => await import('./platform/vault_home.ts'));
  const audit = once(() => machine.openAudit(false));
  const browser = once(async () => {
    const { createBrowser } = await import('./platform/browser/browser.ts');
    return createBrowser({ home, env, platform: process.platform });
  });
  return {
    io,
    home,
    env,
    clock,
    prompt,
    onInterrupt,
    files: createUserFiles(onInterrupt),
    send,
    configText: machine.configText,
    editConfig: async (change) =>
      await (await import('./platform/config_file.ts')).editConfigFile(home, configPath, change),
    providers,
    vaultInfo: async () => await (await vaultHome()).readVaultInfo(home),
    initialise: async (source) => await (await vaultHome()).initialiseVault(home, source, { prompt, env: process.env }),
    credentials,
    audit,
    renewal,
    sig: once(async () => {
      const [{ createSig }, options] = await Promise.all([
        import('../src/sig/create_sig.ts'),
        machine.sigOptions(audit),
      ]);
      if (!options.providers.all.some((provider) => provider.config.oauth2?.dpop)) return createSig(options);
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
        machine.openAudit(true),
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
