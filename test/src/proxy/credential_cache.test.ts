import { expect, test, vi } from 'vitest';
import { cacheCredentials } from '../../../src/proxy/credential_cache.ts';
import { fixedClock, makeCredential, makeProvider, memoryCredentials } from '../../_lib/fixture.ts';

const provider = makeProvider();

test('cacheCredentials() opens once in a while, and sees its own changes at once', async () => {
  const clock = fixedClock();
  const credentials = await memoryCredentials(makeCredential(provider));
  const open = vi.spyOn(credentials, 'open');
  const cached = cacheCredentials(credentials, clock);
  const first = await cached.open('api');
  expect(await cached.open('api')).toBe(first);
  clock.advance(1_001);
  expect(await cached.open('api')).not.toBe(first);
  expect(open).toHaveBeenCalledTimes(2);
  await cached.update('api', (old) => Promise.resolve({ ...old!, obtainedAtSec: 7 }));
  expect((await cached.open('api'))!.obtainedAtSec).toBe(7);
  expect(open).toHaveBeenCalledTimes(2);
});

test('cacheCredentials() keeps no failure', async () => {
  const credentials = await memoryCredentials(makeCredential(provider));
  vi.spyOn(credentials, 'open').mockRejectedValueOnce(new Error('once'));
  const cached = cacheCredentials(credentials, fixedClock());
  await expect(cached.open('api')).rejects.toThrow('once');
  expect(await cached.open('api')).toBeDefined();
});
