import { expect, onTestFinished, test } from 'vitest';
import { useWorld } from '../../_lib/world.ts';

test('S24: lock tells the proxy to forget; without one there is nothing to do', async () => {
  const world = await useWorld();
  onTestFinished(() => world.sig(['proxy', 'stop']).then(() => {}));
  expect(await world.sig(['lock'])).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('no proxy') });
  expect(JSON.parse((await world.sig(['lock', '--json'])).stdout)).toEqual({ locked: false });
  expect(await world.sig(['proxy', 'start'])).toMatchObject({ code: 0 });
  expect(JSON.parse((await world.sig(['proxy', 'status', '--json'])).stdout)).toMatchObject({ locked: false });
  expect(JSON.parse((await world.sig(['lock', '--json'])).stdout)).toEqual({ locked: true });
  expect(JSON.parse((await world.sig(['proxy', 'status', '--json'])).stdout)).toMatchObject({ locked: true });
  expect(await world.sig(['lock'])).toMatchObject({ code: 0, stderr: expect.stringContaining('has forgotten') });
  expect(await world.sig(['lock', 'now'])).toMatchObject({ code: 2 });
});
