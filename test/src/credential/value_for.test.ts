import { expect, test } from 'vitest';
import type { Cookie } from '../../../src/credential/cookie.ts';
import { globMatches, valueFor } from '../../../src/credential/value_for.ts';
import { Secret } from '../../../src/secret.ts';
import { headOf, makeCredential, makeProvider } from '../../_lib/fixture.ts';

const cookie = (name: string, value: string, more: Partial<Cookie> = {}): Cookie => ({
  name,
  value,
  domain: 'a.example',
  hostOnly: true,
  path: '/',
  secure: true,
  httpOnly: true,
  createdAtSec: 1,
  ...more,
});
const extract = [
  { from: 'cookies', as: 'all', match: '*' },
  { from: 'cookies', as: 'ct0', match: 'ct0' },
  { from: 'cookies', as: 'some', match: 's*' },
  { from: 'prompt', as: 'token' },
] as const;
const credential = makeCredential(makeProvider(), { token: 't' }, {
  cookies: new Secret([
    cookie('sid', '1'),
    cookie('ct0', 'csrf'),
    cookie('admin', '2', { path: '/admin' }),
    cookie('far', '3', { domain: 'b.example' }),
  ]),
});
const value = (key: string, name: string, url = 'https://a.example/') =>
  valueFor(credential, extract, key, { in: 'header', name }, headOf(url), 100);

test('valueFor() gives a Cookie header what belongs to the URL', () => {
  expect(value('all', 'Cookie')).toBe('sid=1; ct0=csrf');
  expect(value('all', 'cookie', 'https://a.example/admin/x')).toBe('admin=2; sid=1; ct0=csrf');
  expect(value('some', 'Cookie')).toBe('sid=1');
});

test('valueFor() gives another header the value of the one cookie', () => {
  expect(value('ct0', 'x-csrf-token')).toBe('csrf');
});

test('valueFor() has nothing for a URL that no cookie belongs to', () => {
  expect(value('all', 'Cookie', 'https://c.example/')).toBeUndefined();
  expect(value('all', 'Cookie', 'http://a.example/')).toBeUndefined();
});

test('valueFor() gives plain values as stored', () => {
  expect(value('token', 'Authorization')).toBe('t');
  expect(value('nothing', 'Authorization')).toBeUndefined();
  expect(value('__proto__', 'Authorization')).toBeUndefined();
});

test.each([
  ['*', 'x', true],
  ['s*', 'sid', true],
  ['s*', 'xs', false],
  ['*id', 'sid', true],
  ['a*b*c', 'aXbYc', true],
  ['a*b*c', 'aXcYb', false],
  ['a*a', 'a', false],
  ['sid', 'sid', true],
  ['sid', 'SID', false],
  ['a**b', 'ab', true],
])('globMatches(%j, %j) is %j', (pattern, name, wanted) => {
  expect(globMatches(pattern, name)).toBe(wanted);
});
