import { beforeAll, expect, test } from 'vitest';
import { appendRecord, type ChainHead, createMac, GENESIS, sealHead } from '../../../src/audit/chain.ts';
import { type ChainPosition, formatFields } from '../../../src/audit/line.ts';
import { verifyChain, verifyLog } from '../../../src/audit/verify.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';
import { createMemoryLog } from '../../_lib/memory_log.ts';

const mac = await createMac(randomBytes(32));

async function chain(count: number, from: ChainPosition = GENESIS, word = 'inject') {
  const lines: string[] = [];
  const positions: ChainPosition[] = [];
  let position = from;
  for (let i = 0; i < count; i++) {
    const made = await appendRecord(mac, position, formatFields({ event: word, number: i }), i * 1000);
    position = made.position;
    lines.push(made.line);
    positions.push(position);
  }
  return { lines, positions };
}

let lines: string[];
let positions: ChainPosition[];
let head: ChainHead;
beforeAll(async () => {
  ({ lines, positions } = await chain(10));
  head = { ...positions[9]!, firstSeq: 1 };
});

test('verifyChain() accepts an untouched log', async () => {
  expect(await verifyChain(lines, mac, { head })).toEqual({ count: 10, last: positions[9], recoveries: [] });
  expect(await verifyChain([], mac)).toEqual({ count: 0, recoveries: [] });
});

test('verifyChain() accepts a log that is ahead of its head: a crash between the two', async () => {
  expect((await verifyChain(lines, mac, { head: { ...positions[6]!, firstSeq: 1 } })).fault).toBeUndefined();
});

test('verifyChain() accepts a log whose oldest files are gone as the head says', async () => {
  const rest = lines.slice(4);
  expect((await verifyChain(rest, mac, { head: { ...head, firstSeq: 5 } })).fault).toBeUndefined();
  // A rotation that was cut off leaves more than the head counts.
  expect((await verifyChain(rest, mac, { head: { ...head, firstSeq: 8 } })).fault).toBeUndefined();
});

test('R16: verifyChain() names the record whose line was changed, for each record', async () => {
  for (const [i, line] of lines.entries()) {
    const changed = lines.with(i, line.replace('"number":', '"number":1'));
    expect(await verifyChain(changed, mac, { head })).toMatchObject({
      count: i,
      fault: { line: i + 1, seq: i + 1, reason: `record ${i + 1} was changed, or made with another key` },
    });
  }
});

test('R16: verifyChain() names the record that was deleted, for each record', async () => {
  for (let i = 0; i < lines.length; i++) {
    const { fault } = await verifyChain(lines.toSpliced(i, 1), mac, { head });
    expect(fault, `record ${i + 1}`).toBeDefined();
    if (i === 9) {
      expect(fault).toEqual({ line: 10, seq: 10, reason: 'the log ends before record 10, which was written' });
    } else expect(fault?.reason).toBe(`record ${i + 1} is missing before record ${i + 2}`);
  }
});

test('R16: verifyChain() names the first missing record of a log that was cut short, at each length', async () => {
  for (let length = 0; length < 10; length++) {
    expect((await verifyChain(lines.slice(0, length), mac, { head })).fault).toEqual({
      line: length + 1,
      seq: length + 1,
      reason: `the log ends before record ${length + 1}, which was written`,
    });
  }
});

test('R16: verifyChain() names records that were swapped, for each pair of neighbours', async () => {
  for (let i = 0; i + 1 < lines.length; i++) {
    const swapped = lines.with(i, lines[i + 1]!).with(i + 1, lines[i]!);
    const { fault, count } = await verifyChain(swapped, mac, { head });
    expect(fault, `pair ${i}`).toBeDefined();
    expect(count).toBe(i);
  }
});

test('R16: verifyChain() names a record that was repeated or inserted', async () => {
  expect((await verifyChain(lines.toSpliced(4, 0, lines[3]!), mac, { head })).fault).toEqual({
    line: 5,
    seq: 4,
    reason: 'record 4 stands behind record 4',
  });
  expect((await verifyChain(lines.toSpliced(4, 0, ''), mac)).fault).toEqual({
    line: 5,
    reason: 'line 5 is not a record',
  });
  expect((await verifyChain(lines.toSpliced(4, 0, '{"seq":5}'), mac)).fault?.reason).toBe('line 5 is not a record');
});

test('R16: verifyChain() names where a fork was spliced in', async () => {
  const other = await chain(10, GENESIS, 'other');
  expect((await verifyChain([...lines.slice(0, 5), ...other.lines.slice(5)], mac)).fault).toEqual({
    line: 6,
    seq: 6,
    reason: 'record 6 does not follow this record 5',
  });
  // A fork from a real record is a good chain; the head knows that it is not the one.
  const fork = await chain(5, positions[4]!, 'other');
  const forked = [...lines.slice(0, 5), ...fork.lines];
  expect((await verifyChain(forked, mac)).fault).toBeUndefined();
  expect((await verifyChain(forked, mac, { head })).fault?.reason).toBe('record 10 is not the one that was written');
  expect((await verifyChain(forked, mac, { anchor: positions[6]! })).fault).toMatchObject({ line: 7, seq: 7 });
});

test('R16: verifyChain() misses the beginning when the head says that it is kept', async () => {
  expect((await verifyChain(lines.slice(2), mac, { head })).fault).toEqual({
    line: 1,
    seq: 3,
    reason: 'record 1 is missing before record 3',
  });
});

test('R16: verifyChain() with an anchor shows that log and head were put back together', async () => {
  const old = lines.slice(0, 6);
  const oldHead = { ...positions[5]!, firstSeq: 1 };
  expect((await verifyChain(old, mac, { head: oldHead })).fault).toBeUndefined();
  expect((await verifyChain(old, mac, { head: oldHead, anchor: positions[8]! })).fault).toMatchObject({ seq: 7 });
});

test('R16: verifyChain() under another key names the first record', async () => {
  const other = await createMac(randomBytes(32));
  expect((await verifyChain(lines, other)).fault).toMatchObject({ line: 1, seq: 1 });
});

test('verifyChain() prints nothing of a hostile line but its number', async () => {
  const hostile = `{"seq":7,"time":"\u001b[31m","x":"y","seq":"\u001b]0;x\u0007","prev":"${'A'.repeat(43)}","mac":"${
    'A'.repeat(43)
  }"}`;
  const { fault } = await verifyChain([hostile], mac);
  expect(fault).toEqual({
    line: 1,
    reason: expect.stringMatching(/^[\x20-\x7e]+$/),
    ...(fault!.seq ? { seq: 7 } : {}),
  });
});

test('verifyLog() checks a log with its head', async () => {
  const log = createMemoryLog();
  log.lines = lines;
  log.head = await sealHead(mac, head);
  expect(await verifyLog(log, mac)).toEqual({ count: 10, last: positions[9], recoveries: [], tornBytes: 0 });
  log.torn = '{"seq":11,';
  expect((await verifyLog(log, mac)).tornBytes).toBe(10);
  log.lines = lines.slice(0, 9);
  expect((await verifyLog(log, mac)).fault).toMatchObject({ seq: 10 });
});

test('R16: verifyLog() misses a head that is gone or was changed', async () => {
  const log = createMemoryLog();
  expect((await verifyLog(log, mac)).fault).toBeUndefined();
  log.lines = lines;
  expect((await verifyLog(log, mac)).fault).toEqual({ line: 11, reason: 'the head of the log is missing' });
  log.head = (await sealHead(mac, head)).replace('"seq":10', '"seq":09');
  expect((await verifyLog(log, mac)).fault).toEqual({ line: 11, reason: 'the head of the log was changed' });
});
