import { expect, test } from 'vitest';
import type { Credentials } from '../../../src/credential/credentials.ts';
import { SigError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';
import { isSetCookie, keepCookies, withoutCookies } from '../../../src/sig/roll.ts';
import { answer, headOf, makeCredential, makeProvider, memoryCredentials, NOW_MS } from '../../_lib/fixture.ts';
import { makeCookie } from '../../_lib/memory_browser.ts';

const NOW = NOW_MS / 1000;
const HEAD = headOf('https://api.example.com/x');
const PROVIDER = makeProvider({
  strategy: 'browser',
  extract: [{ from: 'cookies', as: 'session', match: '*' }],
  apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
});
const SID = makeCookie('sid', 'one', 'api.example.com');
const SENT = makeCredential(PROVIDER, {}, { cookies: new Secret([SID]) });

async function keep(status: number, lines: readonly string[], credentials: Credentials) {
  const audit: object[] = [];
  const ports = { credentials, audit: { write: (event: object) => Promise.resolve(void audit.push(event)) } };
  const response = answer(status, '', lines.map((line) => ['Set-Cookie', line] as const));
  await keepCookies(PROVIDER, SENT, HEAD, response, NOW, ports);
  return audit;
}

async function pairs(credentials: Credentials): Promise<string[] | undefined> {
  return (await credentials.open(PROVIDER.id))?.cookies?.reveal().map(({ name, value }) => `${name}=${value}`);
}

test('keepCookies() seals a rotated session', async () => {
  const credentials = await memoryCredentials(SENT);
  await keep(200, ['sid=two; Path=/; Secure; HttpOnly'], credentials);
  expect(await pairs(credentials)).toEqual(['sid=two']);
});

test('keepCookies() changes what is stored by now, not the copy that was sent', async () => {
  const newer = makeCredential(PROVIDER, {}, {
    cookies: new Secret([SID, makeCookie('other', 'new', 'api.example.com')]),
  });
  const credentials = await memoryCredentials(newer);
  await keep(200, ['sid=two; Path=/; Secure; HttpOnly'], credentials);
  expect(await pairs(credentials)).toEqual(['sid=two', 'other=new']);
});

test('keepCookies() does not bring back a login that was logged out meanwhile', async () => {
  const credentials = await memoryCredentials(makeCredential(PROVIDER, {}));
  await keep(200, ['sid=two; Path=/; Secure; HttpOnly'], credentials);
  expect(await pairs(credentials)).toBeUndefined();
  await credentials.remove(PROVIDER.id);
  await keep(200, ['sid=two; Path=/; Secure; HttpOnly'], credentials);
  expect(await credentials.open(PROVIDER.id)).toBeUndefined();
});

test('keepCookies() takes nothing from a refusal', async () => {
  const credentials = await memoryCredentials(SENT);
  await keep(401, ['sid=; Path=/; Max-Age=0'], credentials);
  expect(await pairs(credentials)).toEqual(['sid=one']);
});

test('keepCookies() tells the audit log when it cannot store', async () => {
  const credentials = {
    ...await memoryCredentials(SENT),
    update: () => Promise.reject(new SigError('E_STORE', 'Cannot write')),
  };
  expect(await keep(200, ['sid=two; Path=/; Secure; HttpOnly'], credentials)).toEqual([
    { event: 'roll', provider: PROVIDER.id, failure: 'E_STORE' },
  ]);
});

test('withoutCookies() takes every spelling of Set-Cookie, and nothing else', () => {
  const fields = [['SET-COOKIE', 'a'], ['set-cookie2', 'b'], ['Cookie', 'c'], ['X-Set-Cookie', 'd']] as const;
  expect(withoutCookies(fields)).toEqual([['Cookie', 'c'], ['X-Set-Cookie', 'd']]);
  expect(fields.map(isSetCookie)).toEqual([true, true, false, false]);
});
