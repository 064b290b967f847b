import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startProxy } from '../../cli/compose_proxy.ts';
import { initialiseVault, openVault } from '../../cli/platform/vault_home.ts';
import { createCredentials } from '../../src/credential/credentials.ts';
import { Secret } from '../../src/secret.ts';
import { makeCanary } from '../_lib/canary.ts';
import { makeCredential, memoryAudit, memoryVault } from '../_lib/fixture.ts';
import { useServer } from '../_lib/lab.ts';
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

/** A proxy with a login in a vault that opens by a typed passphrase. */
async function startWithPassphrase(lockAfterMs?: number) {
  const server = await useServer({ handler: (request) => ({ body: `hello ${request.header('authorization')}` }) });
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`, {
    SIG_EXTRA_CA: server.caFile,
  });
  const home = `${world.home}-typed`;
  const asked = vi.fn(() => Promise.resolve(new Secret('correct horse')));
  const nobody = () => Promise.reject(new Error('asked'));
  const options = {
    prompt: { line: nobody, confirm: nobody, secret: asked },
    env: {},
    scryptCost: { n: 1024, r: 8, p: 1 },
  };
  await initialiseVault(home, 'passphrase', options);
  const vault = await openVault(home, options);
  const providers = await world.providers();
  const credentials = createCredentials(vault);
  await credentials.seal(makeCredential(providers.all[0]!, { token: makeCanary() }));
  const clock = { now: () => Date.now() };
  const env = (name: string) => name === 'SIG_EXTRA_CA' ? server.caFile : undefined;
  const session = await startProxy({
    home,
    configPath: `${world.home}/config.yaml`,
    env,
    clock,
    providers,
    vault,
    credentials,
    audit: memoryAudit(),
    renew: () => Promise.reject(new Error('nobody')),
  }, { ca: 'session', lockAfterMs });
  onTestFinished(() => session.stop().catch(() => {}));
  const before = asked.mock.calls.length;
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const headers = { Host: `localhost:${server.port}` };
      get({ host: '127.0.0.1', port: session.port, path: `${server.origin}/me`, headers }, (response) => {
        let text = `${response.statusCode} `;
        response.on('data', (bytes) => text += bytes);
        response.on('end', () => resolve(text));
      }).on('error', reject);
    });
  return { session, ask, prompts: () => asked.mock.calls.length - before };
}

test('S24: a locked proxy whose passphrase a person typed says so at once, and asks nobody', async () => {
  const { session, ask, prompts } = await startWithPassphrase();
  expect(await ask()).toBe('200 hello [sig:redacted:api]');
  expect(session.status()).toMatchObject({ locked: false });
  session.lock();
  for (let i = 0; i < 2; i++) {
    const got = await ask();
    expect(got).toMatch(/^503 /);
    expect(JSON.parse(got.slice(4))).toMatchObject({ code: 'E_VAULT_LOCKED', hint: expect.stringContaining('start') });
  }
  expect(session.status()).toMatchObject({ locked: true });
  expect(prompts()).toBe(0);
});

test('S24: a proxy locks itself when no login was used for a while', async () => {
  const { session, ask } = await startWithPassphrase(300);
  expect(await ask()).toMatch(/^200 /);
  await expect.poll(() => session.status().locked, { timeout: 10_000 }).toBe(true);
  expect(await ask()).toMatch(/^503 /);
});
