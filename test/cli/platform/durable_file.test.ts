import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import process from 'node:process';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import {
  MAX_FILE_BYTES,
  readPrivateFile,
  removePrivateFile,
  renamePrivateFile,
  sweepTemporaryFiles,
  syncFolder,
  writePrivateFile,
} from '../../../cli/platform/durable_file.ts';
import { encodeUtf8, equalBytes } from '../../../src/encoding/bytes.ts';
import { bundleScript, endChildren, startChild } from '../../_lib/run_child.ts';
import { hasProgram, isRoot } from '../../_lib/system.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

const worker = await bundleScript(new URL('../../_lib/store_worker.ts', import.meta.url));
afterEach(endChildren);

const [one, two] = [encodeUtf8('one'), encodeUtf8('two')];
const code = (name: string) => expect.objectContaining({ code: name });

test('writePrivateFile() writes, replaces, and leaves nothing else', async () => {
  const path = `${makeTempFolder()}/x`;
  expect(readPrivateFile(path)).toBeUndefined();
  expect(await writePrivateFile(path, one)).toBe(true);
  expect(await writePrivateFile(path, new Uint8Array())).toBe(true);
  expect(readPrivateFile(path)).toEqual(new Uint8Array());
  const large = new Uint8Array(MAX_FILE_BYTES).fill(7);
  await writePrivateFile(path, large);
  expect(equalBytes(readPrivateFile(path)!, large)).toBe(true);
  expect(readdirSync(path.slice(0, -2))).toEqual(['x']);
});

test('writePrivateFile() keeps a file that is there when asked to', async () => {
  const path = `${makeTempFolder()}/x`;
  const results = await Promise.all([one, two].map((bytes) => writePrivateFile(path, bytes, { exclusive: true })));
  expect(results.sort()).toEqual([false, true]);
  expect(readdirSync(path.slice(0, -2))).toEqual(['x']);
});

test('removePrivateFile() and renamePrivateFile() do what they say', async () => {
  const folder = makeTempFolder();
  await writePrivateFile(`${folder}/x`, one);
  await renamePrivateFile(`${folder}/x`, `${folder}/y`);
  expect(readPrivateFile(`${folder}/y`)).toEqual(one);
  await removePrivateFile(`${folder}/y`);
  await removePrivateFile(`${folder}/y`);
  expect(readdirSync(folder)).toEqual([]);
  await expect(renamePrivateFile(`${folder}/x`, `${folder}/y`)).rejects.toMatchObject({ code: 'E_STORE' });
  await expect(syncFolder(`${folder}/none`)).rejects.toThrow();
});

test.each([0o000, 0o022, 0o077, 0o277, 0o777])('S19: files are 0600 under umask %i', async (umask) => {
  const folder = makeTempFolder();
  const before = process.umask(umask);
  onTestFinished(() => void process.umask(before));
  await writePrivateFile(`${folder}/x`, one);
  await writePrivateFile(`${folder}/key`, one, { mode: 0o400, exclusive: true });
  const mode = (name: string) => (statSync(`${folder}/${name}`).mode & 0o777).toString(8);
  expect([mode('x'), mode('key')]).toEqual(['600', '400']);
});

test('S20: a file that is open to others, or of another, is not read', (context) => {
  const path = `${makeTempFolder()}/x`;
  writeFileSync(path, 'one');
  chmodSync(path, 0o644);
  expect(() => readPrivateFile(path)).toThrow(code('E_PERMISSIONS'));
  chmodSync(path, 0o600);
  expect(readPrivateFile(path)).toEqual(one);
  context.skip(!isRoot, 'only root can give a file away');
  chownSync(path, 65534, 65534);
  expect(() => readPrivateFile(path)).toThrow(code('E_PERMISSIONS'));
});

test('S10: what is no plain file of at most 1 MiB is refused at once, unread', () => {
  const folder = makeTempFolder('disk');
  writeFileSync(`${folder}/large`, '', { mode: 0o600 });
  truncateSync(`${folder}/large`, MAX_FILE_BYTES + 1);
  writeFileSync(`${folder}/huge`, '', { mode: 0o600 });
  truncateSync(`${folder}/huge`, 4 * 2 ** 30);
  symlinkSync('/dev/zero', `${folder}/zero`);
  symlinkSync(`${folder}/nowhere`, `${folder}/dangling`);
  symlinkSync(`${folder}/loop`, `${folder}/loop`);
  mkdirSync(`${folder}/folder`);
  spawnSync('mkfifo', ['-m', '600', `${folder}/pipe`]);
  const begin = performance.now();
  for (const name of ['large', 'huge', 'zero', 'dangling', 'loop', 'folder', 'pipe']) {
    expect(existsSync(`${folder}/${name}`) || lstatSync(`${folder}/${name}`).isSymbolicLink()).toBe(true);
    expect(() => readPrivateFile(`${folder}/${name}`), name).toThrow(code('E_CORRUPT'));
  }
  expect(performance.now() - begin).toBeLessThan(1000);
});

test('S21: a write replaces a link, symbolic or hard, and leaves its target', async () => {
  const folder = makeTempFolder();
  const target = `${folder}/target`;
  writeFileSync(target, 'target', { mode: 0o600 });
  symlinkSync(target, `${folder}/soft`);
  linkSync(target, `${folder}/hard`);
  symlinkSync(`${folder}/nowhere`, `${folder}/dangling`);
  for (const name of ['soft', 'hard', 'dangling']) {
    await writePrivateFile(`${folder}/${name}`, one);
    expect(lstatSync(`${folder}/${name}`).isFile()).toBe(true);
    expect(readPrivateFile(`${folder}/${name}`)).toEqual(one);
  }
  expect(await writePrivateFile(target, one, { exclusive: true })).toBe(false);
  expect(readFileSync(target, 'utf8')).toBe('target');
  expect(existsSync(`${folder}/nowhere`)).toBe(false);
});

test('S11: sweepTemporaryFiles() removes the temporary files of that file only', () => {
  const folder = makeTempFolder();
  const kept = [
    'jira',
    '.jira',
    '.jira.tmp',
    '.jira.0123456789abcdef.tmp.x',
    '.jira.x.0123456789abcdef.tmp',
    '.other.0123456789abcdef.tmp',
  ];
  for (const name of [...kept, '.jira.0123456789abcdef.tmp', '.jira.fedcba9876543210.tmp']) {
    writeFileSync(`${folder}/${name}`, '');
  }
  sweepTemporaryFiles(`${folder}/jira`);
  expect(readdirSync(folder).sort()).toEqual(kept.sort());
});

test('S12: a write is fsync of the file, then rename, then fsync of the folder', async (context) => {
  context.skip(!hasProgram('strace'), 'strace is not installed');
  const home = makeTempFolder();
  mkdirSync(`${home}/a`, 0o700);
  const log = `${home}/strace`;
  const trace = ['strace', '-f', '-y', '-o', log, '-e', 'trace=fsync,rename,renameat,renameat2,openat'];
  const child = startChild(worker, ['put', home, 'a/x', 'value'], { under: trace });
  expect(await child.nextLine()).toBe('stored');
  const steps = readFileSync(log, 'utf8').split('\n').filter((line) => line.includes(`${home}/a`)).flatMap((line) => {
    if (/openat\(.*\.x\.[0-9a-f]{16}\.tmp", O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW/.test(line)) return ['create'];
    if (/fsync\(\d+<[^>]*\.tmp>/.test(line)) return ['fsync file'];
    if (/rename\w*\(.*\.tmp".*\/x"/.test(line)) return ['rename'];
    if (/fsync\(\d+<[^>]*\/a>/.test(line)) return ['fsync folder'];
    return [];
  });
  expect(steps).toEqual(['create', 'fsync file', 'rename', 'fsync folder']);
});

test.each([
  ['the file does not reach the disk', 'fsync:error=EIO', '', 'old'],
  ['the folder does not reach the disk', 'fsync:error=EIO', '/a', 'new'],
  ['the quota ends at the rename', '/rename.*:error=EDQUOT:when=2', '', 'old'], // The first one is the lock's.
])('S13: when %s, the write is an error and leaves one whole file', async (_, fault, only, expected) => {
  if (!hasProgram('strace')) return console.log('skipped: strace is not installed');
  const home = makeTempFolder();
  expect((await startChild(worker, ['put', home, 'a/x', 'old']).end).code).toBe(0);
  const under = ['strace', '-f', '-o', '/dev/null', ...(only ? ['-P', home + only] : []), '-e', `inject=${fault}`];
  const { code, stderr } = await startChild(worker, ['put', home, 'a/x', 'new'], { under }).end;
  expect([code, stderr]).toEqual([1, expect.stringContaining('E_STORE')]);
  expect(readFileSync(`${home}/a/x`, 'utf8')).toBe(expected);
  expect(readdirSync(`${home}/a`)).toEqual(['x']);
});
