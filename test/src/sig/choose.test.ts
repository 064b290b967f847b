import { expect, test } from 'vitest';
import { createProviderSet } from '../../../src/provider/find.ts';
import { chooseProviders } from '../../../src/sig/choose.ts';
import { headOf, makeProvider } from '../../_lib/fixture.ts';

const set = createProviderSet([
  makeProvider(),
  makeProvider({ id: 'read', domains: ['split.example'], allow: [{ methods: ['GET'], path: '/read/**' }] }),
  makeProvider({ id: 'write', domains: ['split.example'], allow: [{ path: '/write/**' }] }),
  makeProvider({ id: 'plain', domains: ['plain.example'], allowHttp: true }),
  makeProvider({ id: 'wild', domains: ['*.example.com'] }),
]);
const choose = (url: string, named?: string[], method = 'GET') =>
  chooseProviders(set, headOf(url, method), named).map((provider) => provider.id);

test('chooseProviders() takes the exact host before the wildcard', () => {
  expect(choose('https://api.example.com/')).toEqual(['api']);
  expect(choose('https://other.example.com/')).toEqual(['wild']);
});

test('chooseProviders() tells two providers of one host apart by their paths', () => {
  expect(choose('https://split.example/read/x')).toEqual(['read']);
  expect(choose('https://split.example/write/x', undefined, 'POST')).toEqual(['write']);
});

test.each([
  ['https://unknown.example/', 'E_NO_PROVIDER'],
  ['https://api.example.com:8443/', 'E_NO_PROVIDER'],
  ['https://a.b.example.com/', 'E_NO_PROVIDER'],
  ['http://api.example.com/', 'E_PLAINTEXT'],
  ['https://split.example/other', 'E_NOT_ALLOWED'],
  ['https://split.example/read/%2e%2e%2fwrite', 'E_NOT_ALLOWED'],
])('chooseProviders() of %s is %s', (url, code) => {
  expect(() => choose(url)).toThrow(expect.objectContaining({ code }));
});

test('chooseProviders() speaks http where the provider says so', () => {
  expect(choose('http://plain.example/')).toEqual(['plain']);
});

test('naming providers never widens where a credential goes', () => {
  expect(choose('https://api.example.com/', ['api', 'wild', 'api'])).toEqual(['api', 'wild']);
  expect(() => choose('https://evil.example/', ['api'])).toThrow(
    expect.objectContaining({ code: 'E_HOST_NOT_ALLOWED', hint: expect.stringContaining('add "evil.example"') }),
  );
  expect(() => choose('https://api.example.com/', ['nobody'])).toThrow(
    expect.objectContaining({ code: 'E_NO_PROVIDER' }),
  );
  expect(() => choose('https://split.example/write/x', ['read'])).toThrow(
    expect.objectContaining({ code: 'E_NOT_ALLOWED' }),
  );
});

test('chooseProviders() does not choose between two that claim the same request', () => {
  const both = createProviderSet([makeProvider({ id: 'one' }), makeProvider({ id: 'two' })]);
  expect(() => chooseProviders(both, headOf('https://api.example.com/'))).toThrow(
    expect.objectContaining({ code: 'E_AMBIGUOUS', message: expect.stringMatching(/one.*two/) }),
  );
});
