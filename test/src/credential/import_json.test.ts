import { expect, test } from 'vitest';
import { draftImport, type ImportDraft } from '../../../src/credential/imported.ts';
import { importJson } from '../../../src/credential/import_json.ts';
import { isPublicSuffix } from '../../../src/target/public_suffix.ts';

const NOW = 1_790_000_000;

function read(json: unknown): ImportDraft {
  const draft = draftImport({ nowSec: NOW, isPublicSuffix });
  importJson(JSON.parse(JSON.stringify(json)), draft);
  return draft;
}

const first = (draft: ImportDraft) => [...draft.cookies.values()][0];

test('importJson() reads what EditThisCookie exports', () => {
  const draft = read([{
    domain: '.example.com',
    expirationDate: NOW + 100.5,
    hostOnly: false,
    httpOnly: true,
    name: 'sid',
    path: '/',
    sameSite: 'no_restriction',
    secure: true,
    session: false,
    storeId: '0',
    value: 'v',
    id: 1,
  }]);
  expect(first(draft)).toEqual({
    name: 'sid',
    value: 'v',
    domain: 'example.com',
    hostOnly: false,
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'none',
    expiresAtSec: NOW + 100,
    createdAtSec: NOW,
  });
});

test('importJson() reads what Cookie-Editor exports', () => {
  const draft = read([{
    domain: 'www.example.com',
    hostOnly: true,
    httpOnly: false,
    name: 'sid',
    path: '/x',
    sameSite: null,
    secure: false,
    session: true,
    storeId: null,
    value: 'v',
    partitionKey: null,
  }]);
  expect(first(draft)).toEqual({
    name: 'sid',
    value: 'v',
    domain: 'www.example.com',
    hostOnly: true,
    path: '/x',
    secure: false,
    httpOnly: false,
    createdAtSec: NOW,
  });
});

test("importJson() reads Playwright's storage state, localStorage included", () => {
  const draft = read({
    cookies: [{
      name: 'sid',
      value: 'v',
      domain: '.example.com',
      path: '/',
      expires: -1,
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
      partitionKey: 'https://example.com',
    }],
    origins: [{ origin: 'https://app.example.com', localStorage: [{ name: 'token', value: 'secret' }] }],
  });
  expect(first(draft)).toMatchObject({ hostOnly: false, sameSite: 'lax', partitionKey: 'https://example.com' });
  expect(first(draft)).not.toHaveProperty('expiresAtSec');
  expect(draft.storage.map(({ origin, name, value }) => [origin, name, value.reveal()])).toEqual([
    ['https://app.example.com', 'token', 'secret'],
  ]);
});

test("B6: importJson() keeps an extension's partition, and skips frames within another site", () => {
  const cookie = { name: 'a', value: 'b', domain: 'example.com', secure: true };
  const draft = read([
    { ...cookie, partitionKey: { topLevelSite: 'https://shop.test', hasCrossSiteAncestor: false } },
    { ...cookie, name: 'c', partitionKey: { topLevelSite: 'https://example.com', hasCrossSiteAncestor: true } },
    { ...cookie, name: 'd', partitionKey: {} },
  ]);
  expect([...draft.cookies.values()].map(({ name, partitionKey }) => [name, partitionKey])).toEqual([
    ['a', 'https://shop.test'],
    ['d', undefined],
  ]);
  expect(draft.skipped).toEqual(['cookie 2: it belongs to a frame within another site']);
});

test('importJson() takes milliseconds for what they are, and zero for a session', () => {
  const cookie = { name: 'a', value: 'b', domain: 'example.com' };
  expect(first(read([{ ...cookie, expires: (NOW + 5) * 1000 }]))!.expiresAtSec).toBe(NOW + 5);
  expect(first(read([{ ...cookie, expires: 0 }]))).not.toHaveProperty('expiresAtSec');
  expect(first(read([{ ...cookie, session: true, expirationDate: 1 }]))).not.toHaveProperty('expiresAtSec');
});

test('importJson() drops "SameSite=None" of an insecure cookie, as Firefox writes it for nothing', () => {
  expect(first(read([{ name: 'a', value: 'b', domain: 'example.com', sameSite: 'None' }]))).not.toHaveProperty(
    'sameSite',
  );
});

test('importJson() keeps the last of equal cookies, and an expired one removes it', () => {
  const cookie = { name: 'a', value: 'b', domain: 'example.com' };
  expect(first(read([cookie, { ...cookie, value: 'c' }]))!.value).toBe('c');
});

const GOOD = { name: 'a', value: 'b', domain: 'example.com' };

test.each<[unknown, RegExp]>([
  [{}, /neither a list/],
  [{ cookies: {} }, /neither a list/],
  [null, /not an object/],
  [[null], /cookie 1 is not an object/],
  [[[]], /cookie 1 is not an object/],
  [['a=b'], /cookie 1 is not an object/],
  [[{ ...GOOD, name: undefined }], /"name" of cookie 1/],
  [[GOOD, { ...GOOD, value: 1 }], /"value" of cookie 2/],
  [[{ ...GOOD, domain: undefined }], /"domain" of cookie 1/],
  [[{ ...GOOD, path: 5 }], /"path" of cookie 1/],
  [[{ ...GOOD, secure: 'true' }], /"secure" of cookie 1/],
  [[{ ...GOOD, httpOnly: 1 }], /"httpOnly" of cookie 1/],
  [[{ ...GOOD, sameSite: 'sometimes' }], /"sameSite" of cookie 1/],
  [[{ ...GOOD, sameSite: 'constructor' }], /"sameSite" of cookie 1/],
  [[{ ...GOOD, sameSite: 2 }], /"sameSite" of cookie 1/],
  [[{ ...GOOD, expires: '2030-01-01' }], /expiry of cookie 1/],
  [[{ ...GOOD, partitionKey: 3 }], /"partitionKey" of cookie 1/],
  [[{ ...GOOD, partitionKey: { topLevelSite: 3 } }], /"topLevelSite" of cookie 1/],
  [{ cookies: [GOOD], origins: [{}] }, /"origin" of origin 1/],
  [{ cookies: [GOOD], origins: [{ origin: 'https://example.com', localStorage: {} }] }, /"localStorage" of origin 1/],
  [{ cookies: [GOOD], origins: [{ origin: 'https://example.com', localStorage: [{}] }] }, /item of origin 1/],
])('importJson(%j) is refused', (json, message) => {
  expect(() => read(json)).toThrow(message);
});

test('importJson() does not read inherited fields', () => {
  const draft = draftImport({ nowSec: NOW, isPublicSuffix });
  const polluted = JSON.parse('[{"__proto__": {"name": "a", "value": "b", "domain": "example.com"}}]');
  expect(() => importJson(polluted, draft)).toThrow(/"domain" of cookie 1/);
});
