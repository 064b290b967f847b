import { expect, test } from 'vitest';
import { runSig } from '../_lib/sig.ts';
import { useFolder, useHome } from '../_lib/lab.ts';
import { tokenProvider, useWorld } from '../_lib/world.ts';

test('the home is --home, else SIG_HOME', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}`);
  const elsewhere = await useHome();
  expect(JSON.parse((await runSig(['providers'], { home: elsewhere })).stdout)).toEqual([]);
  expect(JSON.parse((await runSig(['providers', '--home', world.home], { home: elsewhere })).stdout)).toHaveLength(1);
  expect(JSON.parse((await runSig([`--home=${world.home}`, 'providers'], { home: elsewhere })).stdout)).toHaveLength(1);
});

test('an empty SIG_HOME is none', async () => {
  const folder = await useFolder();
  const { code, stdout } = await runSig(['providers'], { home: '', env: { HOME: folder } });
  expect([code, stdout]).toEqual([0, '[]\n']);
});
