import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { commandsFor, createCaTrust } from '../../../../cli/platform/proxy/ca_trust.ts';
import { fingerprintOf } from '../../../../cli/platform/proxy/nss_store.ts';
import { createLeafIssuer, mintAuthority } from '../../../../src/proxy/leaf_issuer.ts';
import { findCommand, needCommands, runCommand } from '../../../_lib/command.ts';
import { useFolder } from '../../../_lib/lab.ts';

const CLOCK = { now: () => Date.now() };

async function mint(...hosts: string[]): Promise<string> {
  const { authority } = await mintAuthority(hosts, 'test', CLOCK);
  return createLeafIssuer(authority, CLOCK).certificatesPem;
}

/** A user's home with blanks and quotes in its name, one NSS database for each folder, and a CA. */
async function setUp(...stores: string[]) {
  const userHome = join(await useFolder(), `it's "my" $HOME`);
  const home = join(userHome, '.sig');
  await mkdir(join(home, 'proxy'), { recursive: true, mode: 0o700 });
  await chmod(home, 0o700);
  const caFile = join(home, 'proxy', 'ca.pem');
  const write = (pem: string) => writeFile(caFile, pem, { mode: 0o600 });
  await write(await mint('api.example.com'));
  const folders = stores.map((store) => join(userHome, store));
  for (const folder of folders) {
    await mkdir(folder, { recursive: true });
    const made = await runCommand('certutil', ['-N', '-d', `sql:${folder}`, '--empty-password']);
    expect(made.code).toBe(0);
    const other = await runCommand('certutil', ['-A', '-d', `sql:${folder}`, '-n', 'other', '-t', 'C,,', '-a'], {
      stdin: await mint('other.example'),
    });
    expect(other.code).toBe(0);
  }
  const list = async () =>
    await Promise.all(
      folders.map(async (folder) => (await runCommand('certutil', ['-L', '-d', `sql:${folder}`])).stdout),
    );
  return { caFile, write, folders, list, trust: createCaTrust({ home, userHome, platform: 'linux' }) };
}

test('T12: trust() adds the CA to the stores that are there, and untrust() leaves them as they were', async ({ skip }) => {
  needCommands(skip, 'certutil');
  const { trust, list, folders, caFile } = await setUp('.pki/nssdb', '.mozilla/firefox/x.default');
  const before = await list();
  const added = await trust.trust();
  expect(added).toMatchObject({
    changed: folders,
    failed: [],
    fingerprints: [fingerprintOf(await readFile(caFile, 'utf8'))],
  });
  for (const text of await list()) expect(text).toMatch(/sig proxy [0-9a-f]{16} +C,,/);
  // Once more changes nothing.
  expect((await trust.trust()).changed).toEqual([]);
  expect((await trust.untrust()).changed).toEqual(folders);
  expect(await list()).toEqual(before);
  expect((await trust.untrust()).changed).toEqual([]);
});

test('T12: untrust() removes every CA that was added, the ones before a new host too, and nothing else', async ({ skip }) => {
  needCommands(skip, 'certutil');
  const { trust, list, write, folders } = await setUp('.pki/nssdb');
  const before = await list();
  await trust.trust();
  await write(await mint('api.example.com', 'new.example.com'));
  await trust.trust();
  expect((await list())[0]!.match(/sig proxy/g)).toHaveLength(2);
  expect((await trust.untrust()).changed).toEqual([folders[0], folders[0]]);
  expect(await list()).toEqual(before);
});

test('T12: a certificate that only has the name of ours stays', async ({ skip }) => {
  needCommands(skip, 'certutil');
  const { trust, folders, list, caFile } = await setUp('.pki/nssdb');
  await trust.trust();
  const name = `sig proxy ${fingerprintOf(await readFile(caFile, 'utf8')).slice(0, 16)}`;
  const at = ['-d', `sql:${folders[0]}`, '-n', name];
  await runCommand('certutil', ['-D', ...at]);
  await runCommand('certutil', ['-A', ...at, '-t', 'C,,', '-a'], { stdin: await mint('stranger.example') });
  const before = await list();
  expect((await trust.untrust()).changed).toEqual([]);
  expect(await list()).toEqual(before);
});

test('T13: the command for the system store is one that a shell takes apart right, and it is not run', async ({ skip }) => {
  const [sh] = needCommands(skip, 'sh');
  if (!findCommand('sh')) skip('there is no sh');
  const { trust, caFile } = await setUp();
  const { commands, fingerprints, changed } = await trust.trust();
  expect([commands.length, changed]).toEqual([1, []]);
  const folder = await useFolder();
  await writeFile(join(folder, 'sudo'), `#!/bin/sh\nfor word; do printf '%s\\n' "$word"; done\n`, { mode: 0o755 });
  const ran = await runCommand(sh!, ['-c', commands[0]!], { env: { PATH: `${folder}:${process.env.PATH}` } });
  expect(ran.stdout.split('\n')).toEqual([
    'install',
    '-m',
    '644',
    '--',
    caFile,
    `/usr/local/share/ca-certificates/sig-${fingerprints[0]!.slice(0, 16)}.crt`,
    'update-ca-certificates',
    '',
  ]);
});

test('T13: macOS and Windows get commands with the path quoted, and with the fingerprint for taking it back', async () => {
  const pem = await mint('api.example.com');
  const paths = [`/Users/o'neil/.sig/proxy/ca.pem`, 'C:\\Users\\A B\\.sig\\proxy\\ca.pem'] as const;
  expect(commandsFor('darwin', 'trust', [pem], paths[0])).toEqual([
    `security add-trusted-cert -r trustRoot -p ssl '/Users/o'\\''neil/.sig/proxy/ca.pem'`,
  ]);
  expect(commandsFor('win32', 'trust', [pem], paths[1])).toEqual([`certutil -user -addstore Root "${paths[1]}"`]);
  for (const platform of ['darwin', 'win32']) {
    expect(commandsFor(platform, 'untrust', [pem], paths[0])[0]).toMatch(/ [0-9A-F]{40}( -t)?$/);
  }
});

test('trust() without a CA says how to make one', async () => {
  const home = await useFolder();
  const trust = createCaTrust({ home, userHome: home, platform: 'linux' });
  await expect(trust.trust()).rejects.toMatchObject({
    code: 'E_USAGE',
    hint: expect.stringContaining('sig proxy start'),
  });
  expect(await trust.untrust()).toEqual({ fingerprints: [], changed: [], failed: [], commands: [] });
});

test('T12: a record that is damaged is named, and stays as it is', async () => {
  const { trust, caFile } = await setUp();
  const record = join(caFile, '..', 'trusted.json');
  await writeFile(record, '[{"folder":', { mode: 0o600 });
  await expect(trust.untrust()).rejects.toMatchObject({ code: 'E_CORRUPT', message: expect.stringContaining(record) });
  expect(await readFile(record, 'utf8')).toBe('[{"folder":');
});
