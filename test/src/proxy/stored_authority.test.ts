import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { AUTHORITY_RECORD, openStoredAuthority } from '../../../src/proxy/stored_authority.ts';
import { createMemoryStore } from '../../../src/vault/memory_store.ts';
import { createVault } from '../../../src/vault/vault.ts';
import { fixedClock, memoryVault } from '../../_lib/fixture.ts';

test('openStoredAuthority() keeps its CA, and mints another when the provider list grows or its time comes', async () => {
  const [vault, clock] = [memoryVault(), fixedClock()];
  const open = (...hosts: string[]) => openStoredAuthority(vault, hosts, 'host', clock);
  const first = await open('a.example');
  expect(first.isNew).toBe(true);
  const again = await open('a.example');
  expect([again.isNew, again.authority.certificatePem]).toEqual([false, first.authority.certificatePem]);
  const grown = await open('a.example', 'b.example');
  expect([grown.isNew, (await open('b.example')).isNew]).toEqual([true, false]);
  clock.advance(350 * 86_400_000);
  expect((await open('b.example')).isNew).toBe(true);
});

test('T5: the CA key is sealed: nothing on disk holds it', async () => {
  const store = createMemoryStore();
  const key = crypto.getRandomValues(new Uint8Array(32));
  const vault = createVault({ store, id: 'AAAAAAAAAAAAAAAAAAAAAA', key: () => Promise.resolve(key) });
  await openStoredAuthority(vault, ['a.example'], 'host', fixedClock());
  const opened = (await vault.open(AUTHORITY_RECORD))!.value as { key: string };
  for (const name of await store.list('proxy')) {
    const { bytes } = (await store.get(name))!;
    expect(new TextDecoder().decode(bytes)).not.toContain(opened.key.slice(0, 40));
  }
  expect(encodeUtf8(opened.key).length).toBeGreaterThan(100);
});

test('a record that is no CA is replaced, one of another format is an error', async () => {
  const vault = memoryVault();
  await vault.seal(AUTHORITY_RECORD, { format: 1, certificate: 'AAAA', key: 'AAAA' });
  expect((await openStoredAuthority(vault, ['a.example'], 'host', fixedClock())).isNew).toBe(true);
  await vault.seal(AUTHORITY_RECORD, { other: 1 });
  await expect(openStoredAuthority(vault, ['a.example'], 'host', fixedClock())).rejects.toMatchObject({
    code: 'E_CORRUPT',
  });
});
