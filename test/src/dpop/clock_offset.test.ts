import { expect, test } from 'vitest';
import { MAX_OFFSET_MS, readClockOffset } from '../../../src/dpop/clock_offset.ts';

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);

test.each([
  ['Fri, 02 Jan 2026 03:04:05 GMT', 0],
  ['Fri, 02 Jan 2026 03:14:05 GMT', 600_000],
  ['Fri, 02 Jan 2026 02:54:05 GMT', -600_000],
])('readClockOffset() of Date %j is %d ms', (date, offset) => {
  expect(readClockOffset(new Headers({ date }), nowMs)).toBe(offset);
});

test.each<[string, Record<string, string>]>([
  ['no Date', {}],
  ['a Date out of a cache', { date: 'Fri, 02 Jan 2026 03:04:05 GMT', age: '5' }],
  ['another form of date', { date: '2026-01-02T03:04:05Z' }],
  ['a number', { date: '9999999999999' }],
  ['no such day', { date: 'Fri, 99 Xxx 2026 03:04:05 GMT' }],
  ['two dates', { date: 'Fri, 02 Jan 2026 03:04:05 GMT, Fri, 02 Jan 2026 03:04:05 GMT' }],
])('readClockOffset() does not learn from %s', (_, headers) => {
  expect(readClockOffset(new Headers(headers), nowMs)).toBeUndefined();
});

test('MAX_OFFSET_MS is five minutes', () => expect(MAX_OFFSET_MS).toBe(300_000));
