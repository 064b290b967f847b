import { expect, test } from 'vitest';
import {
  findTokenEndpoints,
  isTokenEndpoint,
  learntTokenEndpoint,
  refuseTokenEndpoint,
} from '../../../src/proxy/token_endpoint.ts';
import { headOf, makeCredential, makeOAuthProvider, makeProvider } from '../../_lib/fixture.ts';

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

test.each([
  ['https://as.example/realms/a/token', true],
  ['https://as.example/anything/%52evoke;x=1', true],
  ['https://as.example/oauth2/authorize/', true],
  ['https://as.example/realms/a', false],
  ['https://as.example/token/mine', false],
  ['https://other.example/token', false],
])('H20: of a provider that names its issuer alone, %s is an endpoint: %j', (url, wanted) => {
  const provider = makeOAuthProvider({ oauth2: { issuer: 'https://as.example/realms/a', clientId: 'client' } });
  const [endpoint] = findTokenEndpoints([provider], () => undefined);
  const { target, path } = headOf(url);
  expect(isTokenEndpoint(endpoint!, target, path)).toBe(wanted);
});

test('H20: learntTokenEndpoint() is the one that the login was obtained from', () => {
  const provider = makeOAuthProvider({ oauth2: { issuer: 'https://as.example', clientId: 'client' } });
  const credential = makeCredential(provider, {}, { oauth2: { tokenUrl: 'https://api.example.com/x/mint?a=b' } });
  const endpoint = learntTokenEndpoint(credential)!;
  expect(endpoint).toEqual({ provider: 'api', authority: 'api.example.com', host: 'api.example.com', path: '/x/mint' });
  expect(learntTokenEndpoint(credential)).toBe(endpoint);
  expect(learntTokenEndpoint(makeCredential(provider))).toBeUndefined();
  expect(() => refuseTokenEndpoint(endpoint)).toThrow(expect.objectContaining({ code: 'E_NOT_ALLOWED' }));
});
