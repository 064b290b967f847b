import { expect, test } from 'vitest';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

test('providers prints JSON off a terminal', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example', '*.b.example:8443')}`);
  const { stdout, code } = await world.sig(['providers']);
  expect([code, JSON.parse(stdout)]).toEqual([0, [{
    id: 'a',
    name: 'a',
    strategy: 'prompt',
    domains: ['a.example', '*.b.example:8443'],
  }]]);
  expect((await world.sig(['providers', 'list'])).stdout).toBe(stdout);
  expect((await world.sig(['providers', 'lst'])).code).toBe(2);
});
