import { expect, test } from 'vitest';
import { rollCookies } from '../../../src/credential/roll.ts';
import { Secret } from '../../../src/secret.ts';
import { headOf, makeCredential, makeProvider, NOW_MS } from '../../_lib/fixture.ts';
import { makeCookie } from '../../_lib/memory_browser.ts';

const NOW = NOW_MS / 1000;
const EXTRACT = [{ from: 'cookies', as: 'session', match: '*' }] as const;
const SID = makeCookie('sid', 'one', 'x.test', { expiresAtSec: NOW + 1000 });

async function roll(
  lines: readonly string[],
  more: { url?: string; cookies?: typeof SID[] | undefined; expiresAtSec?: number } = {},
) {
  const { url = 'https://x.test/a', cookies = [SID], expiresAtSec = NOW + 1000 } = more;
  const credential = makeCredential(makeProvider(), {}, { expiresAtSec, cookies: new Secret(cookies) });
  const headers = [['Content-Type', 'x'], ...lines.map((line) => ['Set-Cookie', line] as const)] as const;
  const rolled = await rollCookies(credential, EXTRACT, headOf(url), headers, NOW);
  return {
    isSame: rolled === credential,
    pairs: rolled.cookies!.reveal().map(({ name, value }) => `${name}=${value}`),
    expiresAtSec: rolled.expiresAtSec,
  };
}

test('rollCookies() takes a rotated session in its place', async () => {
  expect(await roll(['sid=two; Path=/; Secure; HttpOnly; Max-Age=2000'])).toEqual({
    isSame: false,
    pairs: ['sid=two'],
    expiresAtSec: NOW + 2000,
  });
});

test('rollCookies() adds and removes cookies as the site says', async () => {
  expect((await roll(['csrf=1; Secure'])).pairs).toEqual(['sid=one', 'csrf=1']);
  expect((await roll(['sid=; Path=/; Max-Age=0'])).pairs).toEqual([]);
});

test.each<[string, string[]]>([
  ['no Set-Cookie', []],
  ['a cookie for another host', ['sid=evil; Domain=y.test']],
  ['a cookie for a public suffix', ['sid=evil; Domain=test']],
  ['a cookie that is none', ['=', 'a=\x00']],
  ['the same cookie again', ['sid=one; Path=/; Secure; HttpOnly; Max-Age=1000']],
  ['an end that hardly moved', ['sid=one; Path=/; Secure; HttpOnly; Max-Age=1050']],
])('rollCookies() changes nothing for %s', async (_, lines) => {
  expect(await roll(lines)).toEqual({ isSame: true, pairs: ['sid=one'], expiresAtSec: NOW + 1000 });
});

test('rollCookies() follows a sliding session that moved enough to matter', async () => {
  expect((await roll(['sid=one; Path=/; Secure; HttpOnly; Max-Age=1200'])).expiresAtSec).toBe(NOW + 1200);
});

test("rollCookies() leaves an end alone that was not the cookies' own", async () => {
  expect((await roll(['sid=two; Path=/; Secure; HttpOnly; Max-Age=9000'], { expiresAtSec: NOW + 77 })).expiresAtSec)
    .toBe(NOW + 77);
});

test('B4: over plain http a secure session is not replaced', async () => {
  expect((await roll(['sid=evil; Path=/'], { url: 'http://x.test/a' })).isSame).toBe(true);
});

test('rollCookies() does nothing for a login without a jar', async () => {
  const credential = makeCredential(makeProvider());
  expect(await rollCookies(credential, [], headOf('https://x.test/'), [['set-cookie', 'a=b']], NOW)).toBe(credential);
});
