import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findNssStores, findNssTool, fingerprintOf } from '../../../../cli/platform/proxy/nss_store.ts';
import { createLeafIssuer, mintAuthority } from '../../../../src/proxy/leaf_issuer.ts';
import { needCommands, runCommand } from '../../../_lib/command.ts';
import { useFolder } from '../../../_lib/lab.ts';

test('findNssStores() finds what is there and makes nothing', async () => {
  const home = await useFolder();
  expect(findNssStores(home)).toEqual([]);
  for (const folder of ['.pki/nssdb', '.mozilla/firefox/b.default', '.mozilla/firefox/Crash Reports']) {
    await mkdir(join(home, folder), { recursive: true });
  }
  expect(findNssStores(home)).toEqual([]);
  await writeFile(join(home, '.pki/nssdb/cert9.db'), '');
  await writeFile(join(home, '.mozilla/firefox/b.default/cert9.db'), '');
  expect(findNssStores(home)).toEqual([join(home, '.pki/nssdb'), join(home, '.mozilla/firefox/b.default')]);
});

test('findNssTool() says what went wrong with a folder that is no database', async ({ skip }) => {
  needCommands(skip, 'certutil');
  const tool = (await findNssTool())!;
  const folder = join(await useFolder(), 'nothing here');
  expect(await tool.find(folder, 'x')).toBeUndefined();
  expect(await tool.remove(folder, 'x')).toMatch(/certutil/);
});

test('fingerprintOf() is that of openssl', async ({ skip }) => {
  const [openssl] = needCommands(skip, 'openssl');
  const clock = { now: () => Date.now() };
  const { authority } = await mintAuthority(['a.example'], 'test', clock);
  const pem = createLeafIssuer(authority, clock).certificatesPem;
  const { stdout } = await runCommand(openssl!, ['x509', '-noout', '-fingerprint', '-sha256'], { stdin: pem });
  expect(fingerprintOf(pem)).toBe(stdout.split('=')[1]!.trim().replaceAll(':', '').toLowerCase());
});
