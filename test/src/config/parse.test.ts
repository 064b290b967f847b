import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.ts';

const examples = readFileSync(new URL('../../vector/config/examples.yaml', import.meta.url), 'utf8');
const ENTRY = 'domains: [a.example], strategy: oauth2, issuer: https://a.example';

function said(text: string): string[] {
  return parseConfig(text).issues.map(({ line, column, message, hint }) =>
    `${line}:${column} ${message}${hint === undefined ? '' : ` | ${hint}`}`
  );
}

test('parseConfig() reads every documented form', () => {
  const { providers, issues } = parseConfig(examples);
  expect(issues).toEqual([]);
  expect(providers.map(({ id }) => id)).toEqual([
    'jira-example',
    'reddit',
    'douyin',
    'api-example',
    'api-nested',
    'app-slack',
    'x',
    'github',
  ]);
  const [jira, reddit, douyin, api, nested, slack, x, github] = providers;
  const cookie = { in: 'header', name: 'Cookie', value: '${session}' };
  expect(jira).toEqual({
    id: 'jira-example',
    domains: ['jira.example.com'],
    entryUrl: 'https://jira.example.com/',
    strategy: 'browser',
    extract: [{ from: 'cookies', as: 'session', match: '*' }],
    apply: [cookie],
  });
  expect(reddit).toMatchObject({
    domains: ['www.reddit.com', 'reddit.com'],
    validateUrl: expect.stringContaining('prefs'),
  });
  expect(douyin).toMatchObject({ validateRule: 'res.body.status_code === 0' });
  expect(api).toMatchObject({
    oauth2: {
      tokenUrl: 'https://api.example.com/oauth/token',
      clientId: '${CLIENT_ID}',
      clientSecret: '${CLIENT_SECRET}',
      scopes: ['read:data', 'write:data'],
    },
    extract: [{ from: 'oauth2', as: 'access_token' }],
  });
  expect(nested).toMatchObject({
    oauth2: { tokenUrl: 'https://api2.example.com/oauth/token', scopes: ['read'] },
    extract: [{ from: 'oauth2', as: 'access_token' }],
    apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${access_token}' }],
  });
  expect(slack?.extract[1]).toEqual({
    from: 'localStorage',
    as: 'xoxc-token',
    match: 'localConfig_v2',
    jsonPath: 'teams.T12345.token',
  });
  expect(x).toMatchObject({
    networkProxy: 'socks5://127.0.0.1:3333',
    validateUrl: 'https://x.com/i/api/2/notifications/all.json?count=1',
    apply: [{}, { name: 'x-csrf-token', value: '${ct0}' }],
  });
  expect(github).toMatchObject({ name: 'GitHub', extract: [{ match: 'Enter your GitHub personal access token' }] });
});

test('parseConfig() reports all mistakes at once, each with its place', () => {
  const text = [
    'mode: browser',
    'jira:',
    '  domian: [jira.example.com]',
    '  strategy: browse',
    '  ttl: 12',
    'providers:',
    '  a b: {}',
    '  api:',
    '    domains: [https://x.example]',
    '    strategy: oauth2',
    '    tokenUrl: /token',
    '    apply:',
    '      - { in: heade, name: X, value: y }',
    '',
  ].join('\n');
  expect(said(text)).toEqual([
    '1:1 unknown key "mode" | this is a setting of sigcli 1.x; "sig import sigcli" converts such a file',
    '3:3 unknown key "domian" | did you mean "domains"?',
    '4:13 "strategy" cannot be "browse" | did you mean "browser"?',
    '5:8 "ttl" needs a unit | did you mean "12s"?',
    '7:3 cannot use "a b" as a provider id | use 1 to 64 of a-z, 0-9, ".", "_" and "-", beginning with a letter or digit',
    '9:15 cannot use domain "https://x.example" | leave out the scheme',
    '11:15 "tokenUrl": cannot use the URL: it is not an absolute http or https URL',
    '13:15 "in" cannot be "heade" | did you mean "header"?',
  ]);
  expect(parseConfig(text).issues.map(({ provider }) => provider)).toEqual([
    undefined,
    'jira',
    'jira',
    'jira',
    undefined,
    'api',
    'api',
    'api',
  ]);
});

test('parseConfig() counts columns from 1, with CR LF and a BOM too', () => {
  expect(said('\ufeffa:\r\n  domains: [a.example]\r\n  strategy: oauth2\r\n  issuer: x\r\n')).toEqual([
    '4:11 "issuer": cannot use the URL: it is not an absolute http or https URL | write it with its scheme, https://',
  ]);
});

test('parseConfig() refuses an id that is defined twice, wherever', () => {
  for (const text of [`a: {${ENTRY}}\nproviders:\n  a: {${ENTRY}}\n`, `providers:\n  a: {${ENTRY}}\na: {${ENTRY}}\n`]) {
    const { providers } = parseConfig(text);
    expect(said(text)[0]).toContain('provider "a" is defined twice | rename one of them');
    expect(providers.map(({ id }) => id)).toEqual(['a']);
  }
  // Within one map it is a duplicate key as well.
  expect(said(`a: {${ENTRY}}\na: {${ENTRY}}\n`).join()).toContain('duplicate key "a"');
  expect(said(`a: {${ENTRY}}\nproviders:\n  a: {ttl: 1}\n`)).toContain('3:12 "ttl" needs a unit | did you mean "1s"?');
});

test.each([
  ['A: {ENTRY}', 'did you mean "a"?'],
  ['a/b: {ENTRY}', undefined],
  ['..: {ENTRY}', undefined],
  ['a..b: {ENTRY}', undefined],
  ['con: {ENTRY}', undefined],
  ['com1.x: {ENTRY}', undefined],
  ['"a\\0": {ENTRY}', undefined],
  ['é: {ENTRY}', undefined],
  [`${'a'.repeat(65)}: {ENTRY}`, undefined],
  ['__proto__: {ENTRY}', undefined],
  ['"": {ENTRY}', undefined],
])('parseConfig() refuses the provider id of %s', (text, hint) => {
  const { issues, providers } = parseConfig(text.replace('ENTRY', ENTRY));
  expect(providers).toEqual([]);
  expect(issues).toHaveLength(1);
  expect(issues[0]!.message).toMatch(/^cannot use ".*" as a provider id$/);
  expect(issues[0]!.provider).toBeUndefined();
  if (hint !== undefined) expect(issues[0]!.hint).toBe(hint);
});

test('parseConfig() takes ids that YAML would read as numbers or booleans', () => {
  const { providers, issues } = parseConfig(`404: {${ENTRY}}\n1e3: {${ENTRY}}\ntrue: {${ENTRY}}\n`);
  expect(issues).toEqual([]);
  expect(providers.map(({ id }) => id)).toEqual(['404', '1e3', 'true']);
});

test.each(['', '\n\n', '# nothing yet\n', 'providers:\n', 'providers: {}\n', '{}', '---\n'])(
  'parseConfig(%j) has no providers and no mistakes',
  (text) => {
    expect(parseConfig(text)).toMatchObject({ providers: [], issues: [] });
  },
);

test('parseConfig() says what is wrong with YAML in its own words, and where', () => {
  expect(said('providers:\n  a: [\n')).toEqual([
    '3:1 this line is not indented as it must be, or a bracket before it is not closed',
  ]);
  expect(said('a: 1\n\tb: 2\n')[0]).toMatch(/^2:1 /);
});

test('C4: parseConfig() answers each bomb with a clear mistake, and soon', () => {
  const bombs = {
    size: '#'.repeat(1024 * 1024 + 1),
    flow: '['.repeat(1024 * 1024),
    block: '- '.repeat(500_000),
    aliases: `a: &a [x]\nb: [${Array(101).fill('*a').join(', ')}]\n`,
    laughs: Array.from({ length: 9 }, (_, i) => `l${i}: &l${i} [${Array(9).fill(i === 0 ? 'x' : `*l${i - 1}`)}]`).join(
      '\n',
    ),
    entries: `p: &p {domains: &d [${Array(5000).fill('1').join(', ')}]}\n${
      Array.from({ length: 99 }, (_, i) => `q${i}: *p\n`).join('')
    }`,
    keys: Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join('\n'),
    commas: `[${','.repeat(1024 * 1024 - 2)}]`,
  };
  for (const [name, text] of Object.entries(bombs)) {
    const begun = performance.now();
    const { issues } = parseConfig(text);
    expect(issues.length, name).toBeGreaterThan(0);
    expect(issues.length, name).toBeLessThanOrEqual(101);
    expect(performance.now() - begun, name).toBeLessThan(10_000);
  }
});

test('C4: parseConfig() finds no way into prototypes', () => {
  const text = [
    '__proto__: { domains: [evil.example], allowHttp: true }',
    'constructor: { prototype: { allowHttp: true } }',
    'providers:',
    `  a: { ${ENTRY}, __proto__: { allowHttp: true }, constructor: { x: 1 } }`,
    '  toString: 1',
    '',
  ].join('\n');
  const { providers, issues } = parseConfig(text);
  expect(issues.map(({ message }) => message)).toEqual([
    'cannot use "__proto__" as a provider id',
    'unknown key "constructor"',
    'unknown key "__proto__"',
    'unknown key "constructor"',
    'cannot use "toString" as a provider id',
  ]);
  expect(providers[0]!.allowHttp).toBeUndefined();
  expect(({} as { allowHttp?: boolean }).allowHttp).toBeUndefined();
});

test('parseConfig() lists a hundred mistakes and counts the rest', () => {
  const { issues } = parseConfig(Array.from({ length: 250 }, (_, i) => `x${i}: 1\n`).join(''));
  expect(issues).toHaveLength(101);
  expect(issues[99]).toMatchObject({ line: 100 });
  expect(issues[100]).toEqual({ line: 101, column: 1, message: '150 more mistakes from here on' });
});

test('locate() finds values, their parents, and the beginning of the file', () => {
  const { locate } = parseConfig(examples);
  expect(locate(['jira-example'])).toEqual({ line: 4, column: 1 });
  expect(locate(['jira-example', 'apply', 0, 'value'])).toEqual({ line: 16, column: 14 });
  expect(locate(['jira-example', 'apply', 7, 'value'])).toEqual({ line: 13, column: 3 });
  expect(locate(['jira-example', 'ttlSec'])).toEqual({ line: 4, column: 1 });
  expect(locate(['api-nested', 'oauth2', 'tokenUrl'])).toEqual({ line: 53, column: 25 });
  expect(locate(['api-example', 'oauth2', 'tokenUrl'])).toEqual({ line: 42, column: 15 });
  expect(locate(['reddit', 'domains', 1])).toEqual({ line: 21, column: 31 });
  expect(locate(['nobody', 'domains'])).toEqual({ line: 1, column: 1 });
  expect(locate([])).toEqual({ line: 1, column: 1 });
});

test('locate() follows items that mistakes left out', () => {
  const config = parseConfig(`a:\n  domains: [1, b.example]\n  strategy: oauth2\n  issuer: https://a.example\n`);
  expect(config.providers[0]!.domains).toEqual(['b.example']);
  expect(config.locate(['a', 'domains', 0])).toEqual({ line: 2, column: 16 });
});

test('parseConfig() of ten providers takes a few milliseconds', () => {
  const text = `providers:\n${
    Array.from({ length: 10 }, (_, i) =>
      `  p${i}:\n${examples.slice(examples.indexOf('    domains: [www'), examples.indexOf('\n\n  # an API'))}\n`)
      .join('')
  }`;
  expect(parseConfig(text)).toMatchObject({ issues: [], providers: { length: 10 } });
  let best = Infinity;
  for (let i = 0; i < 20; i++) {
    const begun = performance.now();
    parseConfig(text);
    best = Math.min(best, performance.now() - begun);
  }
  expect(best).toBeLessThan(50);
});
