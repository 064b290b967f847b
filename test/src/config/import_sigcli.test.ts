import { expect, test } from 'vitest';
import { importSigcliConfig } from '../../../src/config/import_sigcli.ts';
import { parseConfig } from '../../../src/config/parse.ts';

const SIGCLI = `# sigcli 1.6
mode: browser
browser:
    browserDataDir: ~/.sig/browser-data
    channel: chrome
    headlessTimeout: 30000
storage:
    credentialsDir: ~/.sig/credentials
watch:
    interval: 5m
    providers: { ms-teams: }
providers:
    ms-teams:
        name: Microsoft Teams
        domains: ['teams.cloud.microsoft']
        entryUrl: https://teams.cloud.microsoft/v2/
        strategy: browser
        ttl: 2h
        loginMode: cdp
        required:
            - access_token
        extract:
            - from: localStorage
              as: access_token
              match: '*|accesstoken|*'
              jsonPath: secret
              expiresJsonPath: expiresOn
        apply:
            - in: header
              name: Authorization
              value: 'Bearer \${access_token}'
    API Example:
        domains: [api.example.com]
        strategy: oauth2
        oauth2: { tokenUrl: https://api.example.com/oauth/token, scopes: [read] }
        apply: [{ in: header, name: Authorization, value: 'Bearer \${access_token}' }]
    x:
        domains: [x.com, twitter.com]
        entryUrl: https://x.com/
        networkProxy: socks5://127.0.0.1:3333
        forceVisible: true
        strategy: browser
        extract: [{ from: cookies, name: cookie, key: '*' }]
        apply: [{ in: header, name: Cookie, value: '\${cookie}' }]
    old:
        domains: [old.example]
        strategy: cookie
        config: { ttl: 12h }
top:
    domains: [top.example]
    strategy: prompt
    extract: [{ from: prompt, as: token, match: 'Token:' }]
    apply: [{ in: header, name: X, value: '\${token}' }]
`;

test('importSigcliConfig() takes over what can be, and says what it left out', () => {
  const { providers, text, notes } = importSigcliConfig(SIGCLI);
  expect(providers.map(({ id }) => id)).toEqual(['ms-teams', 'api-example', 'x', 'top']);
  expect(parseConfig(text)).toMatchObject({ issues: [] });
  expect(parseConfig(text).providers).toEqual(providers);
  expect(providers[0]).toMatchObject({ loginMode: 'visible', ttlSec: 7200 });
  expect(providers[1]).toMatchObject({ oauth2: { tokenUrl: 'https://api.example.com/oauth/token', scopes: ['read'] } });
  expect(providers[2]).toMatchObject({
    loginMode: 'visible',
    networkProxy: 'socks5://127.0.0.1:3333',
    extract: [{ from: 'cookies', as: 'cookie', match: '*' }],
  });
  expect(notes).toEqual([
    { message: 'setting "mode" is not taken over' },
    { message: 'setting "browser" is not taken over' },
    { message: 'setting "storage" is not taken over' },
    { message: 'setting "watch" is not taken over' },
    { provider: 'ms-teams', message: 'setting "required" is not taken over' },
    { provider: 'ms-teams', message: '"loginMode" is now "visible"' },
    { provider: 'x', message: '"loginMode" is now "visible"' },
    { provider: 'old', message: 'setting "config" is not taken over' },
    { provider: 'old', message: 'left out: "strategy" cannot be "cookie"' },
  ]);
});

test.each(['', '# nothing\n', 'mode: browser\n', 'providers:\n'])('importSigcliConfig(%j) has no providers', (text) => {
  expect(importSigcliConfig(text)).toMatchObject({ providers: [], text: '' });
});

test.each(['a: [', '- a', 'text', 'a: 1\na: 2', '['.repeat(1000), '%YAML 1.1\n---\na: 1'])(
  'importSigcliConfig(%j) is E_IMPORT',
  (text) => {
    expect(() => importSigcliConfig(text)).toThrow(expect.objectContaining({ code: 'E_IMPORT' }));
  },
);

test('importSigcliConfig() leaves out what would get an id that is taken, or none', () => {
  const entry = '{domains: [a.example], strategy: oauth2, issuer: https://a.example}';
  const { providers, notes } = importSigcliConfig(`A: ${entry}\na: ${entry}\n"é": ${entry}\n`);
  expect(providers.map(({ id }) => id)).toEqual(['a']);
  expect(notes).toEqual([
    { provider: 'a', message: 'left out: "a" would be a second one of that id' },
    { message: 'provider "é" is left out: its id or its form cannot be used' },
  ]);
});

test.each([
  'p: {domains: [a.example], strategy: browser, extract: [[x]], apply: [{}]}',
  'p: {domains: [[a], {}], strategy: {a: {b: []}}}',
  'p: {domains: ["a\\n  b: c"], strategy: "x\\n"}',
  'p: {domains: [a.example], __proto__: {x: 1}, strategy: 1}',
  `p: {domains: ${'['.repeat(50)}${']'.repeat(50)}}`,
])('importSigcliConfig() of the hostile entry %j leaves it out', (text) => {
  const { providers, notes } = importSigcliConfig(text);
  expect(providers).toEqual([]);
  expect(notes.length).toBeGreaterThan(0);
  expect(({} as { x?: number }).x).toBeUndefined();
});
