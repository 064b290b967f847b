import { expect, test } from 'vitest';
import type { ProviderConfig } from '../../../src/config/config.ts';
import { bindingOf, widenings } from '../../../src/provider/binding.ts';
import { makeOAuthProvider, makeProvider } from '../../_lib/fixture.ts';

const base: Partial<ProviderConfig> = { domains: ['api.example.com'], allow: [{ path: '/a' }] };

function widened(from: Partial<ProviderConfig>, to: Partial<ProviderConfig>): string[] {
  return widenings(bindingOf(makeProvider({ ...base, ...from })), bindingOf(makeProvider({ ...base, ...to })));
}

test('bindingOf() is the same for the same policy, however it is written', () => {
  const one = bindingOf(makeProvider({ domains: ['B.example', 'a.example.'] }));
  const other = bindingOf(makeProvider({ domains: ['a.example', 'b.example'] }));
  expect(one).toEqual(other);
  expect(JSON.parse(JSON.stringify(one))).toEqual(one);
});

test('bindingOf() holds no secret of the entry', () => {
  expect(JSON.stringify(bindingOf(makeOAuthProvider()))).not.toContain('client-secret');
});

test.each<[string, Partial<ProviderConfig>, Partial<ProviderConfig>, string[]]>([
  ['a further domain', {}, { domains: ['api.example.com', 'evil.example'] }, ['domain "evil.example"']],
  ['another domain', {}, { domains: ['evil.example'] }, ['domain "evil.example"']],
  ['a wildcard for a host', {}, { domains: ['*.example.com'] }, ['domain "*.example.com"']],
  ['another port', {}, { domains: ['api.example.com:8443'] }, ['domain "api.example.com:8443"']],
  ['plain http', {}, { allowHttp: true }, ['setting "allowHttp"']],
  ['private addresses', {}, { allowPrivate: true }, ['setting "allowPrivate"']],
  ['another place', {}, { apply: [{ in: 'query', name: 'k', value: '${token}' }] }, ['setting "apply"']],
  ['more paths', {}, { allow: [{ path: '/**' }] }, ['setting "allow"']],
  ['a proxy', {}, { networkProxy: 'http://evil.example:1' }, ['setting "networkProxy"']],
  ['another proxy', { networkProxy: 'http://a:1' }, { networkProxy: 'http://b:1' }, ['setting "networkProxy"']],
  ['a CA', {}, { caFile: '/evil.pem' }, ['setting "caFile"']],
  ['a probe', {}, { validateUrl: 'https://api.example.com/x' }, ['setting "validateUrl"']],
  ['everything at once', {}, { allowHttp: true, caFile: '/x', domains: ['b.example'] }, [
    'domain "b.example"',
    'setting "allowHttp"',
    'setting "caFile"',
  ]],
])('C6, C7: widenings() finds %s', (_, from, to, found) => {
  expect(widened(from, to)).toEqual(found);
});

test('C6: widenings() finds that paths are no longer limited', () => {
  const sealed = bindingOf(makeProvider(base));
  expect(widenings(sealed, bindingOf(makeProvider({ domains: ['api.example.com'] })))).toEqual(['setting "allow"']);
});

test.each<[string, Partial<ProviderConfig>, Partial<ProviderConfig>]>([
  ['nothing', {}, {}],
  ['a domain less', { domains: ['api.example.com', 'b.example'] }, {}],
  ['plain http no longer', { allowHttp: true }, { allowHttp: false }],
  ['private addresses no longer', { allowPrivate: true }, {}],
  ['no proxy any more', { networkProxy: 'http://a:1' }, {}],
  ['no CA any more', { caFile: '/a' }, {}],
  ['no probe any more', { validateUrl: 'https://api.example.com/x' }, {}],
  ['another name, ttl and login', {}, { name: 'X', ttlSec: 5, loginMode: 'visible', entryUrl: 'https://x.example/' }],
])('widenings() is content with %s', (_, from, to) => {
  expect(widened(from, to)).toEqual([]);
});

test('widenings() is content with a first list of allowed paths', () => {
  const sealed = bindingOf(makeProvider({ domains: ['api.example.com'] }));
  expect(widenings(sealed, bindingOf(makeProvider(base)))).toEqual([]);
});

test.each(['tokenUrl', 'issuer', 'audience'] as const)('C6: widenings() finds another %s', (key) => {
  const oauth2 = { tokenUrl: 'https://as.example.com/token', issuer: 'https://as.example.com', audience: 'a' };
  const sealed = bindingOf(makeOAuthProvider({ oauth2 }));
  const changed = bindingOf(makeOAuthProvider({ oauth2: { ...oauth2, [key]: 'https://evil.example/' } }));
  expect(widenings(sealed, changed)).toEqual([`setting "oauth2.${key}"`]);
});

test('a token that was bound to a key is not sent without it before a person approves', () => {
  const plain = makeOAuthProvider();
  const bound = makeOAuthProvider({ oauth2: { ...plain.config.oauth2, dpop: true } });
  expect(widenings(bindingOf(bound), bindingOf(plain))).toEqual(['setting "oauth2.dpop"']);
  expect(widenings(bindingOf(plain), bindingOf(bound))).toEqual([]);
});
