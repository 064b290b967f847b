import { expect, test } from 'vitest';
import type { ApplyRule, ProviderConfig } from '../../../src/config/config.ts';
import { compileProvider, signatureFields } from '../../../src/provider/provider.ts';

const entry: ProviderConfig = {
  id: 'jira',
  domains: ['jira.example.com', '*.jira.example.com:8443'],
  strategy: 'browser',
  extract: [{ from: 'cookies', as: 'session' }, { from: 'localStorage', as: 'xoxc-token' }],
  apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
};
const env = (name: string) => ({ HOST: 'api.example.com', BAD: 'https://x' })[name];
const compile = (change: Partial<ProviderConfig>) => compileProvider({ ...entry, ...change }, env);

test('compileProvider() parses domains and templates and fills in what was left out', () => {
  const { provider, issues } = compileProvider(entry, env);
  expect(issues).toEqual([]);
  expect(provider).toMatchObject({
    id: 'jira',
    name: 'jira',
    strategy: 'browser',
    domains: [
      { host: 'jira.example.com', port: undefined, wildcard: false },
      { host: 'jira.example.com', port: 8443, wildcard: true },
    ],
    apply: [{ in: 'header', name: 'Cookie', template: [{ key: 'session' }] }],
    allow: undefined,
    allowHttp: false,
    allowPrivate: false,
    config: entry,
  });
});

test('compileProvider() reads environment names in domains', () => {
  expect(compile({ domains: ['${HOST}'] }).provider.domains).toEqual([
    { host: 'api.example.com', port: undefined, wildcard: false },
  ]);
  expect(compile({ domains: ['${NOT_SET}'] }).issues).toEqual([
    { path: ['domains', 0], message: 'environment variable "NOT_SET" is not set' },
  ]);
  expect(compile({ domains: ['ok.example', '${BAD}'] }).issues).toEqual([
    { path: ['domains', 1], message: 'cannot use domain "https://x"', hint: 'leave out the scheme' },
  ]);
});

test.each(['a.b|c', '[x]', '*', 'a*.com', '*.*.com', '.com', 'ex.com/', '^ex$', 'ex\0.com'])(
  'H10: compileProvider() refuses the domain %j',
  (domain) => {
    const { issues, provider } = compile({ domains: [domain] });
    expect(issues).toHaveLength(1);
    expect(provider.domains).toEqual([]);
  },
);

const apply = (change: Partial<ApplyRule>): { path: unknown; message: string; hint?: string }[] =>
  compile({ apply: [{ in: 'header', name: 'X-Token', value: '${session}', ...change }] }).issues as never;

test.each([
  ['${sesion}', 'unknown key "${sesion}"'],
  ['${}', 'unknown key "${}"'],
  ['${__proto__}', 'unknown key "${__proto__}"'],
  ['${constructor}', 'unknown key "${constructor}"'],
  ['${access_token}', 'unknown key "${access_token}"'],
  ['${session', '"${" without a key and "}" behind it'],
  ['Bearer ${ses${session}}', '"${" without a key and "}" behind it'],
  ['a\r\nX: ${session}', 'a header value cannot hold control characters'],
  ['a\0', 'a header value cannot hold control characters'],
])('compileProvider() refuses the value %j', (value, message) => {
  expect(apply({ value }).map((issue) => issue.message)).toContain(message);
  expect(apply({ value })[0]!.path).toEqual(['apply', 0, 'value']);
});

test('compileProvider() lists the keys that are known', () => {
  expect(apply({ value: '${x}' })[0]!.hint).toBe('known: session, xoxc-token');
  expect(compile({ extract: [], apply: [{ in: 'header', name: 'X', value: '${x}' }] }).issues[0]!.hint).toBe(
    'no extract rule defines a key',
  );
});

test('compileProvider() knows the access token of an OAuth provider', () => {
  const rule = { in: 'header', name: 'Authorization', value: 'Bearer ${access_token}' } as const;
  expect(compile({ strategy: 'oauth2', extract: [], apply: [rule] }).issues).toEqual([]);
});

test.each([
  'Host',
  'content-length',
  'Transfer-Encoding',
  'connection',
  'Keep-Alive',
  'TE',
  'trailer',
  'Upgrade',
  'Proxy-Authorization',
  'Proxy-Connection',
  'Expect',
])('compileProvider() does not let a rule set %s', (name) => {
  expect(apply({ name })[0]).toEqual({
    path: ['apply', 0, 'name'],
    message: `header "${name}" belongs to the connection and cannot be set`,
  });
});

test.each(['', 'X Token', 'X:', 'X\r\nY', 'Xé', 'X\0', '"X"'])(
  'compileProvider() refuses the header name %j',
  (name) => {
    expect(apply({ name })[0]!.message).toContain('is not a header name');
  },
);

test('compileProvider() takes any name for a query parameter', () => {
  expect(apply({ in: 'query', name: 'a b[]' })).toEqual([]);
});

test('compileProvider() refuses two rules for one place, but for cookies', () => {
  const twice = (one: Partial<ApplyRule>, other: Partial<ApplyRule>) => {
    const rule: ApplyRule = { in: 'header', name: 'X-Token', value: '${session}' };
    return compile({ apply: [{ ...rule, ...one }, { ...rule, ...other }] }).issues.map(({ message }) => message);
  };
  expect(twice({}, { name: 'x-token' })).toEqual(['header "x-token" is set twice']);
  expect(twice({ in: 'query' }, { in: 'query' })).toEqual(['query "X-Token" is set twice']);
  expect(twice({ in: 'query' }, { in: 'query', name: 'x-token' })).toEqual([]);
  expect(twice({}, { in: 'query' })).toEqual([]);
  expect(twice({}, { action: 'append' })).toEqual([]);
  expect(twice({ name: 'Cookie' }, { name: 'cookie', value: 'a=${xoxc-token}' })).toEqual([]);
});

test.each([
  ['https://jira.example.com/me', undefined],
  ['https://a.jira.example.com:8443/me', undefined],
  ['https://${HOST}/me', undefined],
  [
    'https://evil.example/me',
    'host "evil.example" is not one of the provider\'s domains, and the credential would be sent there',
  ],
  ['https://jira.example.com:8443/me', 'host "jira.example.com" is not one of'],
  ['https://jira.example.com.evil.com/', 'host "jira.example.com.evil.com" is not one of'],
  ['jira.example.com', 'cannot use the URL: it is not an absolute http or https URL'],
  ['https://jira.example.com@evil.example/', 'cannot use the URL: it carries a user name or password'],
])('compileProvider() with the validateUrl %j', (validateUrl, message) => {
  const { issues } = compile({ validateUrl });
  if (message === undefined) expect(issues).toEqual([]);
  else expect(issues).toMatchObject([{ path: ['validateUrl'], message: expect.stringContaining(message) }]);
});

test('compileProvider() lets the entry URL be elsewhere: nothing is sent there', () => {
  expect(compile({ entryUrl: 'https://sso.example.com/' }).issues).toEqual([]);
  expect(compile({ entryUrl: 'sso.example.com' }).issues).toHaveLength(1);
});

const bound = (change: Partial<ProviderConfig>) =>
  compileProvider({
    id: 'api',
    domains: ['api.example.com'],
    strategy: 'oauth2',
    extract: [{ from: 'oauth2', as: 'access_token' }],
    apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${access_token}' }],
    oauth2: { tokenUrl: 'https://as.example.com/token', dpop: true },
    ...change,
  }, env);

test.each(['Bearer ${access_token}', 'bearer ${access_token}', 'DPoP ${access_token}'])(
  'compileProvider() places a token that is bound to a key with the scheme DPoP, for the rule %j',
  (value) => {
    const { provider, issues } = bound({ apply: [{ in: 'header', name: 'authorization', value }] });
    expect(issues).toEqual([]);
    expect(provider.apply[0]!.template).toEqual(['DPoP ', { key: 'access_token' }]);
    expect(provider.config.apply[0]!.value).toBe(value);
  },
);

test.each<[string, ApplyRule[]]>([
  ['another header', [{ in: 'header', name: 'X-Token', value: 'Bearer ${access_token}' }]],
  ['the query', [{ in: 'query', name: 'access_token', value: '${access_token}' }]],
  ['another scheme', [{ in: 'header', name: 'Authorization', value: 'Token ${access_token}' }]],
  ['more than the token', [{ in: 'header', name: 'Authorization', value: 'Bearer ${access_token} x' }]],
  ['appending', [{ in: 'header', name: 'Authorization', value: 'Bearer ${access_token}', action: 'append' }]],
  ['nowhere', []],
])('compileProvider() wants a bound token in Authorization, not %s', (_, apply) => {
  expect(bound({ apply }).issues).toMatchObject([{ path: ['oauth2', 'dpop'], message: /Authorization/ }]
    .map((issue) => ({ ...issue, message: expect.stringMatching(issue.message) })));
});

test('compileProvider() lets no rule set what signing sets', () => {
  const rule = (name: string): ApplyRule => ({ in: 'header', name, value: 'x' });
  const token: ApplyRule = { in: 'header', name: 'Authorization', value: 'Bearer ${access_token}' };
  expect(bound({ apply: [token, rule('dpop')] }).issues).toMatchObject([{ path: ['apply', 1, 'name'] }]);
  const sign = { profile: 'web-bot-auth', agent: 'https://bot.example' } as const;
  const { provider, issues } = bound({ sign, apply: [token, rule('Signature')] });
  expect(issues).toMatchObject([{ path: ['apply', 1, 'name'] }]);
  expect(signatureFields(provider)).toEqual(['DPoP', 'Signature-Agent', 'Signature-Input', 'Signature']);
  expect(compile({ apply: [rule('Signature')] }).issues).toEqual([]);
});
