import { constants } from 'node:fs';
import { access, lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { Credentials } from '../../src/credential/credentials.ts';
import { isSigError } from '../../src/errors.ts';
import type { ProviderSet } from '../../src/provider/find.ts';
import type { Finding } from '../command/command.ts';
import { readVaultInfo } from './vault_home.ts';

/** What the inspection looks at. */
export interface InspectOptions {
  readonly home: string;
  readonly providers: () => Promise<ProviderSet>;
  readonly credentials: () => Promise<Credentials>;
}

/** Looks at this machine and the sig home; changes nothing and sends nothing. */
export async function inspectMachine(options: InspectOptions): Promise<Finding[]> {
  const findings: Finding[] = [runtime()];
  const vault = await attempt('vault', async () => await inspectVault(options.home));
  findings.push(...vault);
  if (vault.some((finding) => finding.state === 'failure')) return findings;
  findings.push(...await attempt('modes', async () => await inspectModes(options.home)));
  findings.push(
    ...await attempt('config', async () => {
      const { all } = await options.providers();
      return [{ check: 'config', state: 'ok', message: `${all.length} provider${all.length === 1 ? '' : 's'}` }];
    }),
  );
  findings.push(...await attempt('logins', async () => await inspectLogins(options)));
  findings.push(...await attempt('kept aside', async () => await inspectAside(options.home)));
  return findings;
}

function runtime(): Finding {
  const { deno, bun } = process.versions as Record<string, string | undefined>;
  const name = deno !== undefined ? `Deno ${deno}` : bun !== undefined ? `Bun ${bun}` : `Node ${process.versions.node}`;
  return { check: 'runtime', state: 'ok', message: `${name} on ${process.platform} ${process.arch}` };
}

async function inspectVault(home: string): Promise<Finding[]> {
  const info = await readVaultInfo(home);
  if (info === undefined) {
    return [{ check: 'vault', state: 'failure', message: `there is none in ${home}`, hint: 'make it: sig init' }];
  }
  if (info.source !== 'file') return [{ check: 'vault', state: 'ok', message: `its key is in the ${info.source}` }];
  return [{
    check: 'vault',
    state: 'warning',
    message: 'its key lies beside it in a file: that protects against nothing but a copied credentials folder',
    hint: 'make a new home with: sig init --key-source keychain, or --key-source passphrase',
  }];
}

/** Files and folders that others could read or write. */
async function inspectModes(home: string): Promise<Finding[]> {
  if (process.platform === 'win32') return [];
  const open: string[] = [];
  const walk = async (path: string, depth: number) => {
    const stats = await lstat(path);
    if (stats.isSymbolicLink() || stats.isSocket()) return;
    if ((stats.mode & 0o077) !== 0 || stats.uid !== process.getuid!()) open.push(path);
    if (!stats.isDirectory() || depth === 0) return;
    for (const name of await readdir(path)) await walk(join(path, name), depth - 1);
  };
  await walk(home, 2);
  if (open.length === 0) return [{ check: 'modes', state: 'ok', message: 'nothing is open to others' }];
  return open.map((path) => ({
    check: 'modes',
    state: 'failure',
    message: `${path} is open to others or is not yours`,
    hint: `chown ${process.getuid!()} "${path}" && chmod go= "${path}"`,
  }));
}

/** Logins without an entry in config.yaml, and records that do not open. */
async function inspectLogins({ providers, credentials }: InspectOptions): Promise<Finding[]> {
  const known = new Set((await providers()).all.map((provider) => provider.id));
  const opened = await credentials();
  const findings: Finding[] = [];
  const ids = await opened.list();
  for (const id of ids) {
    if (!known.has(id)) {
      findings.push({ check: 'logins', state: 'warning', message: `"${id}" has a login and no entry in config.yaml` });
    }
    findings.push(
      ...await attempt('logins', async () => {
        await opened.open(id);
        return [];
      }),
    );
  }
  return findings.length > 0
    ? findings
    : [{ check: 'logins', state: 'ok', message: `${ids.length} stored, all of them open` }];
}

async function inspectAside(home: string): Promise<Finding[]> {
  const folder = join(home, 'credentials');
  const isThere = await access(folder, constants.R_OK).then(() => true, () => false);
  const names = isThere ? await readdir(folder) : [];
  return names.filter((name) => name.includes('.corrupt-')).map((name) => ({
    check: 'kept aside',
    state: 'warning',
    message: `${join(folder, name)} is a record that could not be read`,
    hint: 'remove it when you no longer need it',
  }));
}

async function attempt(check: string, inspect: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await inspect();
  } catch (error) {
    if (!isSigError(error)) throw error;
    return [{
      check,
      state: 'failure',
      message: error.message,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    }];
  }
}
