import { expect, test } from 'vitest';
import { AUTHORITY_RECORD, openStoredAuthority } from '../../../src/proxy/stored_authority.ts';
import { fixedClock, memoryVault } from '../../_lib/fixture.ts';

test('T5: openStoredAuthority() keeps the CA in the vault, and mints anew when the hosts grow', async () => {
  const vault = memoryVault();
  const clock = fixedClock();
  const open = (...hosts: string[]) => openStoredAuthority(vault, hosts, 'host', clock);
  const first = await open('a.example');
  expect(first.isNew).toBe(true);
  const again = await open('a.example');
  expect([again.isNew, again.authority.certificatePem]).toEqual([false, first.authority.certificatePem]);
  const grown = await open('a.example', 'b.example');
  expect(grown.isNew).toBe(true);
  expect(grown.authority.permittedHosts).toEqual(['a.example', 'b.example']);
  clock.advance(340 * 86_400_000);
  expect((await open('a.example')).isNew).toBe(true);
});

test('openStoredAuthority() replaces a CA that cannot sign, and refuses a record of another kind', async () => {
  const vault = memoryVault();
  await vault.seal(AUTHORITY_RECORD, { format: 1, certificate: 'AAAA', key: 'AAAA' });
  expect((await openStoredAuthority(vault, ['a.example'], 'host', fixedClock())).isNew).toBe(true);
  await vault.seal(AUTHORITY_RECORD, { something: 'else' });
  await expect(openStoredAuthority(vault, ['a.example'], 'host', fixedClock())).rejects.toMatchObject({
    code: 'E_CORRUPT',
  });
});
