import { expect, test } from 'vitest';
import type { Cookie } from '../../../src/credential/cookie.ts';
import { encodeBase64url } from '../../../src/encoding/base64url.ts';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { expiryOf, readTime, tokenExpiry } from '../../../src/login/expiry.ts';
import { makeProvider } from '../../_lib/fixture.ts';
import { makeCookie } from '../../_lib/memory_browser.ts';

const NOW = 1_790_000_000;
const jwt = (payload: unknown) => `eyJhbGciOiJub25lIn0.${encodeBase64url(encodeUtf8(JSON.stringify(payload)))}.c2ln`;

function expiry(cookies: readonly Cookie[], match = '*', more: { valuesExpireAtSec?: number; ttlSec?: number } = {}) {
  const provider = makeProvider({
    strategy: 'browser',
    extract: [{ from: 'cookies', as: 'token', match }],
    ...(more.ttlSec === undefined ? {} : { ttlSec: more.ttlSec }),
  });
  const { valuesExpireAtSec } = more;
  return expiryOf(provider, {
    values: {},
    cookies,
    missing: [],
    ...(valuesExpireAtSec === undefined ? {} : { valuesExpireAtSec }),
  }, NOW);
}

const session = (afterSec?: number, more: Partial<Cookie> = {}) =>
  makeCookie(`s${afterSec}`, 'v', 'x.test', {
    ...(afterSec === undefined ? {} : { expiresAtSec: NOW + afterSec }),
    ...more,
  });

test("expiryOf() is that of the login's own cookies, not of the shortest analytics cookie", () => {
  const analytics = [session(60, { httpOnly: false }), session(undefined, { httpOnly: false })];
  expect(expiry([...analytics, session(5000), session(900)])).toBe(NOW + 5000);
  expect(expiry([...analytics, session(5000), session()])).toBeUndefined();
  expect(expiry(analytics)).toBeUndefined();
  expect(expiry([])).toBeUndefined();
});

test('expiryOf() of a named cookie is that cookie, httpOnly or not', () => {
  const named = makeCookie('sid', 'v', 'x.test', { httpOnly: false, expiresAtSec: NOW + 70 });
  expect(expiry([session(5000), named], 'sid')).toBe(NOW + 70);
  expect(expiry([session(5000)], 'sid')).toBeUndefined();
});

test("expiryOf() is the first end of the login's parts, and ttl before all", () => {
  expect(expiry([session(5000)], '*', { valuesExpireAtSec: NOW + 30 })).toBe(NOW + 30);
  expect(expiry([session(20)], '*', { valuesExpireAtSec: NOW + 30 })).toBe(NOW + 20);
  expect(expiry([session()], '*', { valuesExpireAtSec: NOW + 30 })).toBe(NOW + 30);
  expect(expiry([session(20)], '*', { valuesExpireAtSec: NOW + 30, ttlSec: 3600 })).toBe(NOW + 3600);
});

test.each<[string | number, number | undefined]>([
  [NOW, NOW],
  [NOW + 0.9, NOW],
  [NOW * 1000, NOW],
  [String(NOW), NOW],
  [`${NOW}000`, NOW],
  ['2026-09-21T14:13:20Z', NOW],
  ['2026-09-21T14:13:20.500Z', NOW],
  [0, undefined],
  [-5, undefined],
  [NaN, undefined],
  [Infinity, undefined],
  ['', undefined],
  ['soon', undefined],
  ['1e9', undefined],
])('readTime(%j) is %j', (value, expected) => {
  expect(readTime(value)).toBe(expected);
});

test.each<[string, number | undefined]>([
  [jwt({ exp: NOW }), NOW],
  [`Bearer ${jwt({ exp: NOW + 0.5 })}`, NOW],
  [jwt({}), undefined],
  [jwt({ exp: '1' }), undefined],
  [jwt({ exp: -1 }), undefined],
  [jwt(null), undefined],
  [jwt([1]), undefined],
  ['a.b.c', undefined],
  ['v1.local.token', undefined],
  ['', undefined],
])('tokenExpiry(%s) is %j', (token, expected) => {
  expect(tokenExpiry(token)).toBe(expected);
});
