import { expect, test, vi } from 'vitest';
import { cacheCredentials } from '../../../src/proxy/credential_cache.ts';
import { fixedClock, makeCredential, makeProvider, memoryCredentials } from '../../_lib/fixture.ts';

async function setUp() {
  const stored = await memoryCredentials(makeCredential(makeProvider()));
  const open = vi.spyOn(stored, 'open');
  const clock = fixedClock();
  return { stored, open, clock, cached: cacheCredentials(stored, clock) };
}

test('cacheCredentials() opens once a second, whatever is asked', async () => {
  const { cached, open, clock } = await setUp();
  for (let i = 0; i < 10; i++) await cached.open('api');
  expect(open).toHaveBeenCalledTimes(1);
  clock.advance(1001);
  await cached.open('api');
  expect(open).toHaveBeenCalledTimes(2);
  clock.advance(-3_600_000);
  await cached.open('api');
  expect(open).toHaveBeenCalledTimes(3);
});

test('what this process changes is seen at once', async () => {
  const { cached } = await setUp();
  await cached.open('api');
  await cached.update('api', (old) => Promise.resolve({ ...old!, expiresAtSec: 7 }));
  expect((await cached.open('api'))!.expiresAtSec).toBe(7);
});

test('a failure is not kept', async () => {
  const { cached, open } = await setUp();
  open.mockRejectedValueOnce(new Error('locked'));
  await expect(cached.open('api')).rejects.toThrow('locked');
  expect(await cached.open('api')).toBeDefined();
});

test('S24: forget() keeps nothing of what was opened', async () => {
  const { cached, open } = await setUp();
  await cached.open('api');
  cached.forget();
  await cached.open('api');
  expect(open).toHaveBeenCalledTimes(2);
});

test('S24: what is under way when all is forgotten leaves nothing behind', async () => {
  const { cached, open } = await setUp();
  await cached.update('api', (old) => {
    cached.forget();
    return Promise.resolve({ ...old!, expiresAtSec: 7 });
  });
  expect((await cached.open('api'))!.expiresAtSec).toBe(7);
  expect(open).toHaveBeenCalledTimes(1);
});
