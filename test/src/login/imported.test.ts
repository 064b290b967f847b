import { expect, test } from 'vitest';
import type { ProviderConfig } from '../../../src/config/config.ts';
import { importLogin } from '../../../src/credential/import_cookies.ts';
import { parseTotp } from '../../../src/credential/totp.ts';
import { obtainByImport } from '../../../src/login/imported.ts';
import { makeCredential, makeProvider, NOW_MS } from '../../_lib/fixture.ts';

const NOW = NOW_MS / 1000;

function obtain(text: string, config: Partial<ProviderConfig> = {}, old?: Parameters<typeof makeCredential>[2]) {
  const provider = makeProvider({
    id: 'x',
    strategy: 'browser',
    domains: ['x.test'],
    extract: [{ from: 'cookies', as: 'session', match: '*' }],
    apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
    ...config,
  });
  const imported = importLogin(text, { nowSec: NOW, isPublicSuffix: (host) => host === 'test' });
  return obtainByImport(provider, imported, old && makeCredential(provider, {}, old), NOW, () => undefined);
}

const line = (domain: string, name: string, expiry = 0) => `${domain}\tTRUE\t/\tTRUE\t${expiry}\t${name}\tv\n`;

test("B8: obtainByImport() keeps the cookies of the provider's hosts and drops all others", () => {
  const { cookies, expiresAtSec } = obtain(
    line('.x.test', 'a') + line('idp.test', 'b') + line('.y.test', 'c') + `#HttpOnly_${line('x.test', 'd', NOW + 500)}`,
  );
  expect(cookies?.reveal().map(({ name }) => name)).toEqual(['a', 'd']);
  expect(expiresAtSec).toBe(NOW + 500);
});

test('obtainByImport() keeps the one-time seed of the login before', () => {
  const totp = parseTotp('JBSWY3DPEHPK3PXP');
  expect(obtain(line('x.test', 'a'), {}, { browser: { totp } }).browser).toEqual({ totp });
  expect(obtain(line('x.test', 'a')).browser).toBeUndefined();
});

const TOKEN: Partial<ProviderConfig> = {
  extract: [{ from: 'localStorage', as: 'token', match: 'cfg', jsonPath: 'a.b' }],
  apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${token}' }],
};

test("obtainByImport() takes a token out of Playwright's storage, of approved origins only", () => {
  const state = (origin: string) =>
    JSON.stringify({
      cookies: [],
      origins: [{ origin, localStorage: [{ name: 'cfg', value: '{"a": {"b": "t1"}}' }] }],
    });
  expect(obtain(state('https://x.test'), TOKEN).values.token?.reveal()).toBe('t1');
  for (const origin of ['https://evil.test', 'http://x.test', 'https://x.test:444']) {
    expect(() => obtain(state(origin), TOKEN)).toThrow(/no value for "token"/);
  }
});

test('obtainByImport() takes a token out of the header that the rule would make', () => {
  const curl = (url: string, header: string) => `curl '${url}' -H '${header}'`;
  expect(obtain(curl('https://x.test/api', 'authorization: Bearer t2'), TOKEN).values.token?.reveal()).toBe('t2');
  for (
    const text of [
      curl('https://evil.test/api', 'authorization: Bearer t2'),
      curl('https://x.test/api', 'authorization: Basic t2'),
      curl('https://x.test/api', 'authorization: Bearer '),
      curl('https://x.test/api', 'x-other: Bearer t2'),
    ]
  ) expect(() => obtain(`${text} -b 'a=b'`, TOKEN)).toThrow(/no value for "token"|None of the/);
});

test.each<[string, RegExp, RegExp]>([
  [line('y.test', 'a') + line('z.test', 'b'), /None of the 2 cookies is for x\.test/, /while that site is shown/],
  [`curl 'https://x.test/' -H 'authorization: Bearer t'`, /no value for "session"/, /Copy as cURL/],
])('obtainByImport() says what is missing', (text, message, hint) => {
  expect(() => obtain(text)).toThrow(
    expect.objectContaining({
      code: 'E_IMPORT',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    }),
  );
});
