import { expect, test, vi } from 'vitest';
import { absorbCookies, setCookieLines } from '../../../src/proxy/absorb_cookies.ts';
import { Secret } from '../../../src/secret.ts';
import { headOf, makeCredential, makeProvider, memoryCredentials, NOW_MS } from '../../_lib/fixture.ts';

const provider = makeProvider();
const head = headOf('https://api.example.com/');
const nowSec = NOW_MS / 1000;

async function setUp() {
  const credential = makeCredential(provider, {}, { cookies: new Secret([]) });
  const credentials = await memoryCredentials(credential);
  return { credential, credentials, update: vi.spyOn(credentials, 'update') };
}

test('R6: absorbCookies() puts a new session into the jar', async () => {
  const { credential, credentials } = await setUp();
  await absorbCookies(credentials, credential, ['s=1; Secure; Path=/', 'evil=2; Domain=other.example'], head, nowSec);
  const jar = (await credentials.open('api'))!.cookies!.reveal();
  expect(jar.map(({ name, value }) => `${name}=${value}`)).toEqual(['s=1']);
});

test('absorbCookies() writes nothing when nothing changes, or there is no jar', async () => {
  const { credential, credentials, update } = await setUp();
  await absorbCookies(credentials, credential, ['evil=2; Domain=other.example'], head, nowSec);
  await absorbCookies(credentials, makeCredential(provider), ['s=1'], head, nowSec);
  expect(update).not.toHaveBeenCalled();
});

test('setCookieLines() finds them whatever their case', () => {
  expect(setCookieLines([['set-cookie', 'a=1'], ['X', 'y'], ['Set-Cookie', 'b=2']])).toEqual(['a=1', 'b=2']);
});
