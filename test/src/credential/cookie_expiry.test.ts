import { expect, test } from 'vitest';
import type { Cookie } from '../../../src/credential/cookie.ts';
import { cookiesExpiry } from '../../../src/credential/cookie_expiry.ts';
import { makeCookie } from '../../_lib/memory_browser.ts';

const ALL = [{ from: 'cookies', as: 'c', match: '*' }] as const;

function cookie(name: string, expiresAtSec?: number, more: Partial<Cookie> = {}): Cookie {
  return makeCookie(name, 'v', 'x.test', { ...(expiresAtSec === undefined ? {} : { expiresAtSec }), ...more });
}

test('cookiesExpiry() of a glob is that of the longest cookie that scripts cannot read', () => {
  const tracking = [cookie('_ga', 5, { httpOnly: false }), cookie('_gid', undefined, { httpOnly: false })];
  expect(cookiesExpiry(ALL, [...tracking, cookie('a', 100), cookie('b', 200)])).toBe(200);
  expect(cookiesExpiry(ALL, [...tracking, cookie('a', 100), cookie('b')])).toBeUndefined();
  expect(cookiesExpiry(ALL, tracking)).toBeUndefined();
});

test('cookiesExpiry() of several extractions is the first to end', () => {
  const rules = [...ALL, { from: 'cookies', as: 'x', match: 'csrf' }, { from: 'localStorage', as: 't' }] as const;
  expect(cookiesExpiry(rules, [cookie('a', 100), cookie('csrf', 50, { httpOnly: false })])).toBe(50);
  expect(cookiesExpiry([{ from: 'localStorage', as: 't' }], [cookie('a', 100)])).toBeUndefined();
});
