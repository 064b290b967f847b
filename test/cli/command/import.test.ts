import { createCipheriv, randomBytes } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useFolder } from '../../_lib/lab.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

const OLD_CONFIG = `providers:
  api-old:
    domains: [api.old.example]
    strategy: oauth2
    oauth2: { tokenUrl: https://api.old.example/token, scopes: [read] }
    apply: [{ in: header, name: Authorization, value: 'Bearer \${access_token}' }]
  jira-old:
    domains: [jira.old.example]
    entryUrl: https://jira.old.example/
    strategy: browser
    extract: [{ from: cookies, as: cookie, match: '*' }]
    apply: [{ in: header, name: Cookie, value: '\${cookie}' }]
`;

/** Writes a sigcli 1.x home, in its own format (product.md, section 5). */
async function writeSigcli(folder: string) {
  const key = randomBytes(32);
  await mkdir(join(folder, 'credentials'), { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'encryption.key'), `${key.toString('base64')}\n`);
  await writeFile(join(folder, 'config.yaml'), OLD_CONFIG, { mode: 0o600 });
  const write = async (id: string, strategy: string, more: Record<string, unknown>) => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const inner = JSON.stringify({
      version: 2,
      providerId: id,
      strategy,
      updatedAt: '2026-01-01T00:00:00.000Z',
      ...more,
    });
    const ciphertext = Buffer.concat([cipher.update(inner, 'utf8'), cipher.final()]);
    const outer = {
      version: 1,
      encrypted: true,
      algorithm: 'aes-256-gcm',
      iv: iv.toString('base64'),
      authTag: cipher.getAuthTag().toString('base64'),
      ciphertext: ciphertext.toString('base64'),
    };
    await writeFile(join(folder, 'credentials', `${id}.json`), JSON.stringify(outer), { mode: 0o600 });
  };
  await write('jira-old', 'browser', { values: { cookie: 'sid=abc; other=1' } });
  await write('api-old', 'oauth2', { values: { access_token: 'at' }, oauth2: { clientId: 'c', clientSecret: 's' } });
}

test('import sigcli takes over providers and logins, and a bad file stops no other', async () => {
  const folder = await useFolder();
  await writeSigcli(folder);
  await writeFile(join(folder, 'credentials/broken.json'), 'garbage');
  const world = await useWorld(`# mine\nproviders:\n${tokenProvider('own', 'own.example')}`);
  const dry = await world.sig(['import', 'sigcli', folder, '--dry-run']);
  expect(dry.stderr).toContain('nothing was changed');
  expect(await world.credentials.list()).toEqual([]);
  const { code, stdout } = await world.sig(['import', 'sigcli', folder, '--json']);
  expect(code).toBe(1);
  const { results } = JSON.parse(stdout);
  expect(results).toContainEqual({ provider: 'jira-old', state: 'imported' });
  expect(results).toContainEqual({ provider: 'api-old', state: 'imported' });
  expect(results).toContainEqual({ state: 'left out', why: expect.stringContaining('broken.json') });
  expect((await readFile(join(world.home, 'config.yaml'), 'utf8')).startsWith('# mine\n')).toBe(true);
  const shown = await world.sig(['get', 'https://jira.old.example/', '--no-redaction', '--format', 'header']);
  expect(shown.stdout).toBe('Cookie: sid=abc; other=1\n');
  expect((await world.credentials.open('api-old'))!.oauth2!.clientSecret!.reveal()).toBe('s');
  expect((await world.sig(['import', 'sigcli', folder])).stderr).toContain('jira-old: is there already');
});

test('S8: an old record is never read without asking: it is refused until it is imported', async () => {
  const world = await useWorld(OLD_CONFIG);
  await writeSigcli(world.home);
  const { code, stdout } = await world.sig(['status', 'jira-old']);
  expect([code, JSON.parse(stdout).valid]).toEqual([4, false]);
  expect(await readdir(world.home)).toContain('encryption.key');
});

test('import sigcli works in place, and keeps the old config beside the new one', async () => {
  const world = await useWorld(OLD_CONFIG);
  await writeSigcli(world.home);
  expect(await world.sig(['import', 'sigcli'])).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('jira-old: imported'),
  });
  expect(await readFile(join(world.home, 'config.yaml.sigcli-1'), 'utf8')).toBe(OLD_CONFIG);
  expect((await world.sig(['status', 'jira-old', 'api-old'])).code).toBe(0);
});

test('import refuses what it does not know', async () => {
  const world = await useWorld();
  expect((await world.sig(['import', 'other'])).code).toBe(2);
  expect(await world.sig(['import', 'sigcli', await useFolder()])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no sigcli 1.x'),
  });
});
