import { chmodSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { acquireLock, withLock } from '../../../cli/platform/lock.ts';
import { bundleScript, endChildren, runtimes, startChild } from '../../_lib/run_child.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

const worker = await bundleScript(new URL('../../_lib/store_worker.ts', import.meta.url));
afterEach(endChildren);

test('acquireLock() excludes per name, and the lock can be had again', async () => {
  const folder = `${makeTempFolder()}/lock`;
  const lease = await acquireLock({ folder, name: 'a' });
  const other = await acquireLock({ folder, name: 'b' });
  await expect(acquireLock({ folder, name: 'a' }, 30)).rejects.toMatchObject({ code: 'E_LOCKED' });
  await lease.release();
  await (await acquireLock({ folder, name: 'a' })).release();
  await other.release();
});

test('a lease that was released does nothing to the next one', async () => {
  const lock = { folder: `${makeTempFolder()}/lock`, name: 'x' };
  const first = await acquireLock(lock);
  await first.release();
  const second = await acquireLock(lock);
  await first.release();
  await expect(acquireLock(lock, 30)).rejects.toMatchObject({ code: 'E_LOCKED' });
  expect(await withLock(lock, 30, () => Promise.resolve('under the second'))).toBe('under the second');
  await second.release();
});

test('acquireLock() takes any name, also one that is no file name', async () => {
  const folder = `${makeTempFolder()}/lock`;
  for (const name of ['', '../x', 'a/b', '\0', 'x'.repeat(5000)]) await (await acquireLock({ folder, name })).release();
  expect(readdirSync(folder).every((entry) => /^[0-9a-f]{16}$/.test(entry))).toBe(true);
});

test('S18: a lock ends with its holder, on every runtime', async () => {
  const home = makeTempFolder();
  for (const runtime of runtimes) {
    const holder = startChild(worker, ['hold', home, 'x'], { runtime });
    expect(await holder.nextLine()).toBe('held');
    const waiting = acquireLock({ folder: `${home}/lock`, name: 'x' });
    holder.signal('SIGKILL');
    await (await waiting).release();
  }
});

test('S18: a stopped holder keeps the lock, and E_LOCKED names it', async () => {
  const home = makeTempFolder();
  const lock = { folder: `${home}/lock`, name: 'credentials/jira.json' };
  for (const runtime of runtimes) {
    const holder = startChild(worker, ['hold', home, lock.name], { runtime });
    expect(await holder.nextLine()).toBe('held');
    holder.signal('SIGSTOP');
    await expect(acquireLock(lock, 200)).rejects.toMatchObject({
      code: 'E_LOCKED',
      message: `Cannot lock "credentials/jira.json": process ${holder.process.pid} holds it for longer than 0.2 s`,
    });
    const waiting = acquireLock(lock);
    holder.signal('SIGCONT');
    holder.send('release');
    await (await waiting).release();
  }
});

test('a held lock does not keep its process running', async () => {
  const home = makeTempFolder();
  for (const runtime of runtimes) {
    const child = startChild(worker, ['leave-held', home, 'x'], { runtime });
    expect((await child.end).code).toBe(0);
    await (await acquireLock({ folder: `${home}/lock`, name: 'x' })).release();
  }
});

test('withLock() uses the lock that this process holds, one piece of work after the other', async () => {
  const lock = { folder: `${makeTempFolder()}/lock`, name: 'x' };
  const lease = await acquireLock(lock);
  const steps: string[] = [];
  const work = (name: string) => async () => {
    steps.push(`+${name}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
    steps.push(`-${name}`);
    return name;
  };
  const failing = withLock(lock, 100, () => Promise.reject(new Error('no')));
  const all = Promise.all(['a', 'b', 'c'].map((name) => withLock(lock, 100, work(name))));
  const releasing = lease.release().then(() => steps.push('released'));
  const after = withLock(lock, 5000, work('d'));
  await expect(failing).rejects.toThrow('no');
  expect(await all).toEqual(['a', 'b', 'c']);
  await releasing;
  expect(await after).toBe('d');
  expect(steps).toEqual(['+a', '-a', '+b', '-b', '+c', '-c', 'released', '+d', '-d']);
});

test('withLock() keeps others out, and lets them in when its work fails', async () => {
  const lock = { folder: `${makeTempFolder()}/lock`, name: 'x' };
  let inside = 0;
  const results = await Promise.allSettled(Array.from({ length: 10 }, (_, n) =>
    withLock(lock, 5000, async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      if (n % 2) throw new Error('no');
    })));
  expect(results.filter((result) => result.status === 'fulfilled').length).toBe(5);
});

test('S20: acquireLock() refuses a lock folder that is open to others; S21: or that is a link', async () => {
  const home = makeTempFolder();
  mkdirSync(`${home}/open`);
  chmodSync(`${home}/open`, 0o777);
  await expect(acquireLock({ folder: `${home}/open`, name: 'x' })).rejects.toMatchObject({ code: 'E_PERMISSIONS' });
  symlinkSync(home, `${home}/link`);
  await expect(acquireLock({ folder: `${home}/link`, name: 'x' })).rejects.toMatchObject({ code: 'E_PERMISSIONS' });
  expect(readdirSync(home)).toEqual(['link', 'open']);
});
