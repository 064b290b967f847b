import { expect, test } from 'vitest';
import type { Cookie } from '../../../src/credential/cookie.ts';
import { absorbCookies, setCookieLines } from '../../../src/proxy/absorb_cookies.ts';
import { Secret } from '../../../src/secret.ts';
import { headOf, makeCredential, makeProvider, memoryCredentials, NOW_MS } from '../../_lib/fixture.ts';

const nowSec = NOW_MS / 1000;
const cookie: Cookie = {
  name: 'sid',
  value: 'old',
  domain: 'api.example.com',
  hostOnly: true,
  path: '/',
  secure: true,
  httpOnly: true,
  createdAtSec: 1,
};
async function absorb(lines: string[], jar: Cookie[] | null = [cookie]) {
  const credential = makeCredential(makeProvider(), {}, jar === null ? {} : { cookies: new Secret(jar) });
  const credentials = await memoryCredentials(credential);
  await absorbCookies(credentials, credential, lines, headOf('https://api.example.com/x'), nowSec);
  return (await credentials.open('api'))!.cookies?.reveal();
}

test('R6: a rotated session is kept in the jar', async () => {
  expect(await absorb(['sid=new; Secure; HttpOnly; Path=/'])).toMatchObject([{ name: 'sid', value: 'new' }]);
});

test.each([['sid=x; Domain=evil.example'], ['sid=x; Domain=com'], ['a=b; Domain=other.example.com']])(
  'B3: %s plants nothing',
  async (line) => {
    expect(await absorb([line])).toEqual([cookie]);
  },
);

test('a cookie that the site ends is gone; a login without a jar gets none', async () => {
  expect(await absorb(['sid=; Max-Age=0; Path=/; Secure'])).toEqual([]);
  expect(await absorb(['sid=new'], null)).toEqual(undefined);
});

test('setCookieLines() takes each line by itself, in any case (X8)', () => {
  expect(setCookieLines([['Set-Cookie', 'a=1'], ['x', 'y'], ['SET-COOKIE', 'b=2, c=3']])).toEqual(['a=1', 'b=2, c=3']);
});
