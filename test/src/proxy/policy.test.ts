import { expect, test } from 'vitest';
import { createProviderSet } from '../../../src/provider/find.ts';
import { createPolicy, decideConnect, decideRequest, interceptedHosts } from '../../../src/proxy/policy.ts';
import { headOf, makeOAuthProvider, makeProvider } from '../../_lib/fixture.ts';

const set = createProviderSet([
  makeOAuthProvider({ id: 'oauth', domains: ['api.example.com'] }),
  makeProvider({ id: 'wild', domains: ['*.wild.example', 'port.example:8443'] }),
  makeProvider({ id: 'plain', domains: ['plain.example'], allowHttp: true }),
  makeProvider({ id: 'limited', domains: ['limited.example'], allow: [{ methods: ['GET'], path: '/read/**' }] }),
]);
const env = () => undefined;
const policy = createPolicy(set, { env });
const strict = createPolicy(set, { env, isStrict: true });
const connect = (url: string, of = policy) => decideConnect(of, headOf(url).target);
const request = (url: string, method = 'GET', of = policy) =>
  decideRequest(of, headOf(url, method)).map(({ id }) => id);

test.each([
  ['https://api.example.com/', 'intercept'],
  ['https://a.wild.example/', 'intercept'],
  ['https://port.example:8443/', 'intercept'],
  ['https://as.example.com/', 'intercept'],
  ['https://port.example/', 'tunnel'],
  ['https://wild.example/', 'tunnel'],
  ['https://a.b.wild.example/', 'tunnel'],
  ['https://api.example.com:8443/', 'tunnel'],
  ['https://other.example/', 'tunnel'],
])('P15: decideConnect() of %s is %s', (url, wanted) => {
  expect(connect(url)).toBe(wanted);
});

test('P15: a strict proxy refuses what nobody claims', () => {
  expect(() => connect('https://other.example/', strict)).toThrow(expect.objectContaining({ code: 'E_NO_PROVIDER' }));
  expect(() => request('https://other.example/', 'GET', strict)).toThrow(
    expect.objectContaining({ code: 'E_NO_PROVIDER' }),
  );
  expect(connect('https://api.example.com/', strict)).toBe('intercept');
});

test('decideRequest() names the provider of the target, none for a host that nobody claims', () => {
  expect(request('https://api.example.com/x')).toEqual(['oauth']);
  expect(request('https://other.example/x')).toEqual([]);
  expect(request('http://plain.example/')).toEqual(['plain']);
});

test.each([['http://api.example.com/', 'GET', 'E_PLAINTEXT'], [
  'https://limited.example/read/x',
  'POST',
  'E_NOT_ALLOWED',
], ['https://limited.example/other', 'GET', 'E_NOT_ALLOWED']])(
  'H8: decideRequest() of %s %s is %s',
  (url, method, code) => {
    expect(() => request(url, method)).toThrow(expect.objectContaining({ code }));
  },
);

test('H7: a port that the entry does not name is another server', () => {
  expect(request('https://api.example.com:8443/')).toEqual([]);
});

test.each([
  '/token',
  '/TOKEN',
  '/%74oken',
  '/x/../token',
  '//token',
  '/token;a=b',
  '/revoke',
  '/authorize',
  '/introspect',
  '/token?x',
])(
  'H20: %s of an authorization server is not reached through the proxy',
  (path) => {
    expect(() => request(`https://as.example.com${path}`, 'POST')).toThrow(
      expect.objectContaining({ code: 'E_NOT_ALLOWED', provider: 'oauth' }),
    );
  },
);

test('H20: other pages of the authorization server pass', () => {
  expect(request('https://as.example.com/tokens-explained')).toEqual([]);
  expect(request('https://as.example.com/.well-known/openid-configuration')).toEqual([]);
});

test('createPolicy() of some providers knows no others, but all token endpoints', () => {
  const some = createPolicy(set, { env, only: ['wild'] });
  expect(request('https://api.example.com/', 'GET', some)).toEqual([]);
  expect(() => request('https://as.example.com/token', 'POST', some)).toThrow(
    expect.objectContaining({ code: 'E_NOT_ALLOWED' }),
  );
  expect(() => createPolicy(set, { env, only: ['nobody'] })).toThrow(
    expect.objectContaining({ code: 'E_NO_PROVIDER' }),
  );
});

test('T6: interceptedHosts() are those that a CA may name, each once', () => {
  expect(interceptedHosts(policy)).toEqual([
    'api.example.com',
    'as.example.com',
    'limited.example',
    'plain.example',
    'port.example',
    'wild.example',
  ]);
});
