import { expect, test } from 'vitest';
import type { Cookie } from '../../../src/credential/cookie.ts';
import { createMatcherCache, secretsOfCredential } from '../../../src/sig/secrets.ts';
import { Secret } from '../../../src/secret.ts';
import { makeCanary } from '../../_lib/canary.ts';
import { makeCredential, makeProvider } from '../../_lib/fixture.ts';

const cookie: Cookie = {
  name: 'sid',
  value: 'cookie-canary-0123456789',
  domain: 'a.example',
  hostOnly: true,
  path: '/',
  secure: true,
  httpOnly: true,
  createdAtSec: 1,
};

test('R1: secretsOfCredential() names everything that a login holds', () => {
  const credential = makeCredential(makeProvider(), { token: 'token-canary' }, {
    cookies: new Secret([cookie]),
    oauth2: {
      clientId: 'public',
      clientSecret: new Secret('secret-canary'),
      refreshToken: new Secret('refresh-canary'),
    },
  });
  const shown = secretsOfCredential(credential).map(({ value }) => value.reveal());
  expect(shown.sort()).toEqual(['cookie-canary-0123456789', 'refresh-canary', 'secret-canary', 'token-canary']);
});

test('createMatcherCache() gives the same matcher for the same secrets, another for others', () => {
  const matcherFor = createMatcherCache();
  const value = (text: string) => [{ provider: 'p', kind: 'value', value: new Secret(text) } as const];
  const [one, two] = [makeCanary(), makeCanary()];
  expect(matcherFor(value(one))).toBe(matcherFor(value(one)));
  expect(matcherFor(value(one))).not.toBe(matcherFor(value(two)));
});
