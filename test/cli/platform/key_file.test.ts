import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createFileKeySource } from '../../../cli/platform/key_file.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

const request = { vault: 'A'.repeat(22), salt: new Uint8Array(16), scrypt: undefined };

test('create() makes a key file of 32 bytes, mode 0400, and open() reads it', async () => {
  const path = `${makeTempFolder()}/key`;
  const source = createFileKeySource(path);
  const key = await source.create(request);
  expect(key.length).toBe(32);
  expect(readFileSync(path, 'utf8')).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
  expect((statSync(path).mode & 0o777).toString(8)).toBe('400');
  expect(await source.open(request)).toEqual(key);
  expect(await createFileKeySource(path).create(request)).toEqual(key);
});

test('S15: many who create at once get one key', async () => {
  const folder = makeTempFolder();
  const keys = await Promise.all(
    Array.from({ length: 50 }, () => createFileKeySource(`${folder}/key`).create(request)),
  );
  expect(new Set(keys.map((key) => key.join())).size).toBe(1);
  expect(readdirSync(folder)).toEqual(['key']);
});

test('S16: open() never makes a key, and says how to restore it', async () => {
  const folder = makeTempFolder();
  await expect(createFileKeySource(`${folder}/key`).open(request)).rejects.toMatchObject({
    code: 'E_KEY_MISSING',
    hint: `restore it from a backup: cp BACKUP/key ${folder}/key && chmod 400 ${folder}/key`,
  });
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  '',
  '\n',
  'short',
  'A'.repeat(42),
  'A'.repeat(44),
  `${'A'.repeat(42)}=`,
  ` ${'A'.repeat(43)}`,
  'B'.repeat(43),
  `${'A'.repeat(43)}\n\n`,
])(
  'a key file with %j is refused, and create() leaves it',
  async (text) => {
    const path = `${makeTempFolder()}/key`;
    writeFileSync(path, text, { mode: 0o400 });
    for (const call of ['open', 'create'] as const) {
      await expect(createFileKeySource(path)[call](request)).rejects.toMatchObject({ code: 'E_KEY_SOURCE' });
    }
    expect(readFileSync(path, 'utf8')).toBe(text);
  },
);

test('a key file with a carriage return, or none, is taken', async () => {
  for (const end of ['', '\r\n']) {
    const path = `${makeTempFolder()}/key`;
    writeFileSync(path, `${'A'.repeat(43)}${end}`, { mode: 0o600 });
    expect(await createFileKeySource(path).open(request)).toEqual(new Uint8Array(32));
  }
});

test('S20: a key file that others may read is refused; S21: and one that is a link', async () => {
  const folder = makeTempFolder();
  writeFileSync(`${folder}/key`, `${'A'.repeat(43)}\n`, { mode: 0o600 });
  symlinkSync(`${folder}/key`, `${folder}/link`);
  await expect(createFileKeySource(`${folder}/link`).open(request)).rejects.toMatchObject({ code: 'E_CORRUPT' });
  await expect(createFileKeySource(`${folder}/link`).create(request)).rejects.toMatchObject({ code: 'E_CORRUPT' });
  chmodSync(`${folder}/key`, 0o444);
  await expect(createFileKeySource(`${folder}/key`).open(request)).rejects.toMatchObject({ code: 'E_PERMISSIONS' });
});

test('discard() removes the key file', async () => {
  const folder = makeTempFolder();
  const source = createFileKeySource(`${folder}/key`);
  await source.create(request);
  await source.discard(request);
  await source.discard(request);
  expect(readdirSync(folder)).toEqual([]);
});
