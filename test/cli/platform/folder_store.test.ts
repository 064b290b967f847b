import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { createFolderStore } from '../../../cli/platform/folder_store.ts';
import { decodeUtf8, encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { testStore } from '../../_lib/store_cases.ts';
import { bundleScript, endChildren, startChild } from '../../_lib/run_child.ts';
import { hasProgram, isRoot } from '../../_lib/system.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

const worker = await bundleScript(new URL('../../_lib/store_worker.ts', import.meta.url));
afterEach(endChildren);

testStore('createFolderStore()', () => createFolderStore(makeTempFolder()));

const one = encodeUtf8('one');

test('two stores of one home exclude each other, also in one process', async () => {
  const home = makeTempFolder();
  const [first, second] = [createFolderStore(home), createFolderStore(home, { lockTimeoutMs: 50 })];
  const lease = await first.lease('a/x');
  await expect(second.lease('a/x')).rejects.toMatchObject({ code: 'E_LOCKED' });
  await second.put('a/x', one); // Under the lease of this process.
  await lease.release();
  await (await second.lease('a/x')).release();
});

test('a home that is not there reads as empty, and is not made by a write', async () => {
  const store = createFolderStore(`${makeTempFolder()}/home`);
  expect(await store.get('a/x')).toBeUndefined();
  expect(await store.list('a')).toEqual([]);
  for (const call of [() => store.put('a/x', one), () => store.remove('a/x'), () => store.lease('a/x')]) {
    await expect((async () => await call())()).rejects.toMatchObject({
      code: 'E_NOT_INITIALISED',
      hint: 'make one with: sig init',
    });
  }
});

test('list() leaves out what is no key: temporary, kept aside, hidden, strange', async () => {
  const home = makeTempFolder();
  const store = createFolderStore(home);
  await store.put('a/x.json', one);
  for (
    const name of ['.x.json.0123456789abcdef.tmp', 'x.json.corrupt-20261121-213800', '.hidden', 'UPPER', 'é', 'sp ace']
  ) {
    writeFileSync(`${home}/a/${name}`, '');
  }
  expect(await store.list('a')).toEqual(['a/x.json']);
});

test('S11: the next write of a record sweeps what a killed one left', async () => {
  const home = makeTempFolder();
  const store = createFolderStore(home);
  await store.put('a/x', one);
  writeFileSync(`${home}/a/.x.0123456789abcdef.tmp`, 'half');
  writeFileSync(`${home}/a/.y.0123456789abcdef.tmp`, 'perhaps of a live writer');
  await store.put('a/x', one);
  expect(readdirSync(`${home}/a`).sort()).toEqual(['.y.0123456789abcdef.tmp', 'x']);
});

test(
  'S11: killed at any system call of a put, the old or new value is there and the next put succeeds',
  async (context) => {
    context.skip(!hasProgram('strace'), 'strace is not installed');
    const home = makeTempFolder();
    const store = createFolderStore(home);
    // In the order of a put; the first rename and unlinks are the lock's.
    const points = [
      'bind',
      'listen',
      'chmod',
      '/rename.*:when=1',
      'fchmod',
      'fsync',
      '/rename.*:when=2',
      '/unlink.*:when=1',
      '/unlink.*:when=2',
    ];
    const seen = new Set<string>();
    let kills = 0;
    for (const point of points) {
      await store.put('a/x', encodeUtf8('old'));
      const fault = point.includes(':') ? point.replace(':', ':signal=KILL:') : `${point}:signal=KILL`;
      const under = ['strace', '-f', '-o', '/dev/null', '-e', `inject=${fault}`];
      const { code } = await startChild(worker, ['put', home, 'a/x', 'new'], { under }).end;
      if (code !== 0) kills++;
      seen.add(decodeUtf8((await store.get('a/x'))!.bytes));
      const begin = performance.now();
      await store.put('a/x', encodeUtf8('next'));
      expect(performance.now() - begin).toBeLessThan(5000);
      expect(readdirSync(`${home}/a`)).toEqual(['x']);
      for (const lock of readdirSync(`${home}/lock`)) expect(readdirSync(`${home}/lock/${lock}`)).toEqual([]);
    }
    expect(kills).toBe(points.length);
    expect([...seen].sort()).toEqual(['new', 'old']);
  },
  60_000,
);

test('S10: setAside() keeps whatever is there, by renaming it', async () => {
  const home = makeTempFolder('disk');
  const store = createFolderStore(home, { now: () => 0 });
  mkdirSync(`${home}/a`, { mode: 0o700 });
  writeFileSync(`${home}/a/huge`, '', { mode: 0o600 });
  truncateSync(`${home}/a/huge`, 4 * 2 ** 30);
  symlinkSync('/dev/zero', `${home}/a/zero`);
  symlinkSync('nowhere', `${home}/a/dangling`);
  mkdirSync(`${home}/a/folder`);
  spawnSync('mkfifo', ['-m', '600', `${home}/a/pipe`]);
  for (const name of ['huge', 'zero', 'dangling', 'folder', 'pipe']) {
    await expect(store.get(`a/${name}`)).rejects.toMatchObject({ code: 'E_CORRUPT' });
    const kind = lstatSync(`${home}/a/${name}`).mode & 0o170000;
    const kept = await store.setAside(`a/${name}`);
    expect(kept).toBe(`${home}/a/${name}.corrupt-19700101-000000`);
    expect(lstatSync(kept).mode & 0o170000).toBe(kind);
    expect(await store.get(`a/${name}`)).toBeUndefined();
  }
  symlinkSync('/dev/zero', `${home}/a/dangling`);
  expect(await store.setAside('a/dangling')).toBe(`${home}/a/dangling.corrupt-19700101-000000-2`);
});

test('S20: a home, folder or file that is open to others, or of another, is refused', async (context) => {
  const home = makeTempFolder();
  const store = createFolderStore(home);
  await store.put('a/x', one);
  for (const [path, mode] of [['', 0o755], ['/a', 0o750], ['/a/x', 0o644]] as const) {
    const before = lstatSync(home + path).mode & 0o777;
    chmodSync(home + path, mode);
    await expect(store.get('a/x')).rejects.toMatchObject({
      code: 'E_PERMISSIONS',
      hint: expect.stringMatching(/^chmod [67]00 /),
    });
    if (path !== '/a/x') {
      await expect((async () => await store.put('a/x', one))()).rejects.toMatchObject({ code: 'E_PERMISSIONS' });
    }
    chmodSync(home + path, before);
  }
  context.skip(!isRoot, 'only root can give a file away');
  for (const path of ['', '/a', '/a/x']) {
    chownSync(home + path, 65534, 65534);
    await expect(store.get('a/x')).rejects.toMatchObject({
      code: 'E_PERMISSIONS',
      hint: expect.stringContaining('sudo chown 0 '),
    });
    chownSync(home + path, 0, 0);
  }
  expect((await store.get('a/x'))?.bytes).toEqual(one);
});

test('S21: links planted at every path that is written are refused or replaced, their targets untouched', async () => {
  const target = makeTempFolder();
  writeFileSync(`${target}/file`, 'target', { mode: 0o600 });
  for (const planted of ['a', 'lock']) {
    const home = makeTempFolder();
    symlinkSync(target, `${home}/${planted}`);
    await expect(createFolderStore(home).put('a/x', one)).rejects.toMatchObject({ code: 'E_PERMISSIONS' });
  }
  const home = makeTempFolder();
  const store = createFolderStore(home);
  await store.put('a/y', one);
  symlinkSync(`${target}/file`, `${home}/a/x`);
  await expect(store.get('a/x')).rejects.toMatchObject({ code: 'E_CORRUPT' });
  await store.put('a/x', one);
  expect((await store.get('a/x'))?.bytes).toEqual(one);
  expect([readFileSync(`${target}/file`, 'utf8'), readdirSync(target)]).toEqual(['target', ['file']]);
});

test('S22: different keys are different files', async () => {
  const home = makeTempFolder();
  const store = createFolderStore(home);
  const alphabet = 'ab0._-';
  const names = [...alphabet].flatMap((a) => [...alphabet].flatMap((b) => [...alphabet].map((c) => `a/${a}${b}${c}`)));
  const keys: string[] = [];
  for (const key of names) {
    try {
      await store.put(key, encodeUtf8(key));
      keys.push(key);
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
    }
  }
  expect(keys.length).toBeGreaterThan(70);
  for (const key of keys) expect((await store.get(key))?.bytes).toEqual(encodeUtf8(key));
  expect(readdirSync(home).sort()).toEqual(['a', 'lock']);
  expect(new Set(readdirSync(`${home}/a`).map((name) => name.toLowerCase())).size).toBe(keys.length);
});
