import { expect, test } from 'vitest';
import { findTokenEndpoints, isTokenEndpoint } from '../../../src/proxy/token_endpoint.ts';
import { headOf, makeOAuthProvider, makeProvider } from '../../_lib/fixture.ts';

test('findTokenEndpoints() reads the environment, and passes over what cannot be read', () => {
  const providers = [
    makeOAuthProvider({ oauth2: { tokenUrl: 'https://${HOST}:8443/oauth/Token' } }),
    makeOAuthProvider({ id: 'unset', oauth2: { tokenUrl: 'https://${UNSET}/t' } }),
    makeProvider({ id: 'none', domains: ['none.example'] }),
  ];
  expect(findTokenEndpoints(providers, (name) => ({ HOST: 'as.example' })[name])).toEqual([
    { provider: 'api', authority: 'as.example:8443', host: 'as.example', path: '/oauth/token' },
  ]);
});

test.each([
  ['https://as.example/oauth/token', true],
  ['https://as.example/oauth/revoke', true],
  ['https://as.example/oauth/%2e%2e/oauth/token', true],
  ['https://as.example/oauth/%2574oken', true],
  ['https://as.example/oauth/token/', true],
  ['https://as.example/oauth/userinfo', false],
  ['https://as.example/token', false],
  ['https://as.example:8443/oauth/token', false],
  ['http://as.example/oauth/token', true],
])('H20: isTokenEndpoint() of %s is %j', (url, wanted) => {
  const [endpoint] = findTokenEndpoints(
    [makeOAuthProvider({ oauth2: { tokenUrl: 'https://as.example/oauth/token' } })],
    () => undefined,
  );
  const { target, path } = headOf(url);
  expect(isTokenEndpoint(endpoint!, target, path)).toBe(wanted);
});
