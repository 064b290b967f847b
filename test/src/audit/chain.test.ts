import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { appendRecord, createMac, GENESIS, openHead, readRecord, sealHead } from '../../../src/audit/chain.ts';
import { formatFields } from '../../../src/audit/line.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';

const key = randomBytes(32);
const mac = await createMac(key);
const fields = formatFields({ event: 'inject', provider: 'jira' });

test('appendRecord() is HMAC-SHA-256 over the record, as node:crypto computes it', async () => {
  const { line, position } = await appendRecord(mac, GENESIS, fields, 1_700_000_000_000);
  const body = line.slice(0, line.lastIndexOf(',"mac":'));
  const expected = createHmac('sha256', key).update(`sig audit record\n${body}`).digest('base64url');
  expect(JSON.parse(line)).toEqual({
    seq: 1,
    time: '2023-11-14T22:13:20.000Z',
    event: 'inject',
    provider: 'jira',
    prev: GENESIS.mac,
    mac: expected,
  });
  expect(position).toEqual({ seq: 1, mac: expected });
});

test('appendRecord() makes the same line with a synchronous MAC', async () => {
  const sync = (message: string) => new Uint8Array(createHmac('sha256', key).update(message).digest());
  expect(await appendRecord(sync, GENESIS, fields, 0)).toEqual(await appendRecord(mac, GENESIS, fields, 0));
});

test('R16: readRecord() refuses a line with any one byte changed', async () => {
  const { line } = await appendRecord(mac, GENESIS, fields, 0);
  expect(await readRecord(mac, line)).toMatchObject({ seq: 1, provider: 'jira' });
  const bytes = Buffer.from(line);
  for (let at = 0; at < bytes.length; at++) {
    for (const bit of [1, 2, 16, 32]) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= bit;
      expect(await readRecord(mac, changed.toString('latin1')), `byte ${at} bit ${bit}`).toBeUndefined();
    }
    expect(await readRecord(mac, line.slice(0, at)), `cut at ${at}`).toBeUndefined();
  }
});

test('R16: readRecord() refuses a record of another key, and a head as a record', async () => {
  const { line } = await appendRecord(await createMac(randomBytes(32)), GENESIS, fields, 0);
  expect(await readRecord(mac, line)).toBeUndefined();
  expect(await readRecord(mac, await sealHead(mac, { ...GENESIS, firstSeq: 1 }))).toBeUndefined();
});

test('openHead() reads what sealHead() wrote, and nothing else', async () => {
  const head = { seq: 12, mac: 'M'.repeat(43), firstSeq: 3 };
  const line = await sealHead(mac, head);
  expect(await openHead(mac, line)).toEqual(head);
  expect(await openHead(await createMac(randomBytes(32)), line)).toBeUndefined();
  for (let at = 0; at < line.length; at++) {
    const changed = line.slice(0, at) + String.fromCharCode(line.charCodeAt(at) ^ 1) + line.slice(at + 1);
    expect(await openHead(mac, changed), `byte ${at}`).toBeUndefined();
  }
  expect(await openHead(mac, '')).toBeUndefined();
  expect(await openHead(mac, (await appendRecord(mac, GENESIS, fields, 0)).line)).toBeUndefined();
});

test.each([0, 16, 31, 33])('createMac() refuses a key of %i bytes', async (length) => {
  await expect(createMac(randomBytes(length))).rejects.toThrow(RangeError);
});

test('appendRecord() and sealHead() take a MAC as text where there is one', async () => {
  const sync = Object.assign((_: string) => randomBytes(32), {
    text: (message: string) => createHmac('sha256', key).update(message).digest('base64url'),
  });
  expect(appendRecord(sync, GENESIS, fields, 0)).toEqual(await appendRecord(mac, GENESIS, fields, 0));
  expect(sealHead(sync, { ...GENESIS, firstSeq: 1 })).toBe(await sealHead(mac, { ...GENESIS, firstSeq: 1 }));
});
