import { expect, test } from 'vitest';
import { encodeUtf8, randomBytes } from '../../../src/encoding/bytes.ts';
import { SigError } from '../../../src/errors.ts';
import type { Store } from '../../../src/ports.ts';
import { importRootKey } from '../../../src/vault/derive.ts';
import { createMemoryStore } from '../../../src/vault/memory_store.ts';
import { createVersionIndex, VERSIONS_KEY } from '../../../src/vault/version_index.ts';

const root = await importRootKey(randomBytes(32));
const vault = 'A'.repeat(22);
const open = (store: Store, id = vault) => createVersionIndex(store, id, () => Promise.resolve(root));

test('note() keeps the highest version of each name, for every reader', async () => {
  const store = createMemoryStore();
  const index = open(store);
  expect(await index.load()).toEqual(new Map());
  await Promise.all([
    index.note('a/x', 3),
    open(store).note('a/x', 2),
    open(store).note('a/y', 1),
    index.note('a/x', 1),
  ]);
  expect(await open(store).load()).toEqual(new Map([['a/x', 3], ['a/y', 1]]));
  expect(await index.load()).toEqual(await index.loadOrNone());
});

test('S9: load() takes an older index as it is: records newer than it are fine', async () => {
  const store = createMemoryStore();
  await open(store).note('a/x', 3);
  const old = (await store.get(VERSIONS_KEY))!;
  await open(store).note('a/x', 4);
  await store.put(VERSIONS_KEY, old.bytes);
  expect(await open(store).load()).toEqual(new Map([['a/x', 3]]));
});

test.each([
  ['E_CORRUPT', 'garbage'],
  ['E_CORRUPT', ''],
  ['E_TAMPER', `{"format":"sig-versions-1","vault":"${vault}","versions":{},"mac":"${'A'.repeat(43)}"}\n`],
])('S9: load() reports an unusable index once (%s), keeps it aside, and goes on without', async (code, text) => {
  const store = createMemoryStore();
  await open(store).note('a/x', 3);
  await store.put(VERSIONS_KEY, encodeUtf8(text));
  const results = await Promise.allSettled([open(store).load(), open(store).load(), open(store).load()]);
  const reasons = results.flatMap((result) => result.status === 'rejected' ? [result.reason] : []);
  expect(reasons.map((reason) => reason.code)).toEqual([code]);
  expect(reasons[0].message).toContain('kept as "vault/versions.json.corrupt-');
  expect(await open(store).load()).toEqual(new Map());
});

test('note() and loadOrNone() go on when the index is unusable', async () => {
  const store = createMemoryStore();
  await store.put(VERSIONS_KEY, encodeUtf8('garbage'));
  expect(await open(store).loadOrNone()).toEqual(new Map());
  await open(store).note('a/x', 3);
  expect(await open(store).load()).toEqual(new Map([['a/x', 3]]));
});

test('S16: an index of another vault is refused and stays where it is', async () => {
  const store = createMemoryStore();
  await open(store).note('a/x', 3);
  const other = open(store, 'B'.repeat(22));
  for (const call of [() => other.load(), () => other.loadOrNone(), () => other.note('a/x', 4)]) {
    await expect(call()).rejects.toMatchObject({ code: 'E_KEY_MISSING' });
  }
  expect(await open(store).load()).toEqual(new Map([['a/x', 3]]));
});

test.each(['E_STORE', 'E_LOCKED'] as const)('note() does not fail for %s: the record is stored', async (code) => {
  const store = createMemoryStore();
  const failing: Store = { ...store, put: () => Promise.reject(new SigError(code, 'no')) };
  await open(failing).note('a/x', 1);
  const denied: Store = { ...store, get: () => Promise.reject(new SigError('E_PERMISSIONS', 'no')) };
  await expect(open(denied).note('a/x', 1)).rejects.toMatchObject({ code: 'E_PERMISSIONS' });
});
