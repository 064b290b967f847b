import { Buffer } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { createAuditFile } from '../../../cli/platform/audit_file.ts';
import { createHashMac } from '../../../cli/platform/hash_mac.ts';
import { type AuditLog, createAuditLog } from '../../../src/audit/audit_log.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';
import type { Log } from '../../../src/ports.ts';
import { key, makeLease, numbersOf, readLog, startWriter, writeMany } from '../../_lib/audit_bench.ts';
import { useFolder } from '../../_lib/lab.ts';

interface Bench {
  readonly folder: string;
  /** As a new process would. */
  open(limits?: { maxBytes?: number; keep?: number }): { log: AuditLog; file: Log };
  lines(name?: string): string[];
}

async function makeBench(): Promise<Bench> {
  const folder = join(await useFolder(), 'logs');
  const lease = makeLease();
  return {
    folder,
    open(limits = {}) {
      const file = createAuditFile({ folder, lease, ...limits });
      const mac = async () => createHashMac(key);
      return { file, log: createAuditLog(file, mac, { now: () => 1_700_000_000_000 }) };
    },
    lines: (name = 'audit.jsonl') => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1),
  };
}

test('createAuditFile() touches nothing before it is used, then makes private files', async () => {
  const bench = await makeBench();
  const { log } = bench.open();
  expect(existsSync(bench.folder)).toBe(false);
  expect(await log.verify()).toEqual({ records: 0, recoveries: 0 });
  expect(await log.tail(5)).toEqual([]);
  expect(existsSync(bench.folder)).toBe(false);
  await log.write({ event: 'login' });
  if (process.platform === 'win32') return;
  expect(statSync(bench.folder).mode & 0o777).toBe(0o700);
  for (const name of ['audit.jsonl', 'audit.head']) {
    expect(statSync(join(bench.folder, name)).mode & 0o777, name).toBe(0o600);
  }
});

test('R15: each record is in the file when its write is done', async () => {
  const bench = await makeBench();
  const { log } = bench.open();
  for (let number = 0; number < 20; number++) {
    await log.write({ event: 'inject', number });
    expect(bench.lines()).toHaveLength(number + 1);
    expect(bench.lines()[number]).toContain(`"number":${number},`);
  }
});

test('the chain goes on in a new process', async () => {
  const bench = await makeBench();
  for (let number = 0; number < 5; number++) await bench.open().log.write({ event: 'inject', number });
  const { log } = bench.open();
  expect(await log.verify()).toEqual({ records: 5, recoveries: 0 });
  expect(numbersOf(await log.tail(3))).toEqual([2, 3, 4]);
});

test('two open logs write by turns without losing their place', async () => {
  const bench = await makeBench();
  const [first, second] = [bench.open().log, bench.open().log];
  for (let number = 0; number < 20; number++) await (number % 3 === 0 ? first : second).write({ event: 'x', number });
  expect(await first.verify()).toEqual({ records: 20, recoveries: 0 });
});

test('rotation keeps five full files and one chain', async () => {
  const bench = await makeBench();
  const { log } = bench.open({ maxBytes: 2000 });
  await writeMany(log, 200);
  expect(readdirSync(bench.folder).sort()).toEqual([
    'audit.head',
    'audit.jsonl',
    'audit.jsonl.1',
    'audit.jsonl.2',
    'audit.jsonl.3',
    'audit.jsonl.4',
    'audit.jsonl.5',
  ]);
  const { records, recoveries } = await log.verify();
  expect(records).toBeLessThan(200);
  expect(recoveries).toBe(0);
  expect(numbersOf(await log.tail(30))).toEqual(Array.from({ length: 30 }, (_, i) => 170 + i));
  expect(numbersOf(await log.tail(100_000))).toHaveLength(records);
  // Another process goes on, whether the newest file is full or not.
  for (let number = 200; number < 220; number++) await bench.open({ maxBytes: 2000 }).log.write({ event: 'x', number });
  expect((await log.verify()).recoveries).toBe(0);
});

test('rotation with a smaller number of files drops the oldest ones', async () => {
  const bench = await makeBench();
  await writeMany(bench.open({ maxBytes: 500 }).log, 40);
  const { log } = bench.open({ maxBytes: 500, keep: 2 });
  await writeMany(log, 10, 40);
  expect(readdirSync(bench.folder).filter((name) => /\.\d$/.test(name)).sort()).toEqual([
    'audit.jsonl.1',
    'audit.jsonl.2',
  ]);
  expect((await log.verify()).recoveries).toBe(0);
  expect(numbersOf(await log.tail(1))).toEqual([49]);
});

test('a rotation that was cut off between any two steps leaves a good log', async () => {
  for (let steps = 0; steps <= 6; steps++) {
    const bench = await makeBench();
    const { log } = bench.open({ maxBytes: 1000, keep: 5 });
    let number = 0;
    while (!existsSync(join(bench.folder, 'audit.jsonl.5'))) await log.write({ event: 'x', number: number++ });
    // The head is written and the newest file is full; now the steps of the rotation, as far as they came.
    const full = join(bench.folder, 'audit.jsonl');
    while (existsSync(full) === false || statSync(full).size < 800) await log.write({ event: 'x', number: number++ });
    const moves: [string, string][] = [['5', ''], ['4', '5'], ['3', '4'], ['2', '3'], ['1', '2'], ['', '1']];
    for (const [from, to] of moves.slice(0, steps)) {
      if (to === '') unlinkSync(`${full}.${from}`);
      else renameSync(from === '' ? full : `${full}.${from}`, `${full}.${to}`);
    }
    const next = bench.open({ maxBytes: 1000, keep: 5 }).log;
    await writeMany(next, 30, number);
    const report = await next.inspect();
    // Without its new head, the unlinked file is missed: that head is written before.
    if (steps === 0) expect(report.fault, `${steps} steps`).toBeUndefined();
    expect(report.recoveries, `${steps} steps`).toEqual([]);
    expect(numbersOf(await next.tail(30)), `${steps} steps`).toEqual(Array.from({ length: 30 }, (_, i) => number + i));
  }
});

test('R16: deleting any file of the log shows', async () => {
  for (const name of ['audit.jsonl', 'audit.jsonl.1', 'audit.jsonl.3', 'audit.jsonl.5', 'audit.head']) {
    const bench = await makeBench();
    const { log } = bench.open({ maxBytes: 1500 });
    await writeMany(log, 100);
    expect((await log.inspect()).fault).toBeUndefined();
    unlinkSync(join(bench.folder, name));
    expect((await bench.open().log.inspect()).fault, name).toBeDefined();
    await expect(bench.open().log.verify(), name).rejects.toMatchObject({ code: 'E_AUDIT_TAMPER' });
  }
});

test('R16: editing any byte shows, at the record it belongs to', async () => {
  const bench = await makeBench();
  const { log } = bench.open();
  await writeMany(log, 8);
  const path = join(bench.folder, 'audit.jsonl');
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = Uint8Array.from(bytes);
    changed[at]! ^= 1;
    writeFileSync(path, changed);
    const record = bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
    const { fault, count } = await bench.open().log.inspect();
    expect(fault, `byte ${at}`).toBeDefined();
    expect(count, `byte ${at}`).toBe(record - 1);
  }
});

test('R16: cutting the file at any byte shows', async () => {
  const bench = await makeBench();
  await writeMany(bench.open().log, 4);
  const path = join(bench.folder, 'audit.jsonl');
  const bytes = readFileSync(path);
  for (let length = 0; length < bytes.length; length += 5) {
    writeFileSync(path, bytes.subarray(0, length));
    const whole = bytes.subarray(0, length).filter((byte) => byte === 0x0a).length;
    expect((await bench.open().log.inspect()).fault, `cut at ${length}`).toMatchObject({ seq: whole + 1 });
  }
});

test('R16: a half-written last line is healed, named and counted', async () => {
  const bench = await makeBench();
  await writeMany(bench.open().log, 3);
  const path = join(bench.folder, 'audit.jsonl');
  // Deno gives a file the mode of whoever appends to it.
  appendFileSync(path, '{"seq":4,"time":"2026-', { mode: 0o600 });
  const { tornBytes, fault } = await bench.open().log.inspect();
  expect({ tornBytes, fault }).toEqual({ tornBytes: 22, fault: undefined });
  const { log } = bench.open();
  await log.write({ event: 'inject', number: 3 });
  expect(await log.verify()).toEqual({ records: 5, recoveries: 1 });
  expect((await log.tail(2))[0]).toMatchObject({ event: 'audit-recovered', found: ['torn-line'], tornBytes: 22 });
  // In the same process too.
  appendFileSync(path, 'x', { mode: 0o600 });
  await log.write({ event: 'inject', number: 4 });
  expect(await log.verify()).toEqual({ records: 7, recoveries: 2 });
});

test('R16: a log cut behind a process that has it open is noticed by its next write', async () => {
  const bench = await makeBench();
  const { log } = bench.open();
  await writeMany(log, 5);
  const path = join(bench.folder, 'audit.jsonl');
  truncateSync(path, Buffer.byteLength(`${bench.lines().slice(0, 3).join('\n')}\n`));
  await log.write({ event: 'inject', number: 5 });
  expect((await log.tail(2))[0]).toMatchObject({ seq: 6, event: 'audit-recovered', found: ['records-missing'] });
  expect((await log.inspect()).fault).toMatchObject({ reason: 'record 4 is missing before record 6' });
});

test('R16: with another key the old log is kept aside, all of it', async () => {
  const bench = await makeBench();
  await writeMany(bench.open({ maxBytes: 1000 }).log, 20);
  const before = readdirSync(bench.folder).length;
  const otherKey = randomBytes(32);
  const other = createAuditLog(
    createAuditFile({ folder: bench.folder, lease: makeLease() }),
    async () => createHashMac(otherKey),
    { now: () => 0 },
  );
  await other.write({ event: 'login' });
  expect(await other.verify()).toEqual({ records: 2, recoveries: 1 });
  const aside = readdirSync(bench.folder).filter((name) => name.includes('.corrupt-'));
  expect(aside).toHaveLength(before);
  expect((await other.tail(2))[0]!.setAside).toMatch(/^audit\.jsonl\.corrupt-/);
});

test.runIf(process.platform !== 'win32')(
  'S20, S21: a log that is not private, or is a link, is refused and left alone',
  async () => {
    const bench = await makeBench();
    const { log } = bench.open();
    await log.write({ event: 'login' });
    const path = join(bench.folder, 'audit.jsonl');
    chmodSync(path, 0o644);
    await expect(log.write({ event: 'login' })).rejects.toMatchObject({
      code: 'E_AUDIT',
      hint: `chmod 600 ${path}`,
    });
    const target = join(bench.folder, '..', 'target');
    writeFileSync(target, 'precious', { mode: 0o600 });
    rmSync(path);
    symlinkSync(target, path);
    await expect(log.write({ event: 'login' })).rejects.toMatchObject({ code: 'E_AUDIT' });
    expect(readFileSync(target, 'utf8')).toBe('precious');
  },
);

test('R16: a folder that cannot be used means E_AUDIT, and the lease is free again', async () => {
  const bench = await makeBench();
  writeFileSync(bench.folder, 'a file where the folder should be');
  const { log } = bench.open();
  for (let i = 0; i < 3; i++) await expect(log.write({ event: 'inject' })).rejects.toMatchObject({ code: 'E_AUDIT' });
  rmSync(bench.folder);
  await log.write({ event: 'inject' });
  expect(await log.verify()).toEqual({ records: 1, recoveries: 0 });
});

test.for(
  [
    ['that is opened for each write', false],
    ['that is kept open', true],
  ] as const,
)(
  'R16: a full disk means E_AUDIT at every size, and a good log when there is room again: one %s',
  async ([, isBusy], { skip }) => {
    const mount = join(await useFolder(), 'mount');
    mkdirSync(mount);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k,mode=700', 'tmpfs', mount], { stdio: 'ignore' });
    } catch {
      skip('needs root on Linux, to mount a small disk');
    }
    const lease = makeLease();
    try {
      const log = createAuditLog(
        createAuditFile({ folder: join(mount, 'logs'), lease, isBusy }),
        async () => createHashMac(key),
        { now: () => 0 },
      );
      const filler = join(mount, 'filler');
      writeFileSync(filler, '');
      let refused = 0;
      let written = 0;
      for (let round = 0; round < 60; round++) {
        const error = await log.write({ event: 'inject', text: 'x'.repeat(round * 7) }).then(() => undefined, (e) => e);
        if (error === undefined) written++;
        else {
          expect(error).toMatchObject({ code: 'E_AUDIT' });
          refused++;
        }
      }
      expect(refused).toBeGreaterThan(0);
      expect(written).toBeGreaterThan(0);
      execFileSync('mount', ['-o', 'remount,size=1m', mount]);
      await log.write({ event: 'inject' });
      const report = await log.inspect();
      expect(report.fault).toBeUndefined();
      expect(report.count).toBe(written + 1 + report.recoveries.length);
    } finally {
      // When the lease is free, the files are closed.
      await (await lease()).release();
      execFileSync('umount', [mount]);
    }
  },
);

test('R16: several processes keep one chain, across rotations', { timeout: 120_000 }, async () => {
  const home = await useFolder();
  const writers = ['a', 'b', 'c'].map((name) => startWriter(home, name, 60));
  for (const { done } of writers) expect((await done).stderr).toBe('');
  const log = readLog(home);
  expect(await log.verify()).toEqual({ records: 180, recoveries: 0 });
  const records = await log.tail(1000);
  for (const name of ['a', 'b', 'c']) {
    expect(numbersOf(records.filter(({ writer }) => writer === name))).toEqual(Array.from({ length: 60 }, (_, i) => i));
  }
});

test('R15: kill -9 at any moment loses no record that was acknowledged', { timeout: 180_000 }, async () => {
  const home = await useFolder();
  const acknowledged: string[] = [];
  for (let round = 0; round < 6; round++) {
    const writer = startWriter(home, `w${round}`, 1_000_000, round % 2 === 1);
    await writer.waitFor(new RegExp(`^w${round} ${round * 9 + 3}$`, 'm'));
    writer.kill('SIGKILL');
    const { stdout } = await writer.done;
    acknowledged.push(...stdout.split('\n').slice(0, -1));
  }
  const log = readLog(home);
  await log.write({ event: 'end' });
  const report = await log.inspect();
  expect(report.fault).toBeUndefined();
  const kept = new Set((await log.tail(1_000_000)).map(({ writer, number }) => `${writer} ${number}`));
  // The oldest files may be gone; of the last round everything is there.
  for (const record of acknowledged.filter((one) => one.startsWith('w5 '))) expect(kept, record).toContain(record);
});

test('a write in a new process costs a few milliseconds at most', async () => {
  const bench = await makeBench();
  await writeMany(bench.open().log, 2000);
  let best = Infinity;
  for (let i = 0; i < 10; i++) {
    const { log } = bench.open();
    const begun = performance.now();
    await log.write({ event: 'inject' });
    best = Math.min(best, performance.now() - begun);
  }
  expect(best).toBeLessThan(10);
});
