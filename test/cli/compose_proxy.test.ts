import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
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

test('a proxy tells whoever has its token what it counted, and names no host', async () => {
  const session = await start('session');
  const ask = (path: string, headers: Record<string, string> = {}) =>
    new Promise<string>((resolve, reject) => {
      get({ host: '127.0.0.1', port: session.port, path, headers }, (response) => {
        let text = `${response.statusCode} `;
        response.on('data', (bytes) => text += bytes);
        response.on('end', () => resolve(text));
      }).on('error', reject);
    });
  const authorization = `Bearer ${session.token.reveal()}`;
  expect(await ask('/')).toMatch(/^200 <!doctype html>/);
  expect(await ask('/metrics')).toMatch(/^403 /);
  expect(await ask('/health', { authorization })).toBe('200 {"status":"ok"}');
  // In absolute form to a host that leads back here: refused, and counted.
  expect(await ask(`http://127.0.0.1:${session.port}/x`)).toMatch(/^(?:403|508) /);
  const metrics = await ask('/metrics', { authorization });
  expect(metrics).toMatch(/^200 # HELP/);
  expect(metrics).toMatch(/sig_problems_total\{code="E_\w+"\} 1\n/);
  expect(metrics).toMatch(/sig_client_connections 1\n/);
  expect(metrics).not.toMatch(/example|127\.0|api/);
});
