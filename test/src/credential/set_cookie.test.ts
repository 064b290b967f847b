import { CookieJar } from 'tough-cookie';
import { expect, test } from 'vitest';
import { type Cookie, cookiesFor, formatCookieHeader } from '../../../src/credential/cookie.ts';
import { receiveCookies } from '../../../src/credential/cookie_jar.ts';
import { cookieFault, parseSetCookie } from '../../../src/credential/set_cookie.ts';
import { isPublicSuffix } from '../../../src/target/public_suffix.ts';
import { parseUrl } from '../../../src/target/target.ts';
import { COOKIE_CASES, type CookieCase } from '../../vector/cookies.ts';

const NOW = 1_790_000_000;
const DAY = 86_400;
const FROM = 'https://www.example.com/dir/page?q=1';

function parse(line: string, url = FROM): Cookie | undefined {
  const { target, path } = parseUrl(url);
  return parseSetCookie(line, target, path, NOW, isPublicSuffix);
}

function sendOurs(found: CookieCase): string {
  const from = parseUrl(found.from ?? FROM);
  const to = parseUrl(found.to ?? found.from ?? FROM);
  const jar = receiveCookies([], found.set, from.target, from.path, NOW, isPublicSuffix);
  return formatCookieHeader(cookiesFor(jar, to.target, to.path, NOW));
}

function sendTough(found: CookieCase): string {
  const jar = new CookieJar(undefined, { looseMode: true, prefixSecurity: 'strict' });
  for (const line of found.set) jar.setCookieSync(line, found.from ?? FROM, { ignoreError: true });
  return jar.getCookieStringSync(found.to ?? found.from ?? FROM);
}

const named = COOKIE_CASES.map((found) => {
  const title = found.set.map((line) => JSON.stringify(line.slice(0, 60))).join(', ');
  const from = found.from === undefined ? '' : ` by ${found.from} for ${found.to ?? found.from}`;
  return [title + from, found] as const;
});

test('B1: at least 200 cases are decided', () => {
  expect(COOKIE_CASES.length).toBeGreaterThanOrEqual(200);
});

test.each(named)('B3: %s', (_, found) => {
  expect(sendOurs(found)).toBe(found.sent);
});

test.each(named)('tough-cookie agrees, or the rule is stated: %s', (_, found) => {
  expect(sendTough(found)).toBe(found.tough?.sent ?? found.sent);
});

test('parseSetCookie() reads every attribute', () => {
  expect(
    parse('sid=v; Domain=.Example.com; Path=/dir; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=60'),
  ).toEqual({
    name: 'sid',
    value: 'v',
    domain: 'example.com',
    hostOnly: false,
    path: '/dir',
    secure: true,
    httpOnly: true,
    sameSite: 'none',
    expiresAtSec: NOW + 60,
    partitionKey: 'https://example.com',
    createdAtSec: NOW,
  });
});

test('parseSetCookie() leaves out what the line does not say', () => {
  expect(parse('a=b')).toEqual({
    name: 'a',
    value: 'b',
    domain: 'www.example.com',
    hostOnly: true,
    path: '/dir',
    secure: false,
    httpOnly: false,
    createdAtSec: NOW,
  });
});

test.each(['Max-Age=99999999999', 'Expires=Fri, 07 Aug 2099 08:04:19 GMT'])(
  'B3: parseSetCookie() caps %s at 400 days',
  (attribute) => {
    expect(parse(`a=b; ${attribute}`)?.expiresAtSec).toBe(NOW + 400 * DAY);
  },
);

test('parseSetCookie() asks for public suffixes only when Domain or Partitioned is there', () => {
  const { target, path } = parseUrl(FROM);
  const fail = () => {
    throw new Error('asked');
  };
  expect(parseSetCookie('a=b; Path=/; Secure', target, path, NOW, fail)).toBeDefined();
  expect(() => parseSetCookie('a=b; Domain=example.com', target, path, NOW, fail)).toThrow('asked');
  expect(() => parseSetCookie('a=b; Partitioned; Secure', target, path, NOW, fail)).toThrow('asked');
});

test('parseSetCookie() is quick with a hostile line', () => {
  const lines = [
    `a=b${';'.repeat(100_000)}`,
    `a${' '.repeat(100_000)}=${'\t'.repeat(100_000)}x`,
    `a=x${' '.repeat(200_000)}x`,
    `a=b; Expires=${'1:'.repeat(50_000)}`,
    `a=b; Domain=${'.'.repeat(100_000)}`,
  ];
  const start = performance.now();
  for (const line of lines) parse(line);
  expect(performance.now() - start).toBeLessThan(2000);
});

test.each<[Partial<Cookie>, RegExp]>([
  [{ name: '', value: '' }, /neither/],
  [{ value: 'a;b' }, /characters/],
  [{ value: 'a\nb' }, /characters/],
  [{ value: '\u20ac' }, /characters/],
  [{ name: 'a=b' }, /"="/],
  [{ name: '__Host-a', hostOnly: false }, /one host/],
  [{ name: '__Host-a', secure: false }, /"Secure"/],
  [{ sameSite: 'none', secure: false }, /"SameSite=None"/],
  [{ value: 'x'.repeat(4096) }, /4096/],
])('B3: cookieFault() names what is wrong with %j', (change, message) => {
  const cookie: Cookie = {
    name: 'a',
    value: 'v',
    domain: 'example.com',
    hostOnly: true,
    path: '/',
    secure: true,
    httpOnly: true,
    createdAtSec: NOW,
  };
  expect(cookieFault(cookie)).toBeUndefined();
  expect(cookieFault({ ...cookie, ...change })).toMatch(message);
});
