import { expect, test } from 'vitest';
import { addCookieHeader, badImport, draftImport, isLoginHeader } from '../../../src/credential/imported.ts';

const CONTEXT = { nowSec: 1_790_000_000, isPublicSuffix: () => false };
const DRAFT = { name: 'a', value: 'b', domain: 'example.com', hostOnly: true, path: '/', secure: true, httpOnly: true };

test('draftImport() bounds the number of cookies', () => {
  const draft = draftImport(CONTEXT);
  for (let i = 0; i < 20_000; i++) draft.add({ ...DRAFT, name: `n${i}` }, 'x');
  expect(() => draft.add(DRAFT, 'x')).toThrow(/20000/);
});

test('draftImport() makes an address host-only, and a path without "/" the root', () => {
  const draft = draftImport(CONTEXT);
  draft.add({ ...DRAFT, domain: '127.0.0.1', hostOnly: false, path: 'x' }, 'x');
  expect([...draft.cookies.values()][0]).toMatchObject({ domain: '127.0.0.1', hostOnly: true, path: '/' });
});

test('addCookieHeader() updates a known cookie of a parent domain and keeps its scope', () => {
  const draft = draftImport(CONTEXT);
  draft.add({ ...DRAFT, hostOnly: false, sameSite: 'lax' }, 'x');
  addCookieHeader(draft, 'a=new;; c=d; ', { scheme: 'https', host: 'www.example.com' }, 'x');
  expect([...draft.cookies.values()]).toMatchObject([
    { value: 'new', domain: 'example.com', hostOnly: false, sameSite: 'lax' },
    { name: 'c', domain: 'www.example.com', hostOnly: true },
  ]);
});

test.each<[string, boolean]>([
  ['Authorization', true],
  ['x-csrf-token', true],
  ['User-Agent', true],
  ['Cookie', false],
  ['Accept-Language', false],
  ['Sec-Fetch-Site', false],
  ['content-type', false],
  [':path', false],
])('isLoginHeader(%s) is %j', (name, expected) => {
  expect(isLoginHeader(name)).toBe(expected);
});

test('badImport() makes an E_IMPORT error with its hint', () => {
  expect(badImport('why', 'do this').toJSON()).toEqual({
    code: 'E_IMPORT',
    message: 'Cannot import the login: why',
    hint: 'do this',
  });
});
