import { expect, test } from 'vitest';
import { type Cookie, cookiesFor, formatCookieHeader, isExpiredCookie } from '../../../src/credential/cookie.ts';
import { parseUrl } from '../../../src/target/target.ts';

const NOW = 1_790_000_000;

function cookie(more: Partial<Cookie>): Cookie {
  return {
    name: 'a',
    value: 'b',
    domain: 'example.com',
    hostOnly: true,
    path: '/',
    secure: true,
    httpOnly: true,
    createdAtSec: NOW,
    ...more,
  };
}

function isSent(more: Partial<Cookie>, url: string, nowSec = NOW): boolean {
  const { target, path } = parseUrl(url);
  return cookiesFor([cookie(more)], target, path, nowSec).length > 0;
}

test.each<[Partial<Cookie>, string, boolean]>([
  [{ domain: 'admin.example.com' }, 'https://example.com/', false],
  [{ domain: 'admin.example.com', hostOnly: false }, 'https://example.com/', false],
  [{ domain: 'example.com' }, 'https://www.example.com/', false],
  [{ domain: 'example.com', hostOnly: false }, 'https://www.example.com/', true],
  [{ domain: 'a.example.com', hostOnly: false }, 'https://b.example.com/', false],
  [{ domain: 'example.com', hostOnly: false }, 'https://notexample.com/', false],
  [{ domain: 'example.com', hostOnly: false }, 'https://example.com.evil.test/', false],
  [{ domain: '1.2.3', hostOnly: false }, 'https://4.1.2.3/', false],
])('B1: cookiesFor() of %j at %s: %j', (more, url, sent) => {
  expect(isSent(more, url)).toBe(sent);
});

test.each<[Partial<Cookie>, string, boolean]>([
  [{ domain: 'x.com' }, 'https://x.com/', true],
  [{ domain: 'x.com', hostOnly: false }, 'https://twitter.com/', false],
  [{ domain: 'twitter.com' }, 'https://x.com/', false],
  [{ domain: 'twitter.com', hostOnly: false }, 'https://api.twitter.com/', true],
])('B2: cookiesFor() keeps the domains of one provider apart: %j at %s', (more, url, sent) => {
  expect(isSent(more, url)).toBe(sent);
});

test.each<[Partial<Cookie>, string, boolean]>([
  [{ secure: true }, 'http://example.com/', false],
  [{ secure: false }, 'http://example.com/', true],
  [{ path: '/admin' }, 'https://example.com/', false],
  [{ path: '/admin' }, 'https://example.com/admin?x', true],
  [{ path: '/admin' }, 'https://example.com/administrator', false],
  [{ path: '/admin' }, 'https://example.com/?/admin', false],
])('B4: cookiesFor() of %j at %s: %j', (more, url, sent) => {
  expect(isSent(more, url)).toBe(sent);
});

test('B5: a cookie that expires mid-session is sent before and not at its second', () => {
  const more = { expiresAtSec: NOW + 10 };
  expect([9, 10, 11].map((later) => isSent(more, 'https://example.com/', NOW + later))).toEqual([true, false, false]);
  expect([9, 10].map((later) => isExpiredCookie(cookie(more), NOW + later))).toEqual([false, true]);
  expect(isExpiredCookie(cookie({}), 1e12)).toBe(false);
});

test.each<[string, string, boolean]>([
  ['https://example.com', 'https://example.com/', true],
  ['https://example.com', 'https://www.example.com/', true],
  ['https://shop.test', 'https://example.com/', false],
  ['http://example.com', 'https://example.com/', false],
  ['https://ample.com', 'https://example.com/', false],
  ['nonsense', 'https://example.com/', false],
])('B6: a cookie of partition %s at %s: %j', (partitionKey, url, sent) => {
  expect(isSent({ domain: 'example.com', hostOnly: false, partitionKey }, url)).toBe(sent);
});

test('cookiesFor() sends longer paths first, then older cookies, then those stored first', () => {
  const { target, path } = parseUrl('https://example.com/a/b');
  const jar = [
    cookie({ name: '1', createdAtSec: NOW + 1 }),
    cookie({ name: '2' }),
    cookie({ name: '3' }),
    cookie({ name: '4', path: '/a/b', createdAtSec: NOW + 5 }),
    cookie({ name: '5', path: '/a' }),
  ];
  expect(cookiesFor(jar, target, path, NOW).map(({ name }) => name).join('')).toBe('45231');
});

test('formatCookieHeader() writes a nameless cookie as its value', () => {
  expect(formatCookieHeader([cookie({}), cookie({ name: '', value: 'x=y' }), cookie({ value: '' })])).toBe(
    'a=b; x=y; a=',
  );
  expect(formatCookieHeader([])).toBe('');
});
