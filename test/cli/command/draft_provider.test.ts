import { expect, test } from 'vitest';
import type { Context, ParsedOptions } from '../../../cli/command/command.ts';
import { findOrDraft, readMode } from '../../../cli/command/draft_provider.ts';
import { createProviderSet } from '../../../src/provider/find.ts';
import { makeOAuthProvider, makeProvider } from '../../_lib/fixture.ts';

const SET = createProviderSet([makeProvider(), makeProvider({ id: 'app-shop', domains: ['other.test'] })]);
const CONTEXT = { env: () => undefined } as unknown as Context;

function parsed(values: Record<string, string> = {}): ParsedOptions {
  return {
    value: (name) => values[name],
    values: (name) => (values[name] === undefined ? [] : [values[name]]),
    has: (name) => values[name] !== undefined,
  };
}

async function draft(word: string, options: Record<string, string> = {}) {
  const { provider, isNew } = await findOrDraft(word, SET, parsed(options), CONTEXT);
  return { isNew, ...provider.config };
}

test('findOrDraft() finds a provider by id and by a URL that it claims', async () => {
  expect(await draft('api')).toMatchObject({ isNew: false, id: 'api' });
  expect(await draft('https://api.example.com/x')).toMatchObject({ isNew: false, id: 'api' });
  await expect(draft('nobody')).rejects.toMatchObject({ code: 'E_NO_PROVIDER' });
  await expect(draft('api', { strategy: 'oauth2' })).rejects.toMatchObject({ code: 'E_USAGE' });
});

test('findOrDraft() writes the documented entry for a new host', async () => {
  expect(await draft('https://jira.example.com/x?y#z')).toEqual({
    isNew: true,
    id: 'jira-example',
    domains: ['jira.example.com'],
    entryUrl: 'https://jira.example.com/x?y',
    strategy: 'browser',
    extract: [{ from: 'cookies', as: 'session', match: '*' }],
    apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
  });
});

test.each<[string, string[]]>([
  ['https://shop.test/', ['shop.test', 'www.shop.test']],
  ['https://www.shop.co.uk/', ['www.shop.co.uk', 'shop.co.uk']],
  ['https://shop.test:8443/', ['shop.test:8443', 'www.shop.test:8443']],
  ['https://me.github.io/', ['me.github.io', 'www.me.github.io']],
  ['https://app.shop.test/', ['app.shop.test']],
  ['https://www.app.shop.test/', ['www.app.shop.test']],
  ['https://github.io/', ['github.io']],
  ['https://localhost:8443/', ['localhost:8443']],
  ['https://127.0.0.1/', ['127.0.0.1']],
])('findOrDraft() of %s is for %j', async (url, domains) => {
  expect((await draft(url)).domains).toEqual(domains);
});

test('findOrDraft() guesses no second host for other strategies', async () => {
  for (const strategy of ['prompt', 'oauth2']) {
    const options = { strategy, ...(strategy === 'oauth2' ? { 'token-url': 'https://shop.test/token' } : {}) };
    expect((await draft('https://shop.test/', options)).domains).toEqual(['shop.test']);
  }
});

test('findOrDraft() takes an entry of the catalogue, unless the person has another way', async () => {
  expect(await draft('https://reddit.com/r/x')).toMatchObject({
    name: 'Reddit',
    id: 'reddit-com',
    validateUrl: 'https://www.reddit.com/prefs/friends',
  });
  expect(await draft('https://reddit.com/', { strategy: 'prompt', as: 'mine' })).toMatchObject({
    id: 'mine',
    strategy: 'prompt',
    domains: ['reddit.com'],
  });
});

test('findOrDraft() takes mode, proxy and id from the command line', async () => {
  const options = { mode: 'visible', 'network-proxy': 'socks5://127.0.0.1:3333', as: 'mine' };
  expect(await draft('https://jira.example.com/', options)).toMatchObject({
    id: 'mine',
    loginMode: 'visible',
    networkProxy: 'socks5://127.0.0.1:3333',
  });
  await expect(draft('https://jira.example.com/', { as: 'api' })).rejects.toMatchObject({ code: 'E_EXISTS' });
  await expect(draft('https://jira.example.com/', { mode: 'loud' })).rejects.toMatchObject({ code: 'E_USAGE' });
  await expect(draft('http://jira.example.com/')).rejects.toMatchObject({ code: 'E_PLAINTEXT' });
  expect(readMode(parsed({ mode: 'headless' }))).toBe('headless');
  expect(readMode(parsed())).toBeUndefined();
});

const ISSUER = 'https://as.test';

test.each(['authorization_code', 'device_code'])(
  'findOrDraft() writes the grant %s, in which a person signs in',
  async (grant) => {
    const redirect = 'http://localhost:8080/cb';
    expect(await draft('https://shop.test/', { issuer: ISSUER, grant, 'redirect-uri': redirect, scope: 'a, b' }))
      .toMatchObject({
        strategy: 'oauth2',
        domains: ['shop.test'],
        oauth2: { issuer: ISSUER, grant, redirectUri: redirect, scopes: ['a', 'b'] },
      });
  },
);

test.each<[Record<string, string>, string]>([
  [{ grant: 'device_code' }, 'E_USAGE'],
  [{ grant: 'device_code', 'token-url': `${ISSUER}/token` }, 'E_USAGE'],
  [{ grant: 'password', issuer: ISSUER }, 'E_USAGE'],
  [{ grant: 'authorization_code', issuer: ISSUER, 'redirect-uri': 'https://evil.test/cb' }, 'E_TARGET'],
])('findOrDraft() writes nothing of %j', async (options, code) => {
  await expect(draft('https://shop.test/', options)).rejects.toMatchObject({ code });
});

test('findOrDraft() does not change by an option what config.yaml says', async () => {
  const oauth2 = { issuer: ISSUER, grant: 'device_code', redirectUri: 'http://127.0.0.1/cb' } as const;
  const set = createProviderSet([
    makeOAuthProvider({ oauth2 }),
    makeOAuthProvider({ id: 'robot', domains: ['robot.test'] }),
  ]);
  const find = (id: string, options: Record<string, string>) => findOrDraft(id, set, parsed(options), CONTEXT);
  const same = { issuer: ISSUER, grant: 'device_code', 'redirect-uri': oauth2.redirectUri };
  expect((await find('api', same)).isNew).toBe(false);
  expect((await find('robot', { grant: 'client_credentials' })).isNew).toBe(false);
  for (
    const [name, value] of [['grant', 'authorization_code'], ['issuer', 'https://evil.test'], [
      'redirect-uri',
      'http://127.0.0.1/x',
    ]]
  ) {
    await expect(find('api', { [name!]: value! })).rejects.toMatchObject({
      code: 'E_USAGE',
      hint: expect.stringContaining('config.yaml'),
    });
  }
  await expect(find('robot', { grant: 'device_code' })).rejects.toMatchObject({ code: 'E_USAGE' });
});
