import { parseDate } from 'tough-cookie';
import { expect, test } from 'vitest';
import { parseCookieDate } from '../../../src/credential/cookie_date.ts';

const DATES = [
  'Wed, 09 Jun 2021 10:18:14 GMT',
  'Wed, 09-Jun-21 10:18:14 GMT',
  'Wed Jun  9 10:18:14 2021',
  '10:18:14 9 Jun 2021',
  '2021 jUnE 09 10:18:14',
  '9/Jun/2021;10:18:14',
  '01 Jan 1970 00:00:00',
  '01 Jan 1601 00:00:00',
  '31 Dec 9999 23:59:59',
  '1 Jan 0 00:00:00',
  '1 Jan 00 0:0:0',
  '1 Jan 69 00:00:00',
  '1 Jan 70 00:00:00',
  '1 Jan 99 00:00:00',
  '1 Jan 100 00:00:00',
  '29 Feb 2020 12:00:00',
  '29 Feb 2021 12:00:00',
  '0 Jan 2020 12:00:00',
  '32 Jan 2020 12:00:00',
  '1 Jan 2020 24:00:00',
  '1 Jan 2020 12:60:00',
  '1 Jan 2020 12:00:60',
  '1 Jan 2020 12:00',
  '1 Jan 20200 12:00:00',
  '1 Foo 2020 12:00:00',
  'Jan 2020 12:00:00',
  '1 2020 12:00:00',
  '',
  'never',
  'Mon, 1 Jan 2020 012:00:00',
  'Thu, 01 Jan 1970 00:00:00 GMT; Path=/',
  'Monday January March 1 2 2020 12:00:00 13:00:00',
];

test.each(DATES)('parseCookieDate(%j) agrees with tough-cookie', (text) => {
  const theirs = parseDate(text);
  expect(parseCookieDate(text)).toBe(theirs === undefined ? undefined : theirs.getTime() / 1000);
});

test.each([
  // §5.1.1 lets other characters follow a day, a time and a year; tough-cookie does not.
  ['9th Jun 2021 10:18:14pm', Date.UTC(2021, 5, 9, 10, 18, 14) / 1000],
  ['9 Jun 2021AD 10:18:14', Date.UTC(2021, 5, 9, 10, 18, 14) / 1000],
])('parseCookieDate(%j) lets letters follow a number', (text, expected) => {
  expect(parseCookieDate(text)).toBe(expected);
});
