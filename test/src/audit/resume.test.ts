import { expect, test } from 'vitest';
import { appendRecord, createMac, GENESIS, sealHead } from '../../../src/audit/chain.ts';
import { formatFields } from '../../../src/audit/line.ts';
import { recoveryEvent, resumeChain } from '../../../src/audit/resume.ts';
import { randomBytes } from '../../../src/encoding/bytes.ts';

const mac = await createMac(randomBytes(32));
const otherMac = await createMac(randomBytes(32));
const fields = formatFields({ event: 'x' });
const first = await appendRecord(mac, GENESIS, fields, 0);
const second = await appendRecord(mac, first.position, fields, 0);
const fork = await appendRecord(mac, first.position, formatFields({ event: 'y' }), 0);
const foreign = await appendRecord(otherMac, first.position, fields, 0);
const headAt = (position: { seq: number; mac: string }, firstSeq = 1) => sealHead(mac, { ...position, firstSeq });
const headOne = await headAt(first.position);
const headTwo = await headAt(second.position);

const clean = { findings: [], startsAnew: false, firstSeq: 1 };

test('resumeChain() begins an empty log', async () => {
  expect(await resumeChain(mac, { headLine: undefined, lastLine: undefined, tornBytes: 0 })).toEqual({
    ...clean,
    position: GENESIS,
  });
});

test('resumeChain() goes on behind a clean end, and behind a crash between log and head', async () => {
  expect(await resumeChain(mac, { headLine: headTwo, lastLine: second.line, tornBytes: 0 })).toEqual({
    ...clean,
    position: second.position,
  });
  expect(await resumeChain(mac, { headLine: headOne, lastLine: second.line, tornBytes: 0 })).toEqual({
    ...clean,
    position: second.position,
  });
});

test.each([
  ['a torn line', headTwo, second.line, 17, ['torn-line'], second.position],
  ['a torn first line', undefined, undefined, 17, ['torn-line'], GENESIS],
  ['no head', undefined, second.line, 0, ['head-missing'], second.position],
  [
    'a head of another key',
    await sealHead(otherMac, { ...second.position, firstSeq: 1 }),
    second.line,
    0,
    ['head-bad'],
    second.position,
  ],
  ['records cut off', headTwo, first.line, 0, ['records-missing'], second.position],
  ['records cut off within a line', headTwo, first.line, 9, ['torn-line', 'records-missing'], second.position],
  ['the log gone', headTwo, undefined, 0, ['records-missing'], second.position],
  [
    'a changed last record',
    headTwo,
    second.line.replace('"x"', '"y"'),
    0,
    ['unverifiable-record', 'records-missing'],
    second.position,
  ],
  ['another last record', headTwo, fork.line, 0, ['fork'], second.position],
  [
    'a last record of another key',
    headOne,
    foreign.line,
    0,
    ['unverifiable-record', 'records-missing'],
    first.position,
  ],
])('R16: resumeChain() notices %s', async (_, headLine, lastLine, tornBytes, findings, position) => {
  expect(await resumeChain(mac, { headLine, lastLine, tornBytes })).toMatchObject({
    findings,
    position,
    startsAnew: false,
  });
});

test('R16: resumeChain() begins anew when it can build on nothing, and says why', async () => {
  expect(await resumeChain(otherMac, { headLine: headTwo, lastLine: second.line, tornBytes: 0 })).toEqual({
    position: GENESIS,
    firstSeq: 1,
    findings: ['unverifiable-record', 'head-bad'],
    startsAnew: true,
  });
  expect(await resumeChain(mac, { headLine: undefined, lastLine: 'garbage', tornBytes: 0 })).toMatchObject({
    startsAnew: true,
    findings: ['unverifiable-record', 'head-missing'],
  });
  expect(await resumeChain(mac, { headLine: '', lastLine: undefined, tornBytes: 0 })).toMatchObject({
    startsAnew: true,
    findings: ['head-bad'],
  });
});

test('resumeChain() keeps what the head says about the oldest record', async () => {
  expect(await resumeChain(mac, { headLine: await headAt(second.position, 2), lastLine: second.line, tornBytes: 0 }))
    .toMatchObject({ firstSeq: 2 });
  expect(await resumeChain(mac, { headLine: undefined, lastLine: second.line, tornBytes: 0 })).toMatchObject({
    firstSeq: 2,
  });
});

test('recoveryEvent() says what was found and what was dropped or kept aside', () => {
  expect(recoveryEvent(['torn-line'], 17)).toEqual({ event: 'audit-recovered', found: ['torn-line'], tornBytes: 17 });
  expect(recoveryEvent(['head-bad'], 0, 'x.corrupt')).toEqual({
    event: 'audit-recovered',
    found: ['head-bad'],
    setAside: 'x.corrupt',
  });
});
