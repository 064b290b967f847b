import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openParts, openSig } from '../../cli/open_sig.ts';
import { changeVaultKey } from '../../cli/platform/vault_home.ts';
import type { AuditEvent } from '../../src/ports.ts';
import { Secret } from '../../src/secret.ts';
import { createSig } from '../../src/sig/create_sig.ts';
import { findLeaks, makeCanary } from '../_lib/canary.ts';
import { useFolder, useServer } from '../_lib/lab.ts';
import { tokenProvider, useWorld, type World } from '../_lib/world.ts';

const PASSPHRASE = 'four unrelated words here';
const TOKEN = makeCanary();

/** A login for a server that says what it was sent. */
async function useLogin() {
  const server = await useServer({ handler: (request) => ({ body: `you sent ${request.header('authorization')}` }) });
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`);
  await world.logIn('api', { token: TOKEN });
  const variables = { SIG_EXTRA_CA: server.caFile };
  return { server, world, variables, url: `${server.origin}/me` };
}

/** Puts the vault under a passphrase. */
async function usePassphrase({ home }: World): Promise<void> {
  const answer = () => Promise.resolve(new Secret(PASSPHRASE));
  const prompt = {
    line: () => Promise.reject(new Error('asked')),
    confirm: () => Promise.resolve(false),
    secret: answer,
  };
  await changeVaultKey(home, 'passphrase', { prompt, env: {}, scryptCost: { n: 1024, r: 8, p: 2 } });
}

test('openSig() sends with the login of the home, redacts the answer, and leaves a record', async () => {
  const { server, world, variables, url } = await useLogin();
  const sig = await openSig({ home: world.home, variables });
  const response = await sig.fetch(new Request(url));
  expect(await response.text()).toBe('you sent [sig:redacted:api]');
  expect(server.requests.map((request) => request.header('authorization'))).toEqual([`Bearer ${TOKEN}`]);
  const { stdout } = await world.sig(['audit', '--json']);
  expect(stdout).toMatch(/"event": "inject"/);
  expect(findLeaks(TOKEN, { stdout })).toEqual([]);
  expect(await world.sig(['audit', 'verify'])).toMatchObject({ code: 0 });
});

test('openSig() takes the home of SIG_HOME', async () => {
  const { world, variables, url } = await useLogin();
  const sig = await openSig({ variables: { ...variables, SIG_HOME: world.home } });
  expect((await sig.fetch(new Request(url))).status).toBe(200);
});

test('openSig() says at once what is wrong with the home', async () => {
  const home = join(await useFolder(), 'home');
  await expect(openSig({ home, variables: {} })).rejects.toMatchObject({ code: 'E_NOT_INITIALISED' });
  const { world } = await useLogin();
  await world.writeConfig('providers:\n  api: { domians: [api.example.com] }\n');
  await expect(openSig({ home: world.home, variables: {} })).rejects.toMatchObject({ code: 'E_CONFIG' });
});

test('a login that is not there is asked of nobody', async () => {
  const { world, variables, url } = await useLogin();
  await world.credentials.remove('api');
  const sig = await openSig({ home: world.home, variables });
  const failure = { code: 'E_LOGIN_REQUIRED', hint: 'sig login api', provider: 'api' };
  await expect(sig.fetch(new Request(url))).rejects.toMatchObject(failure);
});

test('a login by browser that has ended starts no browser', async () => {
  const server = await useServer();
  const origin = `https://localhost:${server.port}`;
  const world = await useWorld(
    `providers:\n  site:\n    domains: ['localhost:${server.port}']\n    strategy: browser\n` +
      "    extract: [{ from: localStorage, as: token, match: token }]\n    apply: [{ in: header, name: X-Token, value: '${token}' }]\n",
  );
  await world.logIn('site', { token: TOKEN }, { expiresAtSec: 1 });
  const sig = await openSig({ home: world.home, variables: { SIG_EXTRA_CA: server.caFile } });
  await expect(sig.fetch(new Request(origin))).rejects.toMatchObject({
    code: 'E_LOGIN_REQUIRED',
    hint: 'sig login site',
  });
  expect(server.requests).toEqual([]);
});

test('a request that no provider claims goes nowhere', async () => {
  const { world, variables } = await useLogin();
  const sig = await openSig({ home: world.home, variables });
  await expect(sig.fetch(new Request('https://other.example/'))).rejects.toMatchObject({ code: 'E_NO_PROVIDER' });
});

test('what another process does to a login is seen a moment later', async () => {
  const { world, variables, url, server } = await useLogin();
  let nowMs = Date.now();
  const sig = await openSig({ home: world.home, variables, clock: { now: () => nowMs } });
  await sig.fetch(new Request(url));
  await world.logIn('api', { token: 'the-next-token' });
  nowMs += 1_001;
  expect(await (await sig.fetch(new Request(url))).text()).toBe('you sent [sig:redacted:api]');
  expect(server.requests.at(-1)!.header('authorization')).toBe('Bearer the-next-token');
  await world.credentials.remove('api');
  nowMs += 1_001;
  await expect(sig.fetch(new Request(url))).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
});

test('a passphrase is asked of the program, once', async () => {
  const { world, variables, url } = await useLogin();
  await usePassphrase(world);
  for (const given of [PASSPHRASE, new Secret(PASSPHRASE)]) {
    let asked = 0;
    const passphrase = () => {
      asked++;
      return given;
    };
    const sig = await openSig({ home: world.home, variables, passphrase });
    expect(asked).toBe(0);
    expect((await sig.fetch(new Request(url))).status).toBe(200);
    expect((await sig.fetch(new Request(url))).status).toBe(200);
    expect(asked).toBe(1);
  }
});

test('a passphrase is read from SIG_PASSPHRASE_FILE', async () => {
  const { world, variables, url } = await useLogin();
  await usePassphrase(world);
  const file = join(await useFolder(), 'passphrase');
  writeFileSync(file, PASSPHRASE, { mode: 0o600 });
  const sig = await openSig({ home: world.home, variables: { ...variables, SIG_PASSPHRASE_FILE: file } });
  expect((await sig.fetch(new Request(url))).status).toBe(200);
});

test('a passphrase that nobody gives, or a wrong one, is an error', async () => {
  const { server, world, variables, url } = await useLogin();
  await usePassphrase(world);
  const ask = async (passphrase?: () => string) =>
    await (await openSig({ home: world.home, variables, passphrase })).fetch(new Request(url));
  await expect(ask()).rejects.toMatchObject({
    code: 'E_KEY_SOURCE',
    hint: expect.stringMatching(/"passphrase".*SIG_PASSPHRASE_FILE/),
  });
  await expect(ask(() => 'four other words here')).rejects.toMatchObject({ code: 'E_PASSPHRASE' });
  expect(server.requests).toEqual([]);
});

test('openParts() gives what openSig() is made of, to be put together otherwise', async () => {
  const { world, variables, url } = await useLogin();
  const parts = await openParts({ home: world.home, variables });
  expect([parts.home, parts.providers.all.map(({ id }) => id)]).toEqual([world.home, ['api']]);
  const events: AuditEvent[] = [];
  const audit = {
    async write(event: AuditEvent) {
      events.push(event);
      await parts.audit.write(event);
    },
  };
  await createSig({ ...parts, audit }).fetch(new Request(url));
  expect(events.map(({ event, provider }) => [event, provider])).toEqual([['inject', 'api'], ['answer', 'api']]);
  expect(await parts.vault.open('credentials/api')).toBeDefined();
});

test('what cannot be recorded is not sent', async () => {
  const { server, world, variables, url } = await useLogin();
  const parts = await openParts({ home: world.home, variables });
  const sig = createSig({ ...parts, audit: { write: () => Promise.reject(new Error('the disk is full')) } });
  await expect(sig.fetch(new Request(url))).rejects.toThrow('the disk is full');
  expect(server.requests).toEqual([]);
});
