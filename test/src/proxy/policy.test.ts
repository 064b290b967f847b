import { expect, test } from 'vitest';
import { createProviderSet } from '../../../src/provider/find.ts';
import { createPolicy, decideConnect, decideRequest, interceptedHosts } from '../../../src/proxy/policy.ts';
import { parseUrl } from '../../../src/target/target.ts';
import { headOf, makeOAuthProvider, makeProvider } from '../../_lib/fixture.ts';

const env = () => undefined;
const set = createProviderSet([
  makeProvider({ id: 'jira', domains: ['jira.example.com', '*.wild.example.com'], allow: [{ path: '/rest/**' }] }),
  makeOAuthProvider({ id: 'oauth', domains: ['api.example.org'] }),
]);
const policy = createPolicy(set, { env });
const connect = (url: string) => decideConnect(policy, parseUrl(url).target);
const ids = (url: string, method = 'GET') => decideRequest(policy, headOf(url, method)).map((provider) => provider.id);

test('decideConnect() intercepts what providers claim and tunnels the rest', () => {
  expect(['https://jira.example.com', 'https://a.wild.example.com', 'https://api.example.org'].map(connect)).toEqual(
    Array(3).fill('intercept'),
  );
  expect(
    [
      'https://example.com',
      'https://xjira.example.com',
      'https://jira.example.com.evil.example',
      'https://a.b.wild.example.com',
    ].map(connect),
  ).toEqual(Array(4).fill('tunnel'));
});

test('H7: another port of a provider host is no provider host', () => {
  expect(connect('https://jira.example.com:8443')).toBe('tunnel');
  expect(ids('https://jira.example.com:8443/rest/a')).toEqual([]);
});

test('P15: a strict policy refuses what nobody claims', () => {
  const strict = createPolicy(set, { env, isStrict: true });
  expect(() => decideConnect(strict, parseUrl('https://example.com').target)).toThrow(/strict/);
  expect(() => decideRequest(strict, headOf('http://example.com/'))).toThrow(/strict/);
  expect(decideConnect(strict, parseUrl('https://jira.example.com').target)).toBe('intercept');
});

test('decideRequest() obeys allow rules, and http is refused', () => {
  expect(ids('https://jira.example.com/rest/x')).toEqual(['jira']);
  expect(() => ids('https://jira.example.com/admin')).toThrow(/No "allow" rule/);
  expect(() => ids('http://jira.example.com/rest/x')).toThrow(/plain http/);
});

test('H20: the token endpoint is intercepted and refused, its host is else passed as it is', () => {
  expect(connect('https://as.example.com')).toBe('intercept');
  expect(() => ids('https://as.example.com/token', 'POST')).toThrow(/Token endpoints/);
  expect(ids('https://as.example.com/other')).toEqual([]);
});

test('createPolicy() uses the named providers only, and refuses unknown ones', () => {
  const only = createPolicy(set, { env, only: ['jira'] });
  expect(decideConnect(only, parseUrl('https://api.example.org').target)).toBe('tunnel');
  expect(() => createPolicy(set, { env, only: ['nobody'] })).toThrow(/No provider "nobody"/);
});

test('T6: interceptedHosts() names each host once, a wildcard by its parent', () => {
  expect(interceptedHosts(policy)).toEqual([
    'api.example.org',
    'as.example.com',
    'jira.example.com',
    'wild.example.com',
  ]);
});
