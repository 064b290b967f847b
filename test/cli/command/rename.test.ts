import { rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

test('rename carries entry and login to the new id', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}`);
  await world.logIn('a', { token: 'x' });
  expect((await world.sig(['rename', 'a', 'new'])).code).toBe(0);
  expect((await world.sig(['status', 'new'])).code).toBe(0);
  expect((await world.sig(['status', 'a'])).code).toBe(3);
  expect(await world.credentials.list()).toEqual(['new']);
});

test.each([[['rename', 'a', 'b'], 1], [['rename', 'a', 'Not An Id'], 2], [['rename', 'x', 'y'], 3], [[
  'rename',
  'a',
  '../../evil',
], 2]])(
  'S22: sig %j exits %i and changes nothing',
  async (args, code) => {
    const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}${tokenProvider('b', 'b.example')}`);
    await world.logIn('a', { token: 'x' });
    expect((await world.sig(args)).code).toBe(code);
    expect((await world.sig(['status', 'a'])).code).toBe(0);
  },
);

test('rename takes the login back when config.yaml cannot be written', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}`);
  await world.logIn('a', { token: 'x' });
  const config = join(world.home, 'config.yaml');
  await rename(config, `${config}.real`);
  await symlink(`${config}.real`, config);
  expect(await world.sig(['rename', 'a', 'new'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('it is a link'),
  });
  expect(await world.credentials.list()).toEqual(['a']);
  expect((await world.sig(['status', 'a'])).code).toBe(0);
});
