import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import {
  changeVaultKey,
  initialiseVault,
  openVault,
  readVaultInfo,
  type VaultHomeOptions,
} from '../../../cli/platform/vault_home.ts';
import { type SigError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';
import { bundleScript, endChildren, pickRuntime, startChild } from '../../_lib/run_child.ts';
import { hasProgram, isRoot, withOwnMounts } from '../../_lib/system.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

const worker = await bundleScript(new URL('../../_lib/store_worker.ts', import.meta.url));
afterEach(endChildren);

const jira = 'credentials/jira';

/** Somebody who gives these answers to hidden questions. */
function withAnswers(...answers: string[]): VaultHomeOptions {
  const nobody = () => Promise.reject(new Error('not expected'));
  const secret = () => answers.length ? Promise.resolve(new Secret(answers.shift()!)) : nobody();
  return { prompt: { line: nobody, confirm: nobody, secret }, env: {}, scryptCost: { n: 1024, r: 8, p: 1 } };
}
const options = withAnswers();

/** A home with a vault of the file kind and one credential. */
async function makeHome(): Promise<string> {
  const home = `${makeTempFolder()}/home`;
  await initialiseVault(home, 'file', options);
  await (await openVault(home, options)).seal(jira, 'value');
  return home;
}

/** Every file under a folder, with its content. */
function readTree(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(files.map((file) => {
    const path = `${file.parentPath}/${file.name}`;
    return [path.slice(folder.length + 1), readFileSync(path, 'utf8')];
  }));
}

test('initialiseVault() makes a vault once, openVault() opens it, readVaultInfo() tells of it', async () => {
  const home = `${makeTempFolder()}/home`;
  expect(await readVaultInfo(home)).toBeUndefined();
  await expect(openVault(home, options)).rejects.toMatchObject({
    code: 'E_NOT_INITIALISED',
    hint: 'make one with: sig init',
  });
  const { id, created } = await initialiseVault(home, 'file', options);
  expect(created).toBe(true);
  expect(await initialiseVault(home, 'passphrase', options)).toEqual({ id, source: 'file', created: false });
  expect(await readVaultInfo(home)).toEqual({ id, source: 'file' });
  await (await openVault(home, options)).seal(jira, { token: 'xyz' });
  expect((await (await openVault(home, options)).open(jira))?.value).toEqual({ token: 'xyz' });
  expect(Object.keys(readTree(home)).sort()).toEqual([
    'credentials/jira.json',
    'key',
    'vault/header.json',
    'vault/versions.json',
  ]);
});

test('openVault() asks for the passphrase only when a record is needed, and once', async () => {
  const home = `${makeTempFolder()}/home`;
  await initialiseVault(home, 'passphrase', withAnswers('correct horse', 'correct horse'));
  expect(await (await openVault(home, withAnswers())).list('credentials')).toEqual([]);
  const vault = await openVault(home, withAnswers('correct horse'));
  await vault.seal(jira, 1);
  expect((await vault.open(jira))?.value).toBe(1);
  await expect((await openVault(home, withAnswers('wrong horse'))).open(jira)).rejects.toMatchObject({
    code: 'E_PASSPHRASE',
  });
  const twice = await openVault(home, withAnswers('wrong horse', 'correct horse'));
  await expect(twice.open(jira)).rejects.toMatchObject({ code: 'E_PASSPHRASE' });
  expect((await twice.open(jira))?.value).toBe(1);
});

test('S1: a copied home opens elsewhere only when its key lies in it', async () => {
  const stolen = `${makeTempFolder()}/stolen`;
  const home = `${makeTempFolder()}/home`;
  await initialiseVault(home, 'passphrase', withAnswers('correct horse', 'correct horse'));
  await (await openVault(home, withAnswers('correct horse'))).seal(jira, 'value');
  cpSync(home, stolen, { recursive: true });
  expect(Object.keys(readTree(stolen))).not.toContain('key');
  await expect((await openVault(stolen, withAnswers('a guess at it'))).open(jira)).rejects.toMatchObject({
    code: 'E_PASSPHRASE',
  });

  const copied = `${makeTempFolder()}/copied`;
  const withFile = await makeHome();
  cpSync(withFile, copied, { recursive: true });
  expect((await (await openVault(copied, options)).open(jira))?.value).toBe('value');
  renameSync(`${copied}/key`, `${copied}/elsewhere`); // The credentials folder alone.
  await expect((await openVault(copied, options)).open(jira)).rejects.toMatchObject({ code: 'E_KEY_MISSING' });
});

test.each([['"n":1024', '"n":1099511627776'], ['"n":1024', '"n":2'], ['"r":8', '"r":16'], ['"p":1', '"p":2']])(
  'S2: a header with %s changed to %s does not open',
  async (from, to) => {
    const home = `${makeTempFolder()}/home`;
    await initialiseVault(home, 'passphrase', withAnswers('correct horse', 'correct horse'));
    const path = `${home}/vault/header.json`;
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
    const result = openVault(home, withAnswers('correct horse')).then((vault) => vault.seal(jira, 1));
    await expect(result).rejects.toMatchObject({ code: expect.stringMatching(/^E_CORRUPT$|^E_PASSPHRASE$/) });
  },
);

test('S3: a new passphrase rewrites one record, and the old passphrase opens nothing', async () => {
  const home = `${makeTempFolder()}/home`;
  await initialiseVault(home, 'passphrase', withAnswers('correct horse', 'correct horse'));
  const running = await openVault(home, withAnswers('correct horse'));
  for (const name of ['a', 'b', 'c']) await running.seal(`credentials/${name}`, name);
  const before = readTree(home);
  await changeVaultKey(home, 'passphrase', withAnswers('correct horse', 'battery staple', 'battery staple'));
  const after = readTree(home);
  expect(Object.keys(after)).toEqual(Object.keys(before));
  expect(Object.keys(after).filter((path) => after[path] !== before[path])).toEqual(['vault/header.json']);
  await expect((await openVault(home, withAnswers('correct horse'))).open('credentials/a')).rejects.toMatchObject({
    code: 'E_PASSPHRASE',
    hint: 'try again',
  });
  expect((await (await openVault(home, withAnswers('battery staple'))).open('credentials/a'))?.value).toBe('a');
  expect((await running.open('credentials/b'))?.value).toBe('b');
});

test('S3: the key source changes with one record, and the old key goes', async () => {
  const home = await makeHome();
  const passphrase = `${makeTempFolder()}/passphrase`;
  writeFileSync(passphrase, 'correct horse\n', { mode: 0o600 });
  const fromFile = { ...withAnswers(), env: { SIG_PASSPHRASE_FILE: passphrase } };
  await changeVaultKey(home, 'passphrase', fromFile);
  expect((await readVaultInfo(home))?.source).toBe('passphrase');
  expect(readdirSync(home)).not.toContain('key');
  expect((await (await openVault(home, fromFile)).open(jira))?.value).toBe('value');
  // A passphrase that follows a passphrase is asked for, whatever the file says.
  await changeVaultKey(home, 'passphrase', { ...withAnswers('battery staple', 'battery staple'), env: fromFile.env });
  await expect((await openVault(home, fromFile)).open(jira)).rejects.toMatchObject({ code: 'E_PASSPHRASE' });
  await changeVaultKey(home, 'file', withAnswers('battery staple'));
  expect((await (await openVault(home, options)).open(jira))?.value).toBe('value');
});

test('S3: a change that fails leaves the old key in force', async () => {
  const home = await makeHome();
  const before = readTree(home);
  await expect(changeVaultKey(home, 'passphrase', withAnswers('short', 'short'))).rejects.toMatchObject({
    code: 'E_PASSPHRASE',
  });
  expect(readTree(home)).toEqual(before);
  expect((await (await openVault(home, options)).open(jira))?.value).toBe('value');
});

test('S4: processes that start from one state seal with distinct salts and nonces', async () => {
  const home = await makeHome();
  const children = Array.from(
    { length: 8 },
    (_, n) => startChild(worker, ['draw', home, '12500'], { runtime: pickRuntime(n) }),
  );
  const pairs = new Set<string>();
  for (const child of children) {
    for (const pair of (await child.nextLine())!.split(' ')) pairs.add(pair);
  }
  expect(pairs.size).toBe(8 * 12_500 * 2);
}, 300_000);

test('S10: a bad record of any kind is kept, named with what to do, and other records stay usable', async () => {
  const home = await makeHome();
  const vault = await openVault(home, options);
  const path = `${home}/credentials/jira.json`;
  const good = readFileSync(path);
  const kinds: readonly (() => void)[] = [
    () => writeFileSync(path, '', { mode: 0o600 }),
    () => writeFileSync(path, new Uint8Array(300), { mode: 0o600 }),
    () => writeFileSync(path, good.subarray(0, 100), { mode: 0o600 }),
    () => writeFileSync(path, 'token: plain text', { mode: 0o600 }),
    () => symlinkSync('/dev/zero', path),
    () => symlinkSync('/etc/passwd', path),
    () => mkdirSync(path),
    () => {
      writeFileSync(path, '', { mode: 0o600 });
      truncateSync(path, 2 ** 21);
    },
  ];
  await vault.seal('credentials/other', 'other');
  for (const make of kinds) {
    rmSync(path, { recursive: true, force: true });
    make();
    const error: SigError = await vault.open(jira).then(() => expect.unreachable(), (reason) => reason);
    expect(error).toMatchObject({ code: 'E_CORRUPT', provider: 'jira', hint: 'log in again: sig login jira' });
    const kept = /the file is kept as "(.*)"$/.exec(error.message)![1]!;
    expect(kept.startsWith(`${path}.corrupt-`)).toBe(true);
    expect(readdirSync(`${home}/credentials`)).toContain(kept.split('/').at(-1));
    expect((await vault.open('credentials/other'))?.value).toBe('other');
    expect(await vault.list('credentials')).toEqual(['credentials/other']);
    await vault.seal(jira, 'again');
    expect((await vault.open(jira))?.value).toBe('again');
  }
  expect(readdirSync(`${home}/credentials`).filter((name) => name.includes('.corrupt-')).length).toBe(kinds.length);
});

test('S13: on a full, then read-only disk the old value stays, whatever the number of free bytes', async (context) => {
  context.skip(withOwnMounts === undefined, 'mounting is not allowed here');
  const home = makeTempFolder('disk');
  const child = startChild(worker, ['budget', home], { under: withOwnMounts });
  const line = await child.nextLine();
  expect((await child.end).stderr).toBe('');
  const { counts, readOnly, then } = JSON.parse(line!);
  expect(Object.keys(counts).sort()).toEqual(['E_STORE', 'stored']);
  expect(counts.E_STORE).toBeGreaterThan(20);
  expect(counts.stored).toBeGreaterThan(20);
  expect(readOnly).toContain('the file system is read-only');
  expect(then).toBe('old');
});

test('S14: 64 processes make 100 updates each, to one and to many records, and none is lost', async () => {
  const home = await makeHome();
  const names = (n: number) => ['shared', `of-${n % 8}`, 'shared', `of-${n}`].map((name) => `credentials/${name}`);
  const writers = Array.from(
    { length: 64 },
    (_, n) => startChild(worker, ['add', home, '100', ...names(n)], { runtime: pickRuntime(n) }),
  );
  const reader = startChild(worker, ['read', home, 'credentials/shared']);
  for (const child of writers) expect(await child.nextLine()).toBe('ready');
  for (const child of writers) child.send('go');
  const begin = performance.now();
  let longestMs = 0;
  for (const child of writers) {
    const line = await child.nextLine();
    if (line === undefined) throw new Error((await child.end).stderr);
    longestMs = Math.max(longestMs, Number(line));
  }
  const meanMs = (performance.now() - begin) / 100;
  reader.send('stop');
  expect(Number(await reader.nextLine())).toBeGreaterThan(10);

  const vault = await openVault(home, options);
  const records = await Promise.all((await vault.list('credentials')).map(async (name) => {
    const { value, version } = (await vault.open(name))!;
    return { name, version, ...(value as { sum: number; by: Record<string, number> }) };
  }));
  const counters = records.filter(({ name }) => name !== jira);
  expect(counters.reduce((total, { sum }) => total + sum, 0)).toBe(6400);
  expect(counters.find(({ name }) => name === 'credentials/shared')?.sum).toBe(3200);
  for (const { sum, version, by } of counters) {
    expect(version).toBe(sum);
    expect(Object.values(by).reduce((a, b) => a + b)).toBe(sum);
  }
  // Nobody waits for long: 5 s, or on a machine that is busy otherwise some times the mean.
  expect(longestMs).toBeLessThan(Math.max(5000, 20 * meanMs));
}, 300_000);

test('S15: 12 processes that start at once make one key, in 200 rounds', async () => {
  const folder = makeTempFolder();
  const children = Array.from(
    { length: 12 },
    (_, n) => startChild(worker, ['init', 'file'], { runtime: pickRuntime(n) }),
  );
  for (const child of children) expect(await child.nextLine()).toBe('ready');
  for (let round = 0; round < 200; round++) {
    for (const child of children) child.send(`${folder}/${round}`);
    const lines = await Promise.all(children.map((child) => child.nextLine()));
    if (lines.includes(undefined)) throw new Error((await children[lines.indexOf(undefined)]!.end).stderr);
    expect(lines.filter((line) => line!.startsWith('true ')).length).toBe(1);
    expect(new Set(lines.map((line) => line!.replace(/^(true|false) /, ''))).size).toBe(1);
  }
}, 300_000);

test('S16: no key is made while sealed records are there; the error says what to restore', async () => {
  const home = await makeHome();
  const before = readTree(home);
  rmSync(`${home}/key`, { force: true });
  await expect((await openVault(home, options)).open(jira)).rejects.toMatchObject({
    code: 'E_KEY_MISSING',
    hint: `restore it from a backup: cp BACKUP/key ${home}/key && chmod 400 ${home}/key`,
  });
  expect((await initialiseVault(home, 'file', options)).created).toBe(false);
  expect(readdirSync(home)).not.toContain('key');
  writeFileSync(`${home}/key`, before['key']!, { mode: 0o400 });
  expect((await (await openVault(home, options)).open(jira))?.value).toBe('value');

  for (const alsoLost of [[], ['vault/versions.json']]) {
    for (const path of ['vault/header.json', ...alsoLost]) rmSync(`${home}/${path}`);
    for (const call of [openVault(home, options), initialiseVault(home, 'file', options)]) {
      await expect(call).rejects.toMatchObject({
        code: 'E_KEY_MISSING',
        hint: expect.stringContaining('restore it from a backup'),
      });
    }
    writeFileSync(`${home}/vault/header.json`, before['vault/header.json']!, { mode: 0o600 });
  }
  expect((await (await openVault(home, options)).open(jira))?.value).toBe('value');
});

test('S16: another key in place of the lost one opens nothing and buries nothing', async () => {
  const home = await makeHome();
  const before = readTree(home);
  const other = await makeHome();
  rmSync(`${home}/key`, { force: true });
  cpSync(`${other}/key`, `${home}/key`);
  await expect((await openVault(home, options)).seal(jira, 'x')).rejects.toMatchObject({ code: 'E_KEY_MISSING' });
  cpSync(`${other}/vault/header.json`, `${home}/vault/header.json`);
  const vault = await openVault(home, options);
  for (const call of [vault.open(jira), vault.seal(jira, 'x'), vault.remove(jira)]) {
    await expect(call).rejects.toMatchObject({ code: 'E_KEY_MISSING' });
  }
  expect(readTree(home)['credentials/jira.json']).toBe(before['credentials/jira.json']);
});

test('S16: the files of sigcli 1.x do not stand in the way of a new vault', async () => {
  const home = makeTempFolder();
  mkdirSync(`${home}/credentials`, { mode: 0o700 });
  writeFileSync(`${home}/credentials/jira.json`, '{"version":1,"encrypted":true}', { mode: 0o600 });
  writeFileSync(`${home}/encryption.key`, 'AAAA', { mode: 0o600 });
  symlinkSync('nowhere', `${home}/credentials/link.json`);
  expect((await initialiseVault(home, 'file', options)).created).toBe(true);
  await expect((await openVault(home, options)).open(jira)).rejects.toMatchObject({ code: 'E_FORMAT' });
});

test.each(['000', '022', '077', '277', '777'])(
  'S19: all is private under umask %s, also in a home that was open',
  async (umask) => {
    const parent = makeTempFolder();
    const home = `${parent}/home`;
    mkdirSync(home);
    chmodSync(home, 0o755);
    // Root may do anything with any mode, so it becomes nobody.
    const under = isRoot && hasProgram('setpriv')
      ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
      : [];
    if (under.length > 0) {
      chmodSync(parent, 0o711);
      chownSync(home, 65534, 65534);
    }
    const child = startChild(worker, ['umask', home, umask], { under });
    expect([await child.nextLine(), (await child.end).stderr]).toEqual(['2', '']);
    const modes = readdirSync(home, { recursive: true, withFileTypes: true }).map((entry) => {
      const mode = (statSync(`${entry.parentPath}/${entry.name}`).mode & 0o777).toString(8);
      return `${entry.isDirectory() ? 'folder' : entry.name === 'key' ? 'key' : 'file'} ${mode}`;
    });
    expect([...new Set(modes)].sort()).toEqual(['file 600', 'folder 700', 'key 400']);
    expect((statSync(home).mode & 0o777).toString(8)).toBe('700');
  },
);

test('S20: a vault that others may read is not opened', async () => {
  const home = await makeHome();
  const vault = await openVault(home, options);
  for (const path of ['', '/credentials', '/credentials/jira.json', '/vault', '/vault/versions.json']) {
    const before = statSync(home + path).mode & 0o777;
    chmodSync(home + path, before | 0o044);
    await expect(vault.open(jira)).rejects.toMatchObject({
      code: 'E_PERMISSIONS',
      hint: expect.stringMatching(/^chmod [67]00 /),
    });
    chmodSync(home + path, before);
  }
  for (const path of ['/key', '/vault/header.json']) {
    chmodSync(home + path, 0o644);
    const result = openVault(home, options).then((opened) => opened.open(jira));
    await expect(result).rejects.toMatchObject({ code: 'E_PERMISSIONS' });
    chmodSync(home + path, 0o600);
  }
  expect((await vault.open(jira))?.value).toBe('value');
});

test('S24: openVault() asks nobody for a passphrase after forget(), and reads a file of it again', async () => {
  const home = `${makeTempFolder()}/home`;
  await initialiseVault(home, 'passphrase', withAnswers('correct horse', 'correct horse'));
  const vault = await openVault(home, withAnswers('correct horse', 'correct horse'));
  await vault.seal(jira, 'value');
  vault.forget();
  await expect(vault.open(jira)).rejects.toMatchObject({ code: 'E_VAULT_LOCKED', exitCode: 4 });
  const file = `${home}/passphrase`;
  writeFileSync(file, 'correct horse\n', { mode: 0o600 });
  const byFile = await openVault(home, { ...options, env: { SIG_PASSPHRASE_FILE: file } });
  for (let i = 0; i < 2; i++, byFile.forget()) expect((await byFile.open(jira))?.value).toBe('value');
});
