import { expect, test } from 'vitest';
import { describeRequest } from '../../../src/audit/describe.ts';
import type { Cookie } from '../../../src/credential/cookie.ts';
import type { Authorization } from '../../../src/sig/authorize.ts';
import { createMatcherCache, secretsOfCredential } from '../../../src/sig/secrets.ts';
import { Secret } from '../../../src/secret.ts';
import { parseUrl } from '../../../src/target/target.ts';
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
  const authorizationOf = (value: string): Authorization => {
    const provider = makeProvider();
    const placements = [{ provider: provider.id, in: 'header', name: 'X', action: 'set', value } as const];
    const head = { method: 'GET', path: '/', headers: [], target: parseUrl('https://api.example.com/').target };
    const facts = { ...describeRequest(head), provider: provider.id, placed: [] };
    return { head, providers: [provider], credentials: [makeCredential(provider)], placements, send: {}, facts };
  };
  const [one, two] = [authorizationOf(makeCanary()), authorizationOf(makeCanary())];
  const matcher = matcherFor([one]);
  expect(matcherFor([one])).toBe(matcher);
  expect(matcherFor([authorizationOf(one.placements[0]!.value)])).toBe(matcher);
  expect(matcherFor([two])).not.toBe(matcher);
  expect(matcherFor([one, two])).not.toBe(matcher);
});
