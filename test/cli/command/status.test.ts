import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useServer } from '../../_lib/lab.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

const CONFIG = `providers:\n${tokenProvider('jira-example', 'jira.example')}${tokenProvider('other', 'other.example')}`;

test('pattern 6: sig status of a named provider is a guard', async () => {
  const world = await useWorld(CONFIG);
  const out = await world.sig(['status', 'jira-example']);
  expect([out.code, out.stderr]).toEqual([4, expect.stringContaining('sig login jira-example')]);
  await world.logIn('jira-example', { token: 'x' });
  expect(await world.sig(['status', 'jira-example'])).toMatchObject({ code: 0, stderr: '' });
  expect((await world.sig(['status', 'jira-example', 'other'])).code).toBe(4);
  expect((await world.sig(['status'])).code).toBe(0);
});

test('status prints JSON off a terminal: an object for one name, a list otherwise', async () => {
  const world = await useWorld(CONFIG);
  await world.logIn('jira-example', { token: 'x' }, { expiresAtSec: Math.floor(Date.now() / 1000) + 3600 });
  const one = JSON.parse((await world.sig(['status', 'jira-example'])).stdout);
  expect(one).toEqual({
    id: 'jira-example',
    name: 'jira-example',
    strategy: 'prompt',
    configured: true,
    valid: true,
    expiresAt: expect.stringMatching(/^20\d\d-.*Z$/),
    expiresInMinutes: 59,
  });
  const all = JSON.parse((await world.sig(['status'])).stdout);
  expect(all).toEqual([one, { id: 'other', name: 'other', strategy: 'prompt', configured: false, valid: false }]);
});

test('an expired login that nobody can renew is not valid', async () => {
  const world = await useWorld(CONFIG);
  await world.logIn('other', { token: 'x' }, { expiresAtSec: 5 });
  const { code, stdout } = await world.sig(['status', 'other']);
  expect([code, JSON.parse(stdout)]).toEqual([4, expect.objectContaining({ configured: true, valid: false })]);
});

test.each([[200, 'yes', 0], [401, 'no', 4], [429, 'unknown', 0], [503, 'unknown', 0]])(
  'status --check asks the site: %i is %s',
  async (status, checked, code) => {
    const server = await useServer({ handler: () => ({ status }) });
    const config = `providers:\n${
      tokenProvider('api', `localhost:${server.port}`)
    }    validateUrl: ${server.origin}/me\n`;
    const world = await useWorld(config, { SIG_EXTRA_CA: server.caFile });
    await world.logIn('api', { token: 'x' });
    const result = await world.sig(['status', 'api', '--check']);
    expect([result.code, JSON.parse(result.stdout).checked]).toEqual([code, checked]);
    expect(JSON.parse((await world.sig(['status', 'api'])).stdout).valid).toBe(true);
  },
);

test('S10: a corrupt record is named, and the others are shown all the same', async () => {
  const world = await useWorld(CONFIG);
  await world.logIn('jira-example', { token: 'x' });
  await world.logIn('other', { token: 'x' });
  await writeFile(join(world.home, 'credentials/other.json'), 'garbage', { mode: 0o600 });
  const rows = JSON.parse((await world.sig(['status'])).stdout);
  expect(rows[0]).toMatchObject({ id: 'jira-example', valid: true });
  expect(rows[1]).toMatchObject({
    id: 'other',
    valid: false,
    error: { code: 'E_CORRUPT', message: expect.stringContaining('other') },
  });
  expect((await world.sig(['status', 'jira-example'])).code).toBe(0);
});

test('an unknown provider is an error with the closest name', async () => {
  const world = await useWorld(CONFIG);
  expect(await world.sig(['status', 'jira-exmaple'])).toMatchObject({
    code: 3,
    stderr: 'sig: error: No provider "jira-exmaple"\nsig: hint: did you mean "jira-example"?\n',
  });
  expect(JSON.parse((await world.sig(['status', 'x', '--json'])).stdout)).toEqual({
    error: { code: 'E_NO_PROVIDER', message: 'No provider "x"', hint: 'list them: sig providers' },
  });
});

test('a config with mistakes exits 2 and lists them all', async () => {
  const world = await useWorld('providers:\n  a:\n    domians: [x]\n    strategy: magic\n');
  const { code, stderr } = await world.sig(['status']);
  expect(code).toBe(2);
  expect(stderr).toContain('line 3, column 5: unknown key "domians" (did you mean "domains"?)');
  expect(stderr).toContain('magic');
});
