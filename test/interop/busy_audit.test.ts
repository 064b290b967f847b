/**
 * The audit log of a process that writes much: its head comes later than its records, and that shows nowhere.
 *
 * @module
 */

import { readFileSync, truncateSync, unlinkSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createAuditFile } from '../../cli/platform/audit_file.ts';
import { createHashMac } from '../../cli/platform/hash_mac.ts';
import { type AuditLog, createAuditLog } from '../../src/audit/audit_log.ts';
import { createMac, type Mac } from '../../src/audit/chain.ts';
import { key, makeLease, numbersOf, readLog, startWriter, writeMany } from '../_lib/audit_bench.ts';
import { useFolder, useServer } from '../_lib/lab.ts';
import { startSig } from '../_lib/sig.ts';
import { tokenProvider, useWorld } from '../_lib/world.ts';

interface Bench {
  readonly path: string;
  /** A log that is kept open, or that of somebody else, who waits until it is given back. */
  open(isBusy: boolean, mac?: () => Promise<Mac>, maxBytes?: number): AuditLog;
  headSeq(): number;
}

async function makeBench(): Promise<Bench> {
  const folder = join(await useFolder(), 'logs');
  const lease = makeLease();
  return {
    path: join(folder, 'audit.jsonl'),
    open: (isBusy, mac = async () => createHashMac(key), maxBytes = 1_000_000) =>
      createAuditLog(createAuditFile({ folder, lease, isBusy, maxBytes }), mac, { now: () => 0 }),
    headSeq: () => headSeqIn(folder),
  };
}

const headSeqIn = (folder: string): number => JSON.parse(readFileSync(join(folder, 'audit.head'), 'latin1')).seq;

test.each([
  ['at once', async () => createHashMac(key)],
  ['later', () => createMac(key)],
])('R16: whoever waits for a busy log finds its head complete: with a MAC that comes %s', async (_, mac) => {
  const { open, headSeq } = await makeBench();
  const busy = open(true, mac);
  for (let round = 1; round <= 5; round++) {
    await writeMany(busy, 10);
    await Promise.all(Array.from({ length: 9 }, (_, number) => busy.write({ event: 'inject', number })));
    const other = open(false);
    await other.write({ event: 'login' });
    expect(headSeq()).toBe(round * 20);
    expect(await other.verify()).toEqual({ records: round * 20, recoveries: 0 });
  }
});

test('R16: a busy log can be read by its own process while it is written', async () => {
  const { open, headSeq } = await makeBench();
  const log = open(true);
  for (let count = 10; count <= 50; count += 10) {
    await writeMany(log, 9);
    const last = log.write({ event: 'inject' });
    await log.inspect();
    await last;
    expect(await log.verify()).toEqual({ records: count, recoveries: 0 });
    expect(headSeq()).toBe(count);
  }
});

test('R16: rotation of a busy log keeps its head and one chain', async () => {
  const { open, headSeq } = await makeBench();
  const log = open(true, undefined, 2000);
  for (let from = 0; from < 210; from += 7) {
    await Promise.all(Array.from({ length: 7 }, (_, i) => log.write({ event: 'inject', number: from + i })));
  }
  const other = open(false);
  expect((await other.verify()).recoveries).toBe(0);
  expect(headSeq()).toBe(210);
  expect(numbersOf(await other.tail(20))).toEqual(Array.from({ length: 20 }, (_, i) => 190 + i));
});

test('R16: a busy log that is cut or removed meanwhile says so in its next record', async () => {
  for (const harm of [(path: string) => cutTo(path, 3), unlinkSync]) {
    const { open, path } = await makeBench();
    const log = open(true);
    await writeMany(log, 5);
    harm(path);
    await log.write({ event: 'inject', number: 5 });
    const [first, second] = await log.tail(2);
    expect(first).toMatchObject({ seq: 6, event: 'audit-recovered', found: ['records-missing'] });
    expect(second).toMatchObject({ seq: 7, number: 5 });
  }
});

test('R16: a busy log that is cut, and not written any more, is missed', async () => {
  const { open, path } = await makeBench();
  await writeMany(open(true), 5);
  cutTo(path, 3);
  expect((await open(false).inspect()).fault).toMatchObject({ seq: 4, reason: expect.stringContaining('ends before') });
});

function cutTo(path: string, lines: number): void {
  truncateSync(path, `${readFileSync(path, 'latin1').split('\n').slice(0, lines).join('\n')}\n`.length);
}

test('R16: a process that ends leaves the head of all that it wrote', async () => {
  const home = await useFolder();
  for (let round = 1; round <= 3; round++) {
    expect(await startWriter(home, 'w', 30, true).done).toMatchObject({ code: 0, stderr: '' });
    expect(headSeqIn(join(home, 'logs'))).toBe(round * 30);
  }
  expect(await readLog(home).verify()).toEqual({ records: 90, recoveries: 0 });
}, 60_000);

test('R15, R16: sig audit verify finds every request of a proxy that was stopped or killed', async () => {
  const server = await useServer({ handler: async () => ({ body: 'hello' }) });
  const env = { SIG_EXTRA_CA: server.caFile };
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`, env);
  await world.logIn('api', { token: 'canary-of-a-token' });
  let requests = 0;
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
    const proxy = startSig(['proxy'], { home: world.home, env });
    onTestFinished(async () => {
      proxy.kill('SIGKILL');
      await proxy.done;
    });
    const port = Number((await proxy.waitFor(/http:\/\/127\.0\.0\.1:(\d+)/))[1]);
    const ask = (path: string) =>
      new Promise<void>((resolve, reject) => {
        const headers = { Host: `localhost:${server.port}` };
        get({ host: '127.0.0.1', port, path: `${server.origin}${path}`, headers }, (response) => {
          response.on('end', resolve).resume();
        }).on('error', reject);
      });
    for (let round = 0; round < 4; round++) {
      await Promise.all(Array.from({ length: 8 }, (_, i) => ask(`/${signal}/${round}/${i}`)));
      requests += 8;
    }
    proxy.kill(signal);
    await proxy.done;
    const { seq } = JSON.parse((await world.sig(['audit', '--json', '-n', '1'])).stdout)[0];
    expect(seq).toBe(requests);
    if (signal === 'SIGTERM') expect(headSeqIn(join(world.home, 'logs'))).toBe(requests);
    const verified = await world.sig(['audit', 'verify', '--json']);
    expect(JSON.parse(verified.stdout)).toEqual({ ok: true, records: requests, recoveries: 0 });
  }
}, 120_000);
