import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import process from 'node:process';
import { afterEach, expect, test } from 'vitest';
import { acquireSocketLock, findLockHolder } from '../../../cli/platform/lock_socket.ts';
import { systemCode } from '../../../cli/platform/store_error.ts';
import { bundleScript, endChildren, runtimes, startChild } from '../../_lib/run_child.ts';
import { makeTempFolder } from '../../_lib/temp_home.ts';

const worker = await bundleScript(new URL('../../_lib/store_worker.ts', import.meta.url));
afterEach(endChildren);

const soon = (ms = 20_000) => AbortSignal.timeout(ms);

test('acquireSocketLock() lets one in at a time, in order, and leaves an empty folder', async () => {
  const folder = makeTempFolder();
  const order: number[] = [];
  let inside = 0;
  await Promise.all(Array.from({ length: 30 }, async (_, n) => {
    const release = await acquireSocketLock(folder, soon());
    expect(++inside).toBe(1);
    order.push(n);
    await new Promise((resolve) => setImmediate(resolve));
    inside--;
    release();
  }));
  expect(order).toEqual(Array.from({ length: 30 }, (_, n) => n));
  expect(readdirSync(folder)).toEqual([]);
});

test('acquireSocketLock() stops waiting when told to, and leaves its place', async () => {
  const folder = makeTempFolder();
  const release = await acquireSocketLock(folder, soon());
  const controller = new AbortController();
  const waiting = acquireSocketLock(folder, controller.signal);
  setTimeout(() => controller.abort(new Error('enough')), 20);
  await expect(waiting).rejects.toThrow('enough');
  expect(readdirSync(folder).length).toBe(2);
  const next = acquireSocketLock(folder, soon());
  release();
  (await next)();
  expect(readdirSync(folder)).toEqual([]);
});

test('acquireSocketLock() works where the path is longer than a socket path may be', async (context) => {
  context.skip(process.platform !== 'linux', 'only Linux has a way round the limit');
  const folder = `${makeTempFolder()}/${'x'.repeat(200)}`;
  mkdirSync(folder);
  const release = await acquireSocketLock(folder, soon());
  const next = acquireSocketLock(folder, soon());
  release();
  (await next)();
  expect(readdirSync(folder)).toEqual([]);
});

test('findLockHolder() names the process', async () => {
  const folder = makeTempFolder();
  expect(findLockHolder(folder)).toBeUndefined();
  const release = await acquireSocketLock(folder, soon());
  expect(findLockHolder(folder)).toBe(process.pid);
  release();
});

test('S18: what dead processes left is cleared away, and strange entries are let be', async () => {
  const folder = makeTempFolder();
  const id = '0123456789abcdef';
  // As if killed: with a ticket, while choosing, with a ticket only, before it listened.
  for (
    const name of [
      `s-${id}`,
      `t000000000000007-${id}`,
      `s-1${id.slice(1)}`,
      `t000000000000003-2${id.slice(1)}`,
      `n-${id}`,
    ]
  ) {
    writeFileSync(`${folder}/${name}`, '');
  }
  const strange = ['README', 's-xyz', 't1-0123456789abcdef', `t000000000000001-${id}.x`];
  for (const name of strange) writeFileSync(`${folder}/${name}`, '');
  const release = await acquireSocketLock(folder, soon());
  expect(readdirSync(folder).filter((name) => /^[st]/.test(name) && !strange.includes(name)).length).toBe(2);
  release();
  expect(readdirSync(folder).sort()).toEqual(strange.sort());
});

test('S21: a link in the place of a socket is removed, not its target', async () => {
  const folder = makeTempFolder();
  writeFileSync(`${folder}/target`, '');
  symlinkSync(`${folder}/target`, `${folder}/s-0123456789abcdef`);
  symlinkSync(`${folder}/nowhere`, `${folder}/s-1123456789abcdef`);
  (await acquireSocketLock(folder, soon()))();
  expect(readdirSync(folder)).toEqual(['target']);
});

test('S18: who is choosing is waited for until it has its ticket', async () => {
  const folder = makeTempFolder();
  const sockets = new Set<{ write(data: string): unknown; destroy(): unknown }>();
  const chooser = createServer((socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => chooser.listen(`${folder}/s-0123456789abcdef`, resolve));
  let isIn = false;
  const waiting = acquireSocketLock(folder, soon()).then((release) => (isIn = true, release));
  while (sockets.size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isIn).toBe(false);
  // It takes a later ticket: then it is not waited for any more.
  writeFileSync(`${folder}/t000000000000002-0123456789abcdef`, '');
  for (const socket of sockets) socket.write('t');
  (await waiting)();
  for (const socket of sockets) socket.destroy();
  chooser.close();
});

test('S18: a stopped holder whose queue is full counts as alive, on every runtime', async (context) => {
  context.skip(process.platform !== 'linux', 'other systems answer a full queue differently');
  const folder = makeTempFolder();
  const holder = startChild(worker, ['hold-socket', folder]);
  expect(await holder.nextLine()).toBe('held');
  const places = readdirSync(folder).sort();
  holder.signal('SIGSTOP');
  const errors: string[] = [];
  const sockets = Array.from(
    { length: 1500 },
    () => connect(`${folder}/${places[0]}`).on('error', (error) => errors.push(`${systemCode(error)}`)),
  );
  await expect(acquireSocketLock(folder, soon(300))).rejects.toThrow();
  for (const runtime of runtimes) {
    const child = startChild(worker, ['try-socket', folder, '200'], { runtime });
    expect([runtime, await child.nextLine()]).toEqual([runtime, 'refused']);
  }
  expect(errors.length).toBeGreaterThan(100); // The queue was full indeed.
  expect(readdirSync(folder).sort()).toEqual(places);
  for (const socket of sockets) socket.destroy();
  holder.signal('SIGCONT');
  const waiting = acquireSocketLock(folder, soon());
  holder.send('release');
  (await waiting)();
});

test('S18: file times play no part', async () => {
  const folder = makeTempFolder();
  const release = await acquireSocketLock(folder, soon());
  for (const days of [-1000, -1, 1, 1000]) {
    const time = Date.now() / 1000 + days * 86_400;
    for (const name of readdirSync(folder)) utimesSync(`${folder}/${name}`, time, time);
    await expect(acquireSocketLock(folder, soon(50))).rejects.toThrow();
  }
  release();
});

test('S18: processes of all runtimes exclude each other, also while some are killed', async () => {
  const folder = makeTempFolder();
  const log = `${folder}/log`;
  mkdirSync(`${folder}/lock`);
  const start = (n: number, count: number) =>
    startChild(worker, ['enter', folder, `${count}`], { runtime: runtimes[n % runtimes.length] });
  const workers = Array.from({ length: 9 }, (_, n) => start(n, 60));
  const victims = Array.from({ length: 9 }, (_, n) => start(n, 100_000));
  for (const child of [...workers, ...victims]) expect(await child.nextLine()).toBe('ready');
  for (const child of [...workers, ...victims]) child.send('go');
  for (const [n, victim] of victims.entries()) {
    await new Promise((resolve) => setTimeout(resolve, 10 + n));
    victim.signal(n % 3 === 0 ? 'SIGTERM' : 'SIGKILL');
  }
  for (const child of workers) expect([await child.nextLine(), child.lines]).toEqual(['done', ['ready', 'done']]);
  const { overlaps, entries } = readLog(log, new Set(victims.map((victim) => victim.process.pid!)));
  expect(overlaps).toEqual([]);
  expect(entries).toBeGreaterThanOrEqual(9 * 60);
  (await acquireSocketLock(`${folder}/lock`, soon()))();
  expect(readdirSync(`${folder}/lock`)).toEqual([]);
}, 300_000);

/** Who entered while another was inside; those who were killed inside are not. */
function readLog(path: string, killed: ReadonlySet<number>): { overlaps: string[]; entries: number } {
  const overlaps: string[] = [];
  let [inside, entries] = [0, 0];
  for (const line of readFileSync(path, 'utf8').trim().split('\n')) {
    const pid = Number(line.slice(1));
    if (line.startsWith('+')) {
      if (inside !== 0 && !killed.has(inside)) overlaps.push(`${pid} entered while ${inside} was inside`);
      inside = pid;
      entries++;
    } else {
      if (inside !== pid) overlaps.push(`${pid} left while ${inside} was inside`);
      inside = 0;
    }
  }
  return { overlaps, entries };
}
