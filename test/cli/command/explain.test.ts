import { expect, test } from 'vitest';
import { findLeaks, makeCanary } from '../../_lib/canary.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

test('explain says what would happen, by exit status too, and never shows a value', async () => {
  const token = makeCanary();
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}    allow: [GET /**]\n`);
  expect(await world.sig(['explain', 'https://a.example/x'])).toMatchObject({
    code: 4,
    stdout: expect.stringContaining('sig login a'),
  });
  await world.logIn('a', { token });
  const good = await world.sig(['explain', `https://a.example/x?key=${token}`, '--json']);
  expect(good.code).toBe(0);
  expect(JSON.parse(good.stdout)).toMatchObject({
    decision: 'inject',
    provider: 'a',
    adds: ['header Authorization'],
    target: 'https://a.example/x',
  });
  expect(findLeaks(token, { stdout: good.stdout })).toEqual([]);
  expect((await world.sig(['explain', 'https://other.example/'])).code).toBe(3);
  expect(await world.sig(['explain', 'https://a.example/x', '-X', 'DELETE'])).toMatchObject({
    code: 5,
    stdout: expect.stringContaining('E_NOT_ALLOWED'),
  });
  expect((await world.sig(['explain', 'nonsense'])).code).toBe(2);
});
