import { expect, test } from 'vitest';
import { createMac } from '../../../src/audit/chain.ts';
import { openRecord } from '../../../src/audit/line.ts';
import { createAuditSink } from '../../../src/audit/sink.ts';
import { verifyLog } from '../../../src/audit/verify.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';
import { SigError } from '../../../src/errors.ts';
import { createMemoryLog } from '../../_lib/memory_log.ts';

const mac = await createMac(randomBytes(32));
const clock = { now: () => 1_700_000_000_000 };
const records = (log: { lines: string[] }) => log.lines.map((line) => openRecord(line)!.record);

test('R15: createAuditSink() writes one record for each event, in order', async () => {
  const log = createMemoryLog(true);
  const sink = createAuditSink(log, async () => mac, clock);
  await sink.write({ event: 'login', provider: 'jira' });
  await Promise.all(Array.from({ length: 1000 }, (_, number) => sink.write({ event: 'inject', number })));
  expect(log.lines).toHaveLength(1001);
  expect(records(log).slice(1).map(({ number }) => number)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  expect(await verifyLog(log, mac)).toMatchObject({ count: 1001, recoveries: [] });
  // What came while something was written went together.
  expect(log.opened).toBeLessThan(10);
});

test('R15: a write is done only when its record is in the log', async () => {
  const log = createMemoryLog();
  const sink = createAuditSink(log, async () => mac, clock);
  await Promise.all(Array.from({ length: 50 }, async (_, number) => {
    await sink.write({ event: 'inject', number });
    expect(records(log).some((record) => record.number === number)).toBe(true);
  }));
});

test('R16: two sinks on one log keep one chain', async () => {
  const log = createMemoryLog();
  const sinks = [createAuditSink(log, async () => mac, clock), createAuditSink(log, async () => mac, clock)];
  await Promise.all(Array.from({ length: 200 }, (_, number) => sinks[number % 2]!.write({ event: 'inject', number })));
  expect(await verifyLog(log, mac)).toMatchObject({ count: 200, recoveries: [] });
});

test('R16: createAuditSink() rejects with E_AUDIT when the log cannot be written, and goes on when it can', async () => {
  const log = createMemoryLog(true);
  const sink = createAuditSink(log, async () => mac, clock);
  await sink.write({ event: 'a' });
  log.failure = new Error('ENOSPC secret');
  const results = await Promise.allSettled([sink.write({ event: 'b' }), sink.write({ event: 'c' })]);
  for (const result of results) {
    expect(result).toMatchObject({
      status: 'rejected',
      reason: { code: 'E_AUDIT', message: 'Cannot write the audit log' },
    });
  }
  log.failure = new SigError('E_STORE', 'Cannot use the audit log: ENOSPC', { hint: 'make room' });
  await expect(sink.write({ event: 'd' })).rejects.toMatchObject({
    code: 'E_AUDIT',
    message: 'Cannot write the audit log: Cannot use the audit log: ENOSPC',
    hint: 'make room',
  });
  log.failure = undefined;
  await sink.write({ event: 'e' });
  expect(records(log).map(({ event }) => event)).toEqual(['a', 'e']);
  expect((await verifyLog(log, mac)).fault).toBeUndefined();
});

test('createAuditSink() asks for the key again after it could not be had', async () => {
  const log = createMemoryLog(true);
  let asked = 0;
  const sink = createAuditSink(log, async () => {
    if (asked++ === 0) throw new SigError('E_KEY_SOURCE', 'Keychain is locked');
    return mac;
  }, clock);
  await expect(sink.write({ event: 'a' })).rejects.toMatchObject({ code: 'E_AUDIT' });
  await sink.write({ event: 'b' });
  await sink.write({ event: 'c' });
  expect(asked).toBe(2);
});

test('createAuditSink() rejects a bad event and nothing else', async () => {
  const log = createMemoryLog();
  const sink = createAuditSink(log, async () => mac, clock);
  const results = await Promise.allSettled([
    sink.write({ event: 'a' }),
    sink.write({ event: 'b', seq: 1 }),
    sink.write({ event: 'c' }),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: expect.any(TypeError) });
});

test('R16: createAuditSink() names a torn line, drops it, and the chain is good again', async () => {
  const log = createMemoryLog();
  const sink = createAuditSink(log, async () => mac, clock);
  await sink.write({ event: 'a' });
  log.torn = '{"seq":2,"time"';
  await sink.write({ event: 'b' });
  expect(records(log).map(({ event, found, tornBytes }) => ({ event, found, tornBytes }))).toEqual([
    { event: 'a' },
    { event: 'audit-recovered', found: ['torn-line'], tornBytes: 15 },
    { event: 'b' },
  ]);
  expect(await verifyLog(log, mac)).toMatchObject({ count: 3, recoveries: [{ seq: 2 }] });
});

test('R16: createAuditSink() does not close a gap: verification shows it for good', async () => {
  const log = createMemoryLog();
  const sink = createAuditSink(log, async () => mac, clock);
  for (const event of ['a', 'b', 'c', 'd']) await sink.write({ event });
  log.lines = log.lines.slice(0, 2);
  await sink.write({ event: 'e' });
  expect(records(log).map(({ seq, event }) => `${seq} ${event}`)).toEqual(['1 a', '2 b', '5 audit-recovered', '6 e']);
  expect((await verifyLog(log, mac)).fault).toEqual({
    line: 3,
    seq: 5,
    reason: 'record 3 is missing before record 5',
  });
});

test('R16: createAuditSink() keeps a log that it cannot build on, and begins a new chain', async () => {
  const log = createMemoryLog();
  await createAuditSink(log, async () => mac, clock).write({ event: 'a' });
  const otherMac = await createMac(randomBytes(32));
  await createAuditSink(log, async () => otherMac, clock).write({ event: 'b' });
  expect(log.aside).toEqual(['aside-1']);
  expect(records(log)).toMatchObject([
    { seq: 1, event: 'audit-recovered', found: ['unverifiable-record', 'head-bad'], setAside: 'aside-1' },
    { seq: 2, event: 'b' },
  ]);
  expect((await verifyLog(log, otherMac)).fault).toBeUndefined();
});
