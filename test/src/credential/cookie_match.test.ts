import { expect, test } from 'vitest';
import {
  defaultPath,
  domainMatches,
  isCookieOf,
  isWithinPartition,
  pathMatches,
  siteOf,
} from '../../../src/credential/cookie_match.ts';
import { parseDomain } from '../../../src/target/domain.ts';
import { isPublicSuffix } from '../../../src/target/public_suffix.ts';
import { parseUrl } from '../../../src/target/target.ts';

test.each<[string, string, boolean]>([
  ['example.com', 'example.com', true],
  ['www.example.com', 'example.com', true],
  ['example.com', 'www.example.com', false],
  ['badexample.com', 'example.com', false],
  ['10.0.0.1', '0.0.1', false],
  ['10.0.0.1', '10.0.0.1', true],
  ['[::1]', '[::1]', true],
])('domainMatches(%s, %s) is %j', (host, domain, expected) => {
  expect(domainMatches(host, domain)).toBe(expected);
});

test.each<[string, string, boolean]>([
  ['/', '/', true],
  ['/a', '/', true],
  ['/a', '/a', true],
  ['/a/', '/a', true],
  ['/a/b', '/a', true],
  ['/a/b', '/a/', true],
  ['/a', '/a/', false],
  ['/ab', '/a', false],
  ['/A', '/a', false],
])('pathMatches(%s, %s) is %j', (pathname, cookiePath, expected) => {
  expect(pathMatches(pathname, cookiePath)).toBe(expected);
});

test.each<[string, string]>([
  ['/', '/'],
  ['/a', '/'],
  ['/a/', '/a'],
  ['/a/b', '/a'],
  ['/a/b?c=/d/e', '/a'],
  ['', '/'],
  ['*', '/'],
])('defaultPath(%s) is %s', (path, expected) => {
  expect(defaultPath(path)).toBe(expected);
});

test.each<[string, string]>([
  ['https://a.b.example.co.uk/', 'https://example.co.uk'],
  ['https://example.com:8443/', 'https://example.com'],
  ['http://me.github.io/', 'http://me.github.io'],
  ['https://github.io/', 'https://github.io'],
  ['https://localhost/', 'https://localhost'],
  ['https://127.0.0.1/', 'https://127.0.0.1'],
  ['https://[::1]/', 'https://[::1]'],
])('siteOf(%s) is %s', (url, expected) => {
  expect(siteOf(parseUrl(url).target, isPublicSuffix)).toBe(expected);
});

test('isWithinPartition() compares scheme and site, and no part of a label', () => {
  const { target } = parseUrl('https://www.example.com/');
  expect(isWithinPartition(target, 'https://example.com')).toBe(true);
  expect(isWithinPartition(target, 'http://example.com')).toBe(false);
  expect(isWithinPartition(target, 'https://ample.com')).toBe(false);
  expect(isWithinPartition(target, '')).toBe(false);
});

test.each<[string, boolean, string[], boolean]>([
  ['x.com', true, ['x.com', 'twitter.com'], true],
  ['twitter.com', false, ['x.com', 'twitter.com'], true],
  ['idp.example', true, ['x.com'], false],
  ['example.com', false, ['jira.example.com'], true],
  ['example.com', true, ['jira.example.com'], false],
  ['wiki.example.com', false, ['jira.example.com'], false],
  ['a.jira.example.com', false, ['jira.example.com'], false],
  ['a.example.com', true, ['*.example.com'], true],
  ['example.com', true, ['*.example.com'], false],
  ['example.com', false, ['*.example.com'], true],
  ['b.a.example.com', true, ['*.example.com'], false],
  ['localhost', true, ['localhost:8443'], true],
])('B8: cookie of %s (host only: %j) belongs to %j: %j', (domain, hostOnly, domains, expected) => {
  expect(isCookieOf({ domain, hostOnly }, domains.map(parseDomain))).toBe(expected);
});
