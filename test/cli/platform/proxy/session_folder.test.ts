import { mkdir, readdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { identifyProcess } from '../../../../cli/platform/process_identity.ts';
import { makeSessionFolder } from '../../../../cli/platform/proxy/session_folder.ts';
import { useFolder } from '../../../_lib/lab.ts';

test('R12: makeSessionFolder() makes a folder and a file that only the user can open', async () => {
  const folder = makeSessionFolder(await useFolder());
  const modes = await Promise.all(
    [folder, join(folder, 'owner.json')].map(async (path) => (await stat(path)).mode & 0o777),
  );
  if (process.platform !== 'win32') expect(modes).toEqual([0o700, 0o600]);
});

test('R12: makeSessionFolder() removes what dead sessions left, and nothing else', async () => {
  const parent = await useFolder();
  const elsewhere = join(await useFolder(), 'precious');
  const make = async (name: string, owner?: object) => {
    await mkdir(join(parent, name), { mode: 0o700 });
    if (owner) await writeFile(join(parent, name, 'owner.json'), JSON.stringify(owner));
  };
  const alive = identifyProcess(process.pid)!;
  await make('sig-run-alive', alive);
  await make('sig-run-dead', { ...alive, start: '1@another-boot' });
  await make('sig-run-unknown', { pid: 999_999_999, start: '' });
  await make('sig-run-new');
  await make('sig-run-old');
  await utimes(join(parent, 'sig-run-old'), 1, 1);
  await make('other-dead', { ...alive, start: '1@another-boot' });
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, 'owner.json'), JSON.stringify({ ...alive, start: '1@another-boot' }));
  await symlink(elsewhere, join(parent, 'sig-run-link'));
  const made = makeSessionFolder(parent);
  const left = (await readdir(parent)).map((name) => join(parent, name)).filter((path) => path !== made).sort();
  expect(left.map((path) => path.slice(parent.length + 1))).toEqual(
    ['other-dead', 'sig-run-alive', 'sig-run-link', 'sig-run-new', 'sig-run-unknown'],
  );
  expect(await readdir(elsewhere)).toEqual(['owner.json']);
});
