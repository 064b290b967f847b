import { chmod, mkdir, readFile, rename, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { editConfigFile, readConfigFile } from '../../../cli/platform/config_file.ts';
import { useHome } from '../../_lib/lab.ts';

async function setUp(text?: string) {
  const home = await useHome();
  await mkdir(home, { mode: 0o700 });
  const path = join(home, 'config.yaml');
  if (text !== undefined) await writeFile(path, text, { mode: 0o600 });
  return { home, path };
}

test('readConfigFile() gives the text; none is empty', async () => {
  const { path } = await setUp('a: 1\n');
  expect(await readConfigFile(path)).toBe('a: 1\n');
  expect(await readConfigFile(`${path}x`)).toBe('');
});

test('readConfigFile() reads a file that others may read and follows a link, as dotfiles are kept', async () => {
  const { path } = await setUp('a: 1\n');
  await chmod(path, 0o644);
  await rename(path, `${path}.real`);
  await symlink(`${path}.real`, path);
  expect(await readConfigFile(path)).toBe('a: 1\n');
});

test('S20: readConfigFile() refuses a file that others may write', async () => {
  const { path } = await setUp('a: 1\n');
  await chmod(path, 0o666);
  await expect(readConfigFile(path)).rejects.toMatchObject({
    code: 'E_PERMISSIONS',
    hint: expect.stringContaining('chmod 600'),
  });
});

test('S10: readConfigFile() refuses what is too large, no file, or not UTF-8', async () => {
  const { home, path } = await setUp('');
  await truncate(path, 5 * 1024 ** 3);
  await expect(readConfigFile(path)).rejects.toMatchObject({ code: 'E_CONFIG' });
  await expect(readConfigFile(home)).rejects.toMatchObject({ code: 'E_CONFIG' });
  await symlink('/dev/zero', `${path}.zero`);
  await expect(readConfigFile(`${path}.zero`)).rejects.toMatchObject({
    code: expect.stringMatching(/E_CONFIG|E_PERMISSIONS/),
  });
  await writeFile(`${path}.latin1`, new Uint8Array([0x61, 0xe9]), { mode: 0o600 });
  await expect(readConfigFile(`${path}.latin1`)).rejects.toMatchObject({ code: 'E_CONFIG' });
});

test('editConfigFile() writes privately; a failed change leaves the file', async () => {
  const { home, path } = await setUp();
  await editConfigFile(home, path, () => 'new\n');
  expect([await readFile(path, 'utf8'), ((await stat(path)).mode & 0o777).toString(8)]).toEqual(['new\n', '600']);
  await expect(editConfigFile(home, path, () => {
    throw new Error('no');
  })).rejects.toThrow('no');
  expect(await readFile(path, 'utf8')).toBe('new\n');
});

test('S21: editConfigFile() does not write through a link', async () => {
  const { home, path } = await setUp();
  await writeFile(`${path}.target`, 'mine', { mode: 0o600 });
  await symlink(`${path}.target`, path);
  await expect(editConfigFile(home, path, () => 'new')).rejects.toMatchObject({ code: 'E_PERMISSIONS' });
  expect(await readFile(`${path}.target`, 'utf8')).toBe('mine');
});

test('S14: twenty edits at once are all there', async () => {
  const { home, path } = await setUp('');
  await Promise.all(Array.from({ length: 20 }, (_, i) => editConfigFile(home, path, (text) => `${text}${i}\n`)));
  expect((await readFile(path, 'utf8')).trim().split('\n').map(Number).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, i) => i),
  );
});
