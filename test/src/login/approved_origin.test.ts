import { expect, test } from 'vitest';
import { entryUrlOf, isApprovedOrigin, parseOrigin } from '../../../src/login/approved_origin.ts';
import { makeProvider } from '../../_lib/fixture.ts';

const ENTRY = 'https://app.slack.test/client/T1';

test.each<[string | null, boolean]>([
  ['https://jira.example.com', true],
  ['https://a.wild.example', true],
  ['https://app.slack.test', true],
  ['https://localhost:8443', true],
  ['http://jira.example.com', false],
  ['http://app.slack.test', false],
  ['https://jira.example.com:8443', false],
  ['https://localhost', false],
  ['https://example.com', false],
  ['https://sub.jira.example.com', false],
  ['https://jira.example.com.evil.test', false],
  ['https://evil.test', false],
  ['https://wild.example', false],
  ['https://a.b.wild.example', false],
  ['https://slack.test', false],
  ['https://user@jira.example.com', false],
  ['null', false],
  ['', false],
  [null, false],
  ['about:blank', false],
  ['data:text/html,x', false],
  ['file://', false],
  ['chrome-extension://abcdef', false],
  ['javascript:alert(1)', false],
])('B9: isApprovedOrigin(%j) is %j', (origin, expected) => {
  const provider = makeProvider({
    strategy: 'browser',
    domains: ['jira.example.com', '*.wild.example', 'localhost:8443'],
  });
  expect(isApprovedOrigin(provider, origin, ENTRY)).toBe(expected);
});

test('B9: isApprovedOrigin() takes plain http only where the provider allows it', () => {
  const provider = makeProvider({ strategy: 'browser', domains: ['intra.example'], allowHttp: true });
  expect(isApprovedOrigin(provider, 'http://intra.example', 'http://intra.example/')).toBe(true);
  expect(isApprovedOrigin(provider, 'http://other.example', 'http://intra.example/')).toBe(false);
});

test('entryUrlOf() is the entryUrl, fragment included, else the front page of the first host', () => {
  const entry = (config: Parameters<typeof makeProvider>[0], env: Record<string, string> = {}) =>
    entryUrlOf(makeProvider({ strategy: 'browser', ...config }), (name) => env[name]);
  expect(entry({ entryUrl: 'https://api.example.com/a?b#/login?x' })).toBe('https://api.example.com/a?b#/login?x');
  expect(entry({ entryUrl: 'https://${HOST}/x' }, { HOST: 'api.example.com' })).toBe('https://api.example.com/x');
  expect(entry({ domains: ['*.example.com', 'api.example.com:8443'] })).toBe('https://api.example.com:8443/');
  expect(entry({ entryUrl: 'http://api.example.com/', allowHttp: true })).toBe('http://api.example.com/');
});

test('entryUrlOf() refuses plain http, and a provider that names no host', () => {
  const entry = (config: Parameters<typeof makeProvider>[0]) => () =>
    entryUrlOf(makeProvider({ strategy: 'browser', ...config }), () => undefined);
  expect(entry({ entryUrl: 'http://api.example.com/' })).toThrow(expect.objectContaining({ code: 'E_PLAINTEXT' }));
  expect(entry({ domains: ['*.example.com'] })).toThrow(expect.objectContaining({ code: 'E_CONFIG' }));
  expect(entry({ entryUrl: 'https://${HOST}/x' })).toThrow(expect.objectContaining({ code: 'E_ENV_UNSET' }));
});

test('parseOrigin() reads origins of the web alone', () => {
  expect(parseOrigin('https://example.com:8443')).toEqual({ scheme: 'https', host: 'example.com', port: 8443 });
  for (const none of [null, '', 'null', 'ftp://x', 'https://', 'https://a b']) {
    expect(parseOrigin(none)).toBeUndefined();
  }
});
