import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createUserFiles } from '../../../cli/platform/user_files.ts';
import { readAll } from '../../../src/encoding/read_all.ts';
import { useFolder } from '../../_lib/lab.ts';

const cleanups = new Set<() => Promise<void>>();
const files = createUserFiles((cleanup) => {
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
});
async function* pieces(...texts: string[]) {
  for (const text of texts) yield new TextEncoder().encode(text);
}

test('read() streams a file, and says which one is not there', async () => {
  const path = join(await useFolder(), 'f');
  await writeFile(path, 'content');
  expect(new TextDecoder().decode(await readAll(files.read(path), 100))).toBe('content');
  await expect(readAll(files.read(`${path}x`), 100)).rejects.toMatchObject({
    code: 'E_USAGE',
    message: expect.stringContaining('ENOENT'),
  });
});

test('write() shows a file only when it is complete', async () => {
  const folder = await useFolder();
  await files.write(join(folder, 'f'), pieces('a', 'b'));
  expect(await readFile(join(folder, 'f'), 'utf8')).toBe('ab');
  const broken = (async function* () {
    yield* pieces('half');
    expect((await readdir(folder)).some((name) => name.endsWith('.part'))).toBe(true);
    throw new Error('broke');
  })();
  await expect(files.write(join(folder, 'f'), broken)).rejects.toMatchObject({ code: 'E_STORE' });
  expect(await readFile(join(folder, 'f'), 'utf8')).toBe('ab');
  expect(await readdir(folder)).toEqual(['f']);
  expect(cleanups.size).toBe(0);
});

test('write() into a folder that is not there is a clear error', async () => {
  await expect(files.write(join(await useFolder(), 'no', 'f'), pieces('a'))).rejects.toMatchObject({
    code: 'E_STORE',
    message: expect.stringContaining('ENOENT'),
  });
});
