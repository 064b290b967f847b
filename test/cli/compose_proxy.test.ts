import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { startProxy } from '../../cli/compose_proxy.ts';
import { memoryAudit, memoryVault } from '../_lib/fixture.ts';
import { tokenProvider, useWorld } from '../_lib/world.ts';

async function start(ca: 'stored' | 'session') {
  const world = await useWorld(`providers:\n${tokenProvider('api', 'api.example.com')}`);
  const parts = {
    home: world.home,
    configPath: `${world.home}/config.yaml`,
    env: () => undefined,
    clock: { now: () => Date.now() },
    providers: await world.providers(),
    vault: memoryVault(),
    credentials: world.credentials,
    audit: memoryAudit(),
    renew: () => Promise.reject(new Error('nobody')),
  };
  const session = await startProxy(parts, { ca });
  onTestFinished(() => session.stop().catch(() => {}));
  return session;
}

test('startProxy() of a session removes its files when it stops; those of the installation stay', async () => {
  const session = await start('session');
  expect(await readFile(session.caFile, 'utf8')).toMatch(/BEGIN CERTIFICATE/);
  expect(session.status()).toMatchObject({ port: session.port, providers: ['api'], strict: false });
  await session.stop();
  await expect(readFile(session.caFile)).rejects.toThrow();
  const stored = await start('stored');
  await stored.stop();
  expect(Buffer.from(await readFile(stored.caFile)).toString()).toMatch(/BEGIN CERTIFICATE/);
});
