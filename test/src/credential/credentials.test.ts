import { expect, test } from 'vitest';
import { createCredentials } from '../../../src/credential/credentials.ts';
import { makeCredential, makeProvider, memoryVault } from '../../_lib/fixture.ts';

const provider = makeProvider();

test('createCredentials() opens what seal() and update() stored', async () => {
  const credentials = createCredentials(memoryVault());
  expect(await credentials.open('api')).toBeUndefined();
  await credentials.seal(makeCredential(provider));
  const stored = await credentials.update('api', (old) => Promise.resolve({ ...old!, expiresAtSec: 5 }));
  expect(stored).toMatchObject({ provider: 'api', expiresAtSec: 5 });
  expect((await credentials.open('api'))!.values.token!.reveal()).toBe('token-1');
  expect(await credentials.list()).toEqual(['api']);
});

test('update() leaves the record alone when the change answers undefined', async () => {
  const credentials = createCredentials(memoryVault());
  await credentials.seal(makeCredential(provider));
  const stored = await credentials.update('api', () => Promise.resolve(undefined));
  expect(stored!.values.token!.reveal()).toBe('token-1');
});

test('S17: update() keeps the old credential when the change fails', async () => {
  const credentials = createCredentials(memoryVault());
  await credentials.seal(makeCredential(provider));
  await expect(credentials.update('api', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect((await credentials.open('api'))!.values.token!.reveal()).toBe('token-1');
});

test('rename() carries the credential to the new id', async () => {
  const credentials = createCredentials(memoryVault());
  await credentials.seal(makeCredential(provider));
  await credentials.rename('api', 'other');
  expect(await credentials.open('api')).toBeUndefined();
  expect(await credentials.open('other')).toMatchObject({ provider: 'other' });
});

test('remove() removes', async () => {
  const credentials = createCredentials(memoryVault());
  await credentials.seal(makeCredential(provider));
  await credentials.remove('api');
  expect(await credentials.list()).toEqual([]);
});
