import { expect, test } from 'vitest';
import type { Cookie } from '../../../src/credential/cookie.ts';
import { receiveCookies, storeCookie } from '../../../src/credential/cookie_jar.ts';
import { parseUrl } from '../../../src/target/target.ts';

const NOW = 1_790_000_000;

function cookie(more: Partial<Cookie> = {}): Cookie {
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

test('storeCookie() replaces a namesake in its place and keeps its age', () => {
  const jar = [cookie(), cookie({ name: 'c' })];
  expect(storeCookie(jar, cookie({ value: 'new', createdAtSec: NOW + 5 }))).toEqual([cookie({ value: 'new' }), jar[1]]);
  expect(jar[0]!.value).toBe('b');
});

test.each<Partial<Cookie>>([
  { name: 'A' },
  { domain: 'www.example.com' },
  { hostOnly: false },
  { path: '/x' },
  { partitionKey: 'https://example.com' },
])('storeCookie() keeps a cookie apart that differs in %j', (more) => {
  expect(storeCookie([cookie()], cookie(more))).toHaveLength(2);
});

test('storeCookie() removes by an expired cookie, and only its namesake', () => {
  const other = cookie({ path: '/x' });
  expect(storeCookie([cookie(), other], cookie({ expiresAtSec: 0 }))).toEqual([other]);
  expect(storeCookie([other], cookie({ expiresAtSec: NOW }))).toEqual([other]);
});

test('B5: storeCookie() drops what has expired meanwhile', () => {
  const jar = [cookie({ name: 'old', expiresAtSec: NOW + 5 })];
  expect(storeCookie(jar, cookie({ createdAtSec: NOW + 5 })).map(({ name }) => name)).toEqual(['a']);
});

test.each<[Partial<Cookie>, boolean]>([
  [{}, true],
  [{ path: '/login' }, true],
  [{ domain: 'www.example.com', hostOnly: true }, true],
  [{ name: 'other' }, false],
])('B4: storeCookie() over http leaves a secure cookie alone: %j refused: %j', (more, refused) => {
  const jar = [cookie({ hostOnly: false })];
  const stored = storeCookie(jar, cookie({ ...more, secure: false, value: 'evil' }), 'http');
  expect(stored === jar).toBe(refused);
});

test('storeCookie() over http may set a broader path beside a secure cookie', () => {
  const jar = [cookie({ path: '/login' })];
  expect(storeCookie(jar, cookie({ secure: false, path: '/foo' }), 'http')).toHaveLength(2);
});

test('storeCookie() bounds the cookies of one domain, dropping insecure and old ones first', () => {
  let jar: Cookie[] = [cookie({ name: 'session' }), cookie({ name: 'plain', secure: false })];
  for (let i = 0; i < 179; i++) jar = storeCookie(jar, cookie({ name: `n${i}` }));
  expect(jar).toHaveLength(180);
  expect(jar.map(({ name }) => name)).not.toContain('plain');
  expect(jar[0]!.name).toBe('session');
  jar = storeCookie(jar, cookie({ name: 'one more' }));
  expect(jar).toHaveLength(180);
  expect(jar.at(-1)!.name).toBe('one more');
});

test('storeCookie() bounds the whole jar', () => {
  let jar: Cookie[] = [];
  for (let i = 0; i < 3010; i++) jar = storeCookie(jar, cookie({ domain: `h${i}.example.com` }));
  expect(jar).toHaveLength(3000);
});

test('receiveCookies() takes lines in order and returns the same jar when none counts', () => {
  const { target, path } = parseUrl('https://example.com/x');
  const jar = [cookie()];
  const receive = (...lines: string[]) => receiveCookies(jar, lines, target, path, NOW, () => false);
  expect(receive('a=1\x00', 'Domain=evil.test; x', 'b=2; Domain=evil.test')).toHaveLength(2);
  expect(receive('a=1\x00', 'b=2; Domain=evil.test')).toBe(jar);
  expect(receive()).toBe(jar);
  expect(receive('c=1', 'c=2', 'a=; Max-Age=0').map(({ name, value }) => `${name}=${value}`)).toEqual(['c=2']);
});
