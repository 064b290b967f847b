import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { useHome } from '../../_lib/lab.ts';
import { runSig } from '../../_lib/sig.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

test('init makes a private home, a config and a key', async () => {
  const home = await useHome();
  const { code, stderr } = await runSig(['init', '--yes', '--key-source', 'file'], { home });
  expect([code, stderr]).toEqual([
    0,
    expect.stringContaining('protects against nothing but a copied credentials folder'),
  ]);
  expect([await mode(home), await mode(join(home, 'config.yaml')), await mode(join(home, 'key'))]).toEqual([
    '700',
    '600',
    '400',
  ]);
  expect((await runSig(['config', 'check'], { home })).code).toBe(0);
});

test('init a second time changes nothing; --force writes the config anew and keeps the logins', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}`);
  await world.logIn('a', { token: 'x' });
  const key = await readFile(join(world.home, 'key'), 'utf8');
  expect((await world.sig(['init', '--yes', '--key-source', 'file'])).stderr).toContain('found');
  expect((await world.sig(['status', 'a'])).code).toBe(0);
  expect((await world.sig(['init', '--force', '--key-source', 'file'])).code).toBe(0);
  expect(await world.credentials.list()).toEqual(['a']);
  expect(await readFile(join(world.home, 'key'), 'utf8')).toBe(key);
});

test('S1: S23: without a keychain init asks for a choice; a key file is never the fallback', async () => {
  const home = await useHome();
  const { code, stderr } = await runSig(['init', '--yes'], {
    home,
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' },
  });
  if (process.platform === 'linux') {
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('--key-source file (protects against next to nothing)'),
    ]);
  }
  await expect(stat(join(home, 'key'))).rejects.toThrow('ENOENT');
});

test('a command before init says so', async () => {
  const home = await useHome();
  const { code, stderr } = await runSig(['get', 'x'], { home });
  expect([code, stderr]).toEqual([3, expect.stringContaining('No provider "x"')]);
});

test('init refuses a key source that there is not', async () => {
  expect(await runSig(['init', '--key-source', 'magic'], { home: await useHome() })).toMatchObject({ code: 2 });
});
