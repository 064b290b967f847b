import { chmodSync, chownSync, lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import {
  ensureHome,
  ensurePrivateFolder,
  hasPrivateFolder,
  requirePrivate,
} from '../../../cli/platform/private_path.ts';
import { isRoot } from '../../_lib/system.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const refused = (code: string, hint: RegExp) => expect.objectContaining({ code, hint: expect.stringMatching(hint) });

test.each([0o000, 0o022, 0o077, 0o277, 0o777])('S19: folders are 0700 under umask %i', (umask) => {
  const folder = makeTempFolder();
  const before = process.umask(umask);
  onTestFinished(() => void process.umask(before));
  ensurePrivateFolder(`${folder}/a`);
  ensureHome(`${folder}/b/c/home`);
  expect(['a', 'b', 'b/c', 'b/c/home'].map((name) => modeOf(`${folder}/${name}`))).toEqual(Array(4).fill('700'));
});

test('S19: ensureHome() makes an own home private, and leaves what is above it', () => {
  const folder = makeTempFolder();
  chmodSync(folder, 0o755);
  mkdirSync(`${folder}/home`);
  chmodSync(`${folder}/home`, 0o755);
  expect(() => hasPrivateFolder(`${folder}/home`)).toThrow(refused('E_PERMISSIONS', /^chmod 700 /));
  ensureHome(`${folder}/home`);
  expect([modeOf(`${folder}/home`), modeOf(folder)]).toEqual(['700', '755']);
});

test('ensureHome() follows a home that is a link, and needs an absolute path', () => {
  const folder = makeTempFolder();
  mkdirSync(`${folder}/real`, 0o755);
  symlinkSync(`${folder}/real`, `${folder}/home`);
  ensureHome(`${folder}/home`);
  expect(modeOf(`${folder}/real`)).toBe('700');
  expect(() => ensureHome('home')).toThrow(TypeError);
});

test.each([0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o601])(
  'S20: a file of mode %i is refused with the command that mends it',
  (mode) => {
    const path = `${makeTempFolder()}/it's`;
    writeFileSync(path, '');
    chmodSync(path, mode);
    expect(() => requirePrivate(statSync(path), path)).toThrow(refused('E_PERMISSIONS', /^chmod 600 '.*\/it'\\''s'$/));
    chmodSync(path, 0o444);
    expect(() => requirePrivate(statSync(path), path)).toThrow(refused('E_PERMISSIONS', /^chmod 400 /));
    chmodSync(path, 0o400);
    requirePrivate(statSync(path), path);
  },
);

test('S20: what belongs to another user is refused with the command that mends it', (context) => {
  context.skip(!isRoot, 'only root can give a file away');
  const folder = makeTempFolder();
  chownSync(folder, 65534, 65534);
  const hint = /^if it should be yours: sudo chown 0 \//;
  expect(() => hasPrivateFolder(folder)).toThrow(refused('E_PERMISSIONS', hint));
  expect(() => ensurePrivateFolder(folder)).toThrow(refused('E_PERMISSIONS', hint));
  expect(() => ensureHome(folder)).toThrow(refused('E_PERMISSIONS', hint));
});

test('S21: a link or a file in place of a folder is refused and stays as it is', () => {
  const folder = makeTempFolder();
  mkdirSync(`${folder}/target`, 0o700);
  symlinkSync(`${folder}/target`, `${folder}/link`);
  symlinkSync(`${folder}/nowhere`, `${folder}/dangling`);
  writeFileSync(`${folder}/file`, '', { mode: 0o600 });
  for (const name of ['link', 'dangling', 'file']) {
    expect(() => ensurePrivateFolder(`${folder}/${name}`)).toThrow(refused('E_PERMISSIONS', /move it away: mv /));
    expect(() => hasPrivateFolder(`${folder}/${name}`)).toThrow(refused('E_PERMISSIONS', /move it away: mv /));
  }
  expect(lstatSync(`${folder}/link`).isSymbolicLink()).toBe(true);
});

test('hasPrivateFolder() says whether something is there', () => {
  const folder = makeTempFolder();
  expect(hasPrivateFolder(folder)).toBe(true);
  expect(hasPrivateFolder(`${folder}/none`)).toBe(false);
  expect(() => ensurePrivateFolder(`${folder}/none/deep`)).toThrow(expect.objectContaining({ code: 'E_STORE' }));
});
