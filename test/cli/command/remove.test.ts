import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

test('remove removes entry and login, and leaves the other lines', async () => {
  const world = await useWorld(
    `# top\nproviders:\n${tokenProvider('a', 'a.example')}  # of b\n${tokenProvider('b', 'b.example')}`,
  );
  await world.logIn('a', { token: 'x' });
  expect((await world.sig(['remove', 'a'])).code).toBe(0);
  expect(await readFile(join(world.home, 'config.yaml'), 'utf8')).toBe(
    `# top\nproviders:\n  # of b\n${tokenProvider('b', 'b.example')}`,
  );
  expect(await world.credentials.list()).toEqual([]);
  expect((await world.sig(['remove', 'a'])).code).toBe(3);
});
