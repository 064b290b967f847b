import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/config/duration.ts';

test.each([
  ['30s', 30],
  ['5m', 300],
  ['12h', 43_200],
  ['7d', 604_800],
  ['90s', 90],
  ['3650d', 315_360_000],
  ['007m', 420],
])('parseDuration(%j) is %i seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each([
  '',
  '0s',
  '30',
  's',
  '-5m',
  '+5m',
  '1.5h',
  '5 m',
  '5M',
  '1w',
  '1h30m',
  '12h ',
  '\n12h',
  '12h\n',
  '3651d',
  '999999999d',
  '9'.repeat(400) + 's',
  '٣h',
  '0x10s',
  '1e3s',
])('parseDuration(%j) is refused', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [30, '30s'],
  [60, '1m'],
  [90, '90s'],
  [3600, '1h'],
  [86_400, '1d'],
  [129_600, '36h'],
])('formatDuration(%i) is %j, and reads back', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
  expect(parseDuration(text)).toBe(seconds);
});
