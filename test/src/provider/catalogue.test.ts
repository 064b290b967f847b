import { expect, test } from 'vitest';
import { catalogueNames, findInCatalogue } from '../../../src/provider/catalogue.ts';
import { compileProvider } from '../../../src/provider/provider.ts';
import { parseRule } from '../../../src/rule/parse.ts';
import { parseUrl } from '../../../src/target/target.ts';

const URLS = [
  'https://reddit.com/r/x',
  'https://www.reddit.com/',
  'https://x.com/',
  'https://twitter.com/home',
  'https://www.linkedin.com/',
  'https://youtube.com/',
  'https://www.v2ex.com/t/1',
  'https://zhihu.com/',
  'https://github.com/a/b',
  'https://api.github.com/user',
  'https://acme.atlassian.net/browse/X-1',
  'https://acme.atlassian.net/wiki/spaces/A',
  'https://app.slack.com/client/T0123ABCD/C1',
  'https://app.slack.com/client/E0123ABCD',
  'https://teams.microsoft.com/v2/',
];

const find = (url: string) => {
  const { target, path } = parseUrl(url);
  return findInCatalogue(target, path);
};

test.each(URLS)('the entry for %s is a sound provider that covers a host of the site', (url) => {
  const entry = find(url)!;
  const { provider, issues } = compileProvider({ id: 'x', ...entry }, () => undefined);
  expect(issues).toEqual([]);
  expect(provider.domains.every(({ wildcard, port }) => !wildcard && port === undefined)).toBe(true);
  expect(new URL(entry.entryUrl!).protocol).toBe('https:');
  if (entry.validateRule !== undefined) parseRule(entry.validateRule);
});

test('each site of the catalogue is found by an address, and has a way to tell a login but Teams', () => {
  const found = URLS.map((url) => find(url)!);
  expect(new Set(found.map(({ name }) => name))).toEqual(new Set(catalogueNames()));
  expect(found.filter(({ validateUrl }) => validateUrl === undefined).map(({ name }) => name)).toEqual([
    'Microsoft Teams',
  ]);
});

test.each([
  'https://jira.example.com/',
  'https://notreddit.com/',
  'https://reddit.com.evil.test/',
  'https://evil.reddit.com/',
  'https://atlassian.net/',
  'https://a.b.atlassian.net/',
  'https://reddit.com:8443/',
  'http://reddit.com/',
  'https://app.slack.com/',
  'https://app.slack.com/client/',
  "https://app.slack.com/client/T1'.constructor",
  'https://app.slack.com/client/T0123ABCD.x',
])('%s is not in the catalogue', (url) => {
  expect(find(url)).toBeUndefined();
});
