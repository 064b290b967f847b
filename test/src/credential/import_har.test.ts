import { expect, test } from 'vitest';
import { draftImport, type ImportDraft } from '../../../src/credential/imported.ts';
import { importHar } from '../../../src/credential/import_har.ts';
import { isPublicSuffix } from '../../../src/target/public_suffix.ts';

const CONTEXT = { nowSec: 1_790_000_000, isPublicSuffix };

function read(entries: unknown): ImportDraft {
  const draft = draftImport(CONTEXT);
  importHar({ log: { entries } }, draft, CONTEXT);
  return draft;
}

function entry(url: string, sent: Record<string, string>, set: string[] = [], startedDateTime?: string) {
  return {
    startedDateTime,
    request: { url, headers: Object.entries(sent).map(([name, value]) => ({ name, value })) },
    response: { headers: set.map((value) => ({ name: 'Set-Cookie', value })) },
  };
}

function pairs(draft: ImportDraft): string[] {
  return [...draft.cookies.values()].map(({ domain, hostOnly, name, value }) =>
    `${hostOnly ? '' : '.'}${domain} ${name}=${value}`
  );
}

test('importHar() takes cookies with the attributes that the answers gave', () => {
  const draft = read([
    entry('https://www.example.com/login', {}, [
      'sid=1; Domain=example.com; Secure; HttpOnly; SameSite=Strict',
      'gone=1',
      'theme=x\nlang=en',
    ]),
    entry('https://www.example.com/', { cookie: 'sid=1' }, ['gone=; Max-Age=0']),
  ]);
  expect(pairs(draft)).toEqual(['.example.com sid=1', 'www.example.com theme=x', 'www.example.com lang=en']);
  expect([...draft.cookies.values()][0]).toMatchObject({ secure: true, httpOnly: true, sameSite: 'strict' });
});

test('importHar() takes a cookie that was only sent for its host, and its last value', () => {
  const draft = read([
    entry('https://api.example.com/', { Cookie: 'a=1; b=2' }),
    entry('https://api.example.com/', { Cookie: 'a=3; b=2' }),
    entry('https://www.example.com/', { Cookie: 'a=4' }),
  ]);
  expect(pairs(draft).sort()).toEqual(['api.example.com a=3', 'api.example.com b=2', 'www.example.com a=4']);
});

test('importHar() reckons Max-Age from the time of the answer', () => {
  const at = new Date((CONTEXT.nowSec - 100) * 1000).toISOString();
  const draft = read([entry('https://example.com/', {}, ['old=1; Max-Age=50', 'new=1; Max-Age=500'], at)]);
  expect([...draft.cookies.values()].map(({ name, expiresAtSec }) => [name, expiresAtSec])).toEqual([
    ['new', CONTEXT.nowSec + 400],
  ]);
});

test('importHar() notes the last of each login header', () => {
  const draft = read([
    entry('https://api.example.com/', { Authorization: 'Bearer 1', Accept: '*/*' }),
    entry('https://api.example.com/', { Authorization: 'Bearer 2', ':authority': 'x' }),
  ]);
  expect(draft.headers.map(({ origin, name, value }) => [origin, name, value.reveal()])).toEqual([
    ['https://api.example.com', 'authorization', 'Bearer 2'],
  ]);
});

test('B1: importHar() lets no host set a cookie for another', () => {
  const draft = read([
    entry('https://evil.test/', {}, ['sid=evil; Domain=example.com', 'x=1; Domain=test']),
    entry('data:text/plain,x', { cookie: 'a=b' }),
    entry('chrome-extension://abc/', { cookie: 'a=b' }),
  ]);
  expect(pairs(draft)).toEqual([]);
});

test('importHar() bounds the entries', () => {
  expect(() => read(Array(50_001).fill({}))).toThrow(/50000/);
});

test.each<[unknown, RegExp]>([
  [undefined, /no list of entries/],
  [{}, /no list of entries/],
  [[{ request: { url: 'https://example.com/', headers: {} } }], /headers of entry 1/],
  [[{ request: { url: 'https://example.com/', headers: [{ name: 'a' }] } }], /header of entry 1/],
  [[{ request: { url: 'https://example.com/', headers: [] }, response: { headers: 'x' } }], /headers of entry 1/],
])('importHar(%j) is refused', (entries, message) => {
  expect(() => read(entries)).toThrow(message);
});
