import { expect, test } from 'vitest';
import { createAuditLog } from '../../../src/audit/audit_log.ts';
import { createMac } from '../../../src/audit/chain.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';
import { createMemoryLog } from '../../_lib/memory_log.ts';

const mac = await createMac(randomBytes(32));
const clock = { now: () => 0 };

function make() {
  const log = createMemoryLog();
  let asked = 0;
  const audit = createAuditLog(log, async () => (asked++, mac), clock);
  return { log, audit, asked: () => asked };
}

test('createAuditLog() shows the last records without asking for the key', async () => {
  const { audit, log, asked } = make();
  for (const event of ['a', 'b', 'c']) await audit.write({ event });
  const before = asked();
  log.lines.splice(1, 0, 'garbage');
  expect((await audit.tail(10)).map(({ event }) => event)).toEqual(['a', 'b', 'c']);
  expect((await audit.tail(1)).map(({ seq, event }) => `${seq} ${event}`)).toEqual(['3 c']);
  expect(asked()).toBe(before);
});

test('verify() counts records and recoveries', async () => {
  const { audit, log } = make();
  expect(await audit.verify()).toEqual({ records: 0, recoveries: 0 });
  await audit.write({ event: 'a' });
  log.torn = 'half';
  await audit.write({ event: 'b' });
  expect(await audit.verify()).toEqual({ records: 3, recoveries: 1 });
});

test('R16: verify() throws E_AUDIT_TAMPER naming the first bad record', async () => {
  const { audit, log } = make();
  for (const event of ['a', 'b', 'c']) await audit.write({ event });
  log.lines[1] = log.lines[1]!.replace('"b"', '"x"');
  await expect(audit.verify()).rejects.toMatchObject({
    code: 'E_AUDIT_TAMPER',
    message: 'Audit log is not whole at line 2: record 2 was changed, or made with another key',
  });
  expect(await audit.inspect()).toMatchObject({ count: 1, fault: { line: 2, seq: 2 } });
});

test('R16: verify() holds the log against a position kept elsewhere', async () => {
  const { audit, log } = make();
  for (const event of ['a', 'b']) await audit.write({ event });
  const [lines, head] = [[...log.lines], log.head];
  await audit.write({ event: 'c' });
  const { last } = await audit.inspect();
  // Both log and head are put back to yesterday.
  [log.lines, log.head] = [lines, head];
  expect(await audit.verify()).toEqual({ records: 2, recoveries: 0 });
  await expect(audit.verify(last)).rejects.toMatchObject({ code: 'E_AUDIT_TAMPER' });
});

test('follow() gives records and leaves out what is none', async () => {
  const { audit, log } = make();
  await audit.write({ event: 'a' });
  const lines = ['garbage', ...log.lines];
  log.follow = async function* () {
    yield* lines;
  };
  const seen: string[] = [];
  for await (const { event } of audit.follow(new AbortController().signal)) seen.push(event);
  expect(seen).toEqual(['a']);
});

test('S24: forget() has the key asked for anew, and the chain goes on', async () => {
  const { audit, asked } = make();
  await audit.write({ event: 'a' });
  await audit.write({ event: 'b' });
  expect(asked()).toBe(1);
  audit.forget();
  await audit.write({ event: 'c' });
  expect(asked()).toBe(2);
  expect(await audit.verify()).toEqual({ records: 3, recoveries: 0 });
});
