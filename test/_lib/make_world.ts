/**
 * A home with providers and logins: made in the test's own process with the product's own vault, used
 * by the real `sig`. Scripts that are no tests use it too.
 *
 * @module
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initialiseVault, openVault } from '../../cli/platform/vault_home.ts';
import { parseConfig } from '../../src/config/parse.ts';
import type { Credential } from '../../src/credential/credential.ts';
import { createCredentials, type Credentials } from '../../src/credential/credentials.ts';
import type { Prompt } from '../../src/ports.ts';
import type { ProviderSet } from '../../src/provider/find.ts';
import { loadProviders } from '../../src/sig/load_providers.ts';
import type { CommandResult } from './command.ts';
import { makeCredential } from './fixture.ts';
import { runSig, type SigOptions } from './sig.ts';

/** Nobody is there to ask. */
const nobody: Prompt = {
  line: () => Promise.reject(new Error('asked')),
  secret: () => Promise.reject(new Error('asked')),
  confirm: () => Promise.reject(new Error('asked')),
};

/** A sig home and the `sig` that uses it. */
export interface World {
  readonly home: string;
  readonly credentials: Credentials;
  providers(): Promise<ProviderSet>;
  /** Stores a login: values by `as`, made one minute ago. */
  logIn(providerId: string, values: Readonly<Record<string, string>>, more?: Partial<Credential>): Promise<void>;
  writeConfig(text: string): Promise<void>;
  sig(args: readonly string[], options?: Omit<SigOptions, 'home'>): Promise<CommandResult>;
}

/**
 * Makes a home with a key file and that config.
 *
 * @param home a path at which nothing is yet
 * @param env variables of every `sig` of this world, such as `SIG_EXTRA_CA`
 */
export async function makeWorld(
  home: string,
  config = 'providers: {}\n',
  env: Readonly<Record<string, string>> = {},
): Promise<World> {
  const options = { prompt: nobody, env: {} };
  await initialiseVault(home, 'file', options);
  const credentials = createCredentials(await openVault(home, options));
  const world: World = {
    home,
    credentials,
    providers: async () => await loadProviders(parseConfig(config), 'config.yaml', (name) => env[name]),
    async logIn(providerId, values, more = {}) {
      const provider = (await world.providers()).get(providerId);
      if (!provider) throw new Error(`no provider ${providerId}`);
      const obtainedAtSec = Math.floor(Date.now() / 1000) - 60;
      await credentials.seal(makeCredential(provider, values, { obtainedAtSec, ...more }));
    },
    async writeConfig(text) {
      config = text;
      await mkdir(home, { recursive: true });
      await writeFile(join(home, 'config.yaml'), text, { mode: 0o600 });
    },
    sig: (args, more = {}) => runSig(args, { home, ...more, env: { ...env, ...more.env } }),
  };
  await world.writeConfig(config);
  return world;
}

/** One provider with a pasted token for each given `host:port`. */
export function tokenProvider(id: string, ...domains: string[]): string {
  return `  ${id}:
    domains: [${domains.map((domain) => `'${domain}'`).join(', ')}]
    strategy: prompt
    extract: [{ from: prompt, as: token, match: Paste it }]
    apply: [{ in: header, name: Authorization, value: 'Bearer \${token}' }]
`;
}
