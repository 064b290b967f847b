import { expect, test, vi } from 'vitest';
import { decodeUtf8, encodeUtf8, randomBytes } from '../../../src/encoding/bytes.ts';
import { encodeBase64url } from '../../../src/encoding/base64url.ts';
import { SigError } from '../../../src/errors.ts';
import type { Store } from '../../../src/ports.ts';
import { importRootKey } from '../../../src/vault/derive.ts';
import { createMemoryStore } from '../../../src/vault/memory_store.ts';
import { createVault, type Vault } from '../../../src/vault/vault.ts';
import { VERSIONS_KEY } from '../../../src/vault/version_index.ts';

const dek = randomBytes(32);
const id = encodeBase64url(randomBytes(16));
const jira = 'credentials/jira';
const jiraFile = 'credentials/jira.json';

function makeVault(
  store: Store = createMemoryStore(),
  key = () => Promise.resolve(dek.slice()),
): { store: Store; vault: Vault } {
  return { store, vault: createVault({ store, id, key }) };
}

/** What is in the whole store, by key. */
async function snapshot(store: Store): Promise<Record<string, string>> {
  const keys = [...await store.list('credentials'), ...await store.list('vault')];
  const entries = await Promise.all(keys.map(async (key) => [key, decodeUtf8((await store.get(key))!.bytes)]));
  return Object.fromEntries(entries);
}

async function copyBack(store: Store, files: Record<string, string>): Promise<void> {
  for (const [key, text] of Object.entries(files)) await store.put(key, encodeUtf8(text));
}

test('seal() stores what open() gives back, one version higher each time', async () => {
  const { store, vault } = makeVault();
  expect(await vault.open(jira)).toBeUndefined();
  expect(await vault.seal(jira, { token: 'a' })).toEqual({ value: { token: 'a' }, version: 1 });
  expect(await vault.seal(jira, { token: 'b' })).toEqual({ value: { token: 'b' }, version: 2 });
  expect(await makeVault(store).vault.open(jira)).toEqual({ value: { token: 'b' }, version: 2 });
  expect(await vault.list('credentials')).toEqual(['credentials/jira']);
  expect(JSON.stringify(await snapshot(store))).not.toContain('token');
});

test('createVault() asks for the key when it is first needed, once, and again after a failure', async () => {
  let asked = 0;
  const { vault } = makeVault(undefined, () => {
    asked++;
    return asked === 1 ? Promise.reject(new SigError('E_PASSPHRASE', 'no')) : Promise.resolve(dek.slice());
  });
  expect(await vault.list('credentials')).toEqual([]);
  expect(await vault.open(jira)).toBeUndefined();
  expect(asked).toBe(0);
  await expect(vault.seal(jira, 1)).rejects.toMatchObject({ code: 'E_PASSPHRASE' });
  await Promise.all([vault.seal(jira, 1), vault.seal('credentials/b', 1), vault.open(jira)]);
  expect(asked).toBe(2);
});

test('createVault() takes an imported key too', async () => {
  const { store, vault } = makeVault();
  await vault.seal(jira, 1);
  const other = createVault({ store, id, key: () => importRootKey(dek.slice()) });
  expect((await other.open(jira))?.value).toBe(1);
  expect(await other.deriveKey('audit')).toEqual(await vault.deriveKey('audit'));
  expect(await other.deriveKey('audit')).not.toEqual(await vault.deriveKey('other'));
});

test.each([
  '',
  'jira',
  '/jira',
  'a/b/c',
  'A/b',
  'credentials/../x',
  'credentials/.x',
  'vault/header',
  'vault/versions',
  `a/${'b'.repeat(101)}`,
])(
  'S22: no member takes the name %j',
  async (name) => {
    const { vault } = makeVault();
    const calls = [
      () => vault.open(name),
      () => vault.seal(name, 1),
      () => vault.update(name, () => 1),
      () => vault.remove(name),
      () => vault.rename(name, jira),
      () => vault.rename(jira, name),
    ];
    for (const call of calls) await expect((async () => await call())()).rejects.toThrow(TypeError);
  },
);

test('update() changes what is there, with nobody else in between', async () => {
  const { store, vault } = makeVault();
  const other = makeVault(store).vault;
  await Promise.all(Array.from({ length: 40 }, (_, n) =>
    (n % 2 ? vault : other).update(jira, async (current) => {
      await Promise.resolve();
      return ((current?.value ?? 0) as number) + 1;
    })));
  expect(await vault.open(jira)).toEqual({ value: 40, version: 40 });
});

test('update() leaves all as it was when the change is undefined or throws', async () => {
  const { store, vault } = makeVault();
  await vault.seal(jira, 'old');
  const before = await snapshot(store);
  expect(await vault.update(jira, () => undefined)).toEqual({ value: 'old', version: 1 });
  await expect(vault.update(jira, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  expect(await vault.update('credentials/none', () => undefined)).toBeUndefined();
  expect(await snapshot(store)).toEqual(before);
  await vault.seal(jira, 'new'); // The lease was given back.
});

test('S17: the old value opens until the new one is stored, however that fails', async () => {
  const store = createMemoryStore();
  await makeVault(store).vault.seal(jira, 'old');
  for (const member of ['get', 'put', 'lease'] as const) {
    let calls = 0;
    for (let failing = 1; failing < 20; failing++) {
      calls = 0;
      const flaky = {
        ...store,
        [member]: (...args: never[]) => {
          if (++calls === failing) return Promise.reject(new SigError('E_STORE', 'The disk failed'));
          return (store[member] as (...args: never[]) => Promise<unknown>)(...args);
        },
      } as Store;
      const stored = await makeVault(flaky).vault.seal(jira, `new ${member} ${failing}`).then(() => true, () => false);
      const value = (await makeVault(store).vault.open(jira))?.value;
      expect(value).toBe(stored ? `new ${member} ${failing}` : 'old');
      await makeVault(store).vault.seal(jira, 'old');
    }
    expect(calls).toBeGreaterThan(0);
  }
});

test('remove() removes, and later values still have higher versions', async () => {
  const { vault } = makeVault();
  await vault.remove(jira);
  await vault.seal(jira, 1);
  await vault.remove(jira);
  expect(await vault.open(jira)).toBeUndefined();
  expect((await vault.seal(jira, 2)).version).toBeGreaterThan(2);
});

test('rename() moves a value, refuses a taken name, and ends a rename that was cut short', async () => {
  const { store, vault } = makeVault();
  expect(await vault.rename(jira, 'credentials/new')).toBe(false);
  await vault.seal(jira, { a: 1 });
  await vault.seal('credentials/taken', { a: 2 });
  await expect(vault.rename(jira, 'credentials/taken')).rejects.toMatchObject({ code: 'E_EXISTS' });
  await expect((async () => await vault.rename(jira, jira))()).rejects.toThrow(TypeError);

  const cut: Store = { ...store, remove: () => Promise.reject(new SigError('E_STORE', 'The disk failed')) };
  await expect(makeVault(cut).vault.rename(jira, 'credentials/new')).rejects.toMatchObject({ code: 'E_STORE' });
  expect((await vault.open(jira))?.value).toEqual({ a: 1 });
  expect(await vault.rename(jira, 'credentials/new')).toBe(true);
  expect(await vault.list('credentials')).toEqual(['credentials/new', 'credentials/taken']);
  expect((await vault.open('credentials/new'))?.value).toEqual({ a: 1 });
});

test('rename() both ways at once does not lock up', async () => {
  const { vault } = makeVault();
  await vault.seal(jira, 1);
  await Promise.allSettled([vault.rename(jira, 'credentials/b'), vault.rename('credentials/b', jira)]);
  expect((await vault.list('credentials')).length).toBe(1);
});

test('S5: a record that was moved to another provider does not open', async () => {
  const { store, vault } = makeVault();
  await vault.seal(jira, 'secret');
  await store.put('credentials/evil.json', (await store.get(jiraFile))!.bytes);
  await expect(vault.open('credentials/evil')).rejects.toMatchObject({
    code: 'E_TAMPER',
    provider: 'evil',
    message: 'Cannot open credential "evil": it belongs to "credentials/jira"; the file is "credentials/evil.json"',
  });
  await expect(vault.update('credentials/evil', () => 1)).rejects.toMatchObject({ code: 'E_TAMPER' });
  await expect(vault.rename('credentials/evil', 'credentials/x')).rejects.toMatchObject({ code: 'E_TAMPER' });
  expect(await store.get('credentials/evil.json')).toBeDefined();
});

test('S8: a planted plaintext or sigcli 1.x record is refused; the latter stays for the import', async () => {
  const { store, vault } = makeVault();
  await store.put(jiraFile, encodeUtf8('{"token":"planted"}'));
  await expect(vault.open(jira)).rejects.toMatchObject({ code: 'E_CORRUPT' });
  const old = encodeUtf8('{"version":1,"encrypted":true,"iv":"","authTag":"","ciphertext":""}');
  await store.put(jiraFile, old);
  for (let n = 0; n < 2; n++) {
    await expect(vault.open(jira)).rejects.toMatchObject({ code: 'E_FORMAT', hint: 'import it: sig import sigcli' });
  }
  expect((await store.get(jiraFile))?.bytes).toEqual(old);
});

test('S9: a record put back to an older copy is refused until it is written anew', async () => {
  const { store, vault } = makeVault();
  await vault.seal('credentials/other', 'o');
  await vault.seal(jira, 'first');
  const old = (await store.get(jiraFile))!.bytes;
  await vault.seal(jira, 'second');
  await store.put(jiraFile, old);
  for (const opener of [vault, makeVault(store).vault]) {
    await expect(opener.open(jira)).rejects.toMatchObject({ code: 'E_ROLLBACK', provider: 'jira' });
    await expect(opener.update(jira, () => 'x')).rejects.toMatchObject({ code: 'E_ROLLBACK' });
  }
  expect((await vault.open('credentials/other'))?.value).toBe('o');
  expect((await vault.seal(jira, 'third')).version).toBe(3);
  expect((await vault.open(jira))?.value).toBe('third');
});

test('S9: a removed record that is put back is refused', async () => {
  const { store, vault } = makeVault();
  await vault.seal(jira, 'first');
  const old = (await store.get(jiraFile))!.bytes;
  await vault.remove(jira);
  await store.put(jiraFile, old);
  await expect(vault.open(jira)).rejects.toMatchObject({ code: 'E_ROLLBACK' });
});

test('S9: a record newer than its note opens, and the next write heals the index', async () => {
  const { store, vault } = makeVault();
  await vault.seal(jira, 'first');
  const index = (await store.get(VERSIONS_KEY))!.bytes;
  await vault.seal(jira, 'second');
  await store.put(VERSIONS_KEY, index); // As if the process had died between the two writes.
  expect(await vault.open(jira)).toEqual({ value: 'second', version: 2 });
  const second = (await store.get(jiraFile))!.bytes;
  expect((await vault.seal(jira, 'third')).version).toBe(3);
  await store.put(jiraFile, second);
  await expect(vault.open(jira)).rejects.toMatchObject({ code: 'E_ROLLBACK' });
});

test('S9: without an index all records open; a whole folder put back goes unnoticed, as documented', async () => {
  const { store, vault } = makeVault();
  await vault.seal(jira, 'first');
  const yesterday = await snapshot(store);
  await vault.seal(jira, 'second');
  await copyBack(store, yesterday);
  expect((await vault.open(jira))?.value).toBe('first');
  await store.remove(VERSIONS_KEY);
  expect((await makeVault(store).vault.open(jira))?.value).toBe('first');
});

test('S9: a reader beside a writer never takes a fresh record for an old one', async () => {
  const { store, vault } = makeVault();
  // A store that gives others a turn at each step.
  const slow = new Proxy(store, {
    get: (target, member: keyof Store) => async (...args: never[]) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 2));
      return await (target[member] as (...args: never[]) => Promise<unknown>)(...args);
    },
  });
  const writer = (async () => {
    for (let n = 1; n <= 30; n++) await (n % 10 === 0 ? vault.remove(jira) : makeVault(slow).vault.seal(jira, n));
  })();
  let isOver = false;
  void writer.finally(() => isOver = true);
  while (!isOver) await makeVault(slow).vault.open(jira);
  await writer;
});

test('S10: a corrupt record is moved aside at once, named, and affects no other', async () => {
  const { store, vault } = makeVault();
  await vault.seal('credentials/other', 'o');
  await vault.seal(jira, 'first');
  const garbage = encodeUtf8('garbage');
  await store.put(jiraFile, garbage);
  const error: SigError = await vault.open(jira).then(() => expect.unreachable(), (reason) => reason);
  const [, kept] = /the file is kept as "(credentials\/jira\.json\.corrupt-[0-9-]+)"$/.exec(error.message)!;
  expect(error).toMatchObject({ code: 'E_CORRUPT', provider: 'jira', hint: 'log in again: sig login jira' });
  expect((await store.get(kept!))?.bytes).toEqual(garbage);
  expect(await vault.open(jira)).toBeUndefined();
  expect((await vault.open('credentials/other'))?.value).toBe('o');
  expect(await vault.list('credentials')).toEqual(['credentials/other']);
  expect((await vault.seal(jira, 'second')).version).toBe(2);
});

test('S10: of several that meet a corrupt record at once, one moves it and none loses a new value', async () => {
  for (let round = 0; round < 20; round++) {
    const { store, vault } = makeVault();
    await store.put(jiraFile, encodeUtf8('garbage'));
    const opens = [1, 2, 3].map(() => makeVault(store).vault.open(jira));
    const [sealed, ...opened] = await Promise.allSettled([vault.seal(jira, 'new'), ...opens]);
    expect(sealed!.status).toBe('fulfilled');
    for (const result of opened) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'E_CORRUPT' });
      else if (result.value !== undefined) expect(result.value).toMatchObject({ value: 'new' });
    }
    expect((await vault.open(jira))?.value).toBe('new');
  }
});

test('S10: a corrupt record stays, and says where, when it cannot be moved', async () => {
  const { store } = makeVault();
  await store.put(jiraFile, encodeUtf8('garbage'));
  const readOnly = new SigError('E_STORE', 'The file system is read-only');
  for (const change of [{ setAside: () => Promise.reject(readOnly) }, { lease: () => Promise.reject(readOnly) }]) {
    await expect(makeVault({ ...store, ...change }).vault.open(jira)).rejects.toMatchObject({
      code: 'E_CORRUPT',
      message: expect.stringContaining('the file is "credentials/jira.json"'),
    });
  }
  expect(await store.get(jiraFile)).toBeDefined();
});

test('S10: seal() and remove() keep aside whatever does not open', async () => {
  const { store, vault } = makeVault();
  await makeVault(store, () => Promise.resolve(randomBytes(32))).vault.seal('credentials/foreign', 1);
  const foreign = (await store.get('credentials/foreign.json'))!.bytes;
  await store.remove(VERSIONS_KEY);
  const bad = [...['', 'garbage', '{"version":1}', '{"format":"sig-sealed-2"}'].map(encodeUtf8), foreign];
  let kept = 0;
  const counting: Store = { ...store, setAside: (key) => (kept++, store.setAside(key)) };
  for (const [n, bytes] of bad.entries()) {
    await store.put(jiraFile, bytes);
    await makeVault(counting).vault.seal(jira, n);
    expect((await vault.open(jira))?.value).toBe(n);
    await store.put(jiraFile, bytes);
    await makeVault(counting).vault.remove(jira);
    expect(await vault.open(jira)).toBeUndefined();
  }
  expect(kept).toBe(2 * bad.length);
});

test('S16: with another key nothing opens, nothing is overwritten unasked, and nothing is lost', async () => {
  const { store, vault } = makeVault();
  await vault.seal(jira, 'first');
  const before = await snapshot(store);
  await store.remove(VERSIONS_KEY);
  const { vault: other } = makeVault(store, () => Promise.resolve(randomBytes(32)));
  await expect(other.open(jira)).rejects.toMatchObject({ code: 'E_TAMPER' });
  await expect(other.update(jira, () => 'x')).rejects.toMatchObject({ code: 'E_TAMPER' });
  await copyBack(store, before);
  expect((await vault.open(jira))?.value).toBe('first');
});

test.each(['E_CORRUPT', 'E_TAMPER', 'E_FORMAT', 'E_KEY_MISSING'] as const)(
  'S16: a key source that fails with %s leaves every record and the index where they are',
  async (code) => {
    const { store, vault } = makeVault();
    await vault.seal(jira, 'first');
    const before = await snapshot(store);
    for (const lost of [[], [VERSIONS_KEY]]) {
      for (const key of lost) await store.remove(key);
      const { vault: other } = makeVault(store, () => Promise.reject(new SigError(code, 'The key is bad')));
      const calls = [() => other.open(jira), () => other.seal(jira, 'x'), () => other.update(jira, () => 'x')];
      calls.push(
        () => other.rename(jira, 'credentials/x').then(() => undefined),
        () => other.remove(jira).then(() => undefined),
      );
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code, message: 'The key is bad' });
    }
    await store.put(VERSIONS_KEY, encodeUtf8(before[VERSIONS_KEY]!));
    expect(await snapshot(store)).toEqual(before);
    expect((await vault.open(jira))?.value).toBe('first');
  },
);

test('S24: forget() has the key asked for anew when it is needed', async () => {
  const key = vi.fn(() => Promise.resolve(dek.slice()));
  const { vault } = makeVault(undefined, key);
  await vault.seal(jira, { token: 'a' });
  await vault.open(jira);
  expect(key).toHaveBeenCalledTimes(1);
  vault.forget();
  expect(key).toHaveBeenCalledTimes(1);
  expect((await vault.open(jira))?.value).toEqual({ token: 'a' });
  expect(key).toHaveBeenCalledTimes(2);
});

test('S24: a vault that was forgotten while its key was fetched uses the one that is fetched then', async () => {
  let refuse = (_: Error) => {};
  const key = vi.fn(() => Promise.resolve(dek.slice()))
    .mockImplementationOnce(() => new Promise((_, reject) => refuse = reject));
  const { vault } = makeVault(undefined, key);
  const first = vault.deriveKey('audit');
  vault.forget();
  const second = vault.deriveKey('audit');
  refuse(new Error('late'));
  await expect(first).rejects.toThrow('late');
  expect(await second).toHaveLength(32);
  await vault.deriveKey('audit');
  expect(key).toHaveBeenCalledTimes(2);
});

test('S24: B17: forget() waits for what is being written: it may be the only copy of a login', async () => {
  const key = vi.fn(() => Promise.resolve(dek.slice()));
  const { vault } = makeVault(undefined, key);
  await vault.seal(jira, { token: 'old' });
  key.mockImplementation(() => Promise.reject(new SigError('E_VAULT_LOCKED', 'only a person')));
  await vault.update(jira, () => {
    vault.forget();
    return { token: 'rotated' };
  });
  await expect(vault.open(jira)).rejects.toMatchObject({ code: 'E_VAULT_LOCKED' });
  key.mockImplementation(() => Promise.resolve(dek.slice()));
  expect((await vault.open(jira))?.value).toEqual({ token: 'rotated' });
});
