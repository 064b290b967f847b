import { expect, test } from 'vitest';
import { createMatcherCache, secretsOfAuthorization, secretsOfCredential } from '../../../src/sig/secrets.ts';
import { Secret } from '../../../src/secret.ts';
import { makeCredential, makeProvider } from '../../_lib/fixture.ts';

const provider = makeProvider();
const credential = makeCredential(provider, { token: 'token-value-12345' }, {
  oauth2: { refreshToken: new Secret('refresh-value-12345'), clientSecret: new Secret('client-value-12345') },
});

test('secretsOfCredential() lists all of a login', () => {
  expect(secretsOfCredential(credential).map(({ value }) => value.reveal())).toEqual([
    'token-value-12345',
    'refresh-value-12345',
    'client-value-12345',
  ]);
});

test('secretsOfAuthorization() adds what was placed, as it was rendered', () => {
  const placements = [{ provider: 'api', in: 'header', name: 'X-Key', action: 'set', value: 'Key abc' }] as const;
  const [first] = secretsOfAuthorization({ placements, credentials: [credential] } as never);
  expect([first!.kind, first!.name, first!.value.reveal()]).toEqual(['header', 'X-Key', 'Key abc']);
});

test('createMatcherCache() gives out the same matcher for the same secrets', () => {
  const matcherFor = createMatcherCache();
  const first = matcherFor(secretsOfCredential(credential));
  expect(matcherFor(secretsOfCredential(credential))).toBe(first);
  expect(matcherFor([])).not.toBe(first);
});
