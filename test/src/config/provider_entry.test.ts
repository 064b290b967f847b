import { expect, test } from 'vitest';
import type { ProviderConfig } from '../../../src/config/config.ts';
import { defaultRules, PROVIDER_KEYS, readProvider } from '../../../src/config/provider_entry.ts';
import { type MapNode, readTree } from '../../../src/config/tree.ts';

const COOKIE_RULES = "extract: [{from: cookies, as: s}], apply: [{in: header, name: Cookie, value: '${s}'}]";

function read(text: string): { provider: ProviderConfig | undefined; said: string[]; places: Map<string, number> } {
  const said: string[] = [];
  const places = new Map<string, number>();
  const [entry] = (readTree(`id: {${text}}`).root as MapNode).entries;
  const provider = readProvider('id', entry!, entry!.value as MapNode, {
    report: (_, message, hint) => said.push(hint === undefined ? message : `${message} | ${hint}`),
    mark: (path, offset) => places.set(path.join('.'), offset),
  });
  return { provider, said, places };
}

/** A browser provider with one more field. */
const browser = (field: string) => read(`domains: [a.example], strategy: browser, ${COOKIE_RULES}, ${field}`);
const oauth = (field: string) => read(`domains: [a.example], strategy: oauth2, ${field}`);

test('readProvider() reads every field of a provider', () => {
  const { provider, said } = browser(
    'name: A, entryUrl: https://a.example/, validateUrl: "https://a.example/me?x=1", validateRule: res.status === 200, ' +
      'loginMode: visible, loginUrlPatterns: ["https://*/login*"], ttl: 12h, networkProxy: "socks5h://u:p@127.0.0.1:1080", ' +
      'allowHttp: true, allowPrivate: false, caFile: /etc/ca.pem, allow: [/x]',
  );
  expect(said).toEqual([]);
  expect(provider).toEqual({
    id: 'id',
    name: 'A',
    domains: ['a.example'],
    strategy: 'browser',
    entryUrl: 'https://a.example/',
    validateUrl: 'https://a.example/me?x=1',
    validateRule: 'res.status === 200',
    loginMode: 'visible',
    loginUrlPatterns: ['https://*/login*'],
    ttlSec: 43_200,
    networkProxy: 'socks5h://u:p@127.0.0.1:1080',
    allowHttp: true,
    allowPrivate: false,
    caFile: '/etc/ca.pem',
    extract: [{ from: 'cookies', as: 's' }],
    apply: [{ in: 'header', name: 'Cookie', value: '${s}' }],
    allow: [{ path: '/x' }],
  });
});

test('readProvider() reads OAuth fields in both layouts alike', () => {
  const fields = 'tokenUrl: https://a.example/t, issuer: https://a.example, clientId: "${ID}", clientSecret: s3, ' +
    'scopes: [read, "write:data"], grant: device_code, audience: x, authMethod: none, dpop: true';
  const flat = oauth(fields);
  const nested = oauth(`oauth2: {${fields}}`);
  expect(flat.said).toEqual([]);
  expect(nested.said).toEqual([]);
  expect(nested.provider).toEqual(flat.provider);
  expect(flat.provider?.oauth2).toEqual({
    tokenUrl: 'https://a.example/t',
    issuer: 'https://a.example',
    clientId: '${ID}',
    clientSecret: 's3',
    scopes: ['read', 'write:data'],
    grant: 'device_code',
    audience: 'x',
    authMethod: 'none',
    dpop: true,
  });
});

test('readProvider() reads how requests are signed, and a login that is a key', () => {
  const bot = 'sign: web-bot-auth, signatureAgent: "https://bot.example"';
  expect(browser(bot).provider!.sign).toEqual({ profile: 'web-bot-auth', agent: 'https://bot.example' });
  expect(browser(`${bot}, signatureAgentForm: legacy-string`).provider!.sign).toMatchObject({ form: 'legacy-string' });
  expect(browser('sign: web-bot-auth, signatureAgent: "${BOT}"')).toMatchObject({
    said: [],
    provider: { sign: { agent: '${BOT}' } },
  });
  const { provider, said } = read(`domains: [a.example], strategy: key, ${bot}`);
  expect([said, provider]).toMatchObject([[], { strategy: 'key', extract: [], apply: [] }]);
});

test.each([
  ['sign: hmac', '"sign" cannot be "hmac" | one of: web-bot-auth'],
  ['sign: web-bot-auth', '"signatureAgent" is missing | the https origin that publishes the key'],
  ['signatureAgent: "https://bot.example"', '"signatureAgent" needs "sign"'],
  ['signatureAgentForm: dictionary', '"signatureAgentForm" needs "sign"'],
  ...['http://bot.example', 'https://bot.example/keys', 'https://bot.example?x', 'bot.example', 'https://a@b.example']
    .map((agent) => [
      `sign: web-bot-auth, signatureAgent: "${agent}"`,
      '"signatureAgent" is not an https origin | write it like https://bot.example',
    ]),
  [
    'sign: web-bot-auth, signatureAgent: "https://bot.example", signatureAgentForm: list',
    '"signatureAgentForm" cannot be "list" | one of: dictionary, legacy-string',
  ],
])('readProvider() of a signing entry {%s} says: %s', (text, message) => {
  expect(browser(text).said.join('\n')).toContain(message);
});

test('readProvider() wants "sign" of strategy "key", and no extract rule', () => {
  const { said } = read('domains: [a.example], strategy: key, extract: [{ from: prompt, as: x }]');
  expect(said.join('\n')).toContain('"sign" is missing');
  expect(said.join('\n')).toContain('"extract" is not for strategy "key"');
});

test('readProvider() marks places by the names of the data, whatever the layout', () => {
  expect([...oauth('tokenUrl: https://a.example/t, ttl: 1h').places.keys()]).toEqual(
    expect.arrayContaining(['', 'oauth2.tokenUrl', 'tokenUrl', 'ttlSec', 'domains.0']),
  );
  expect([...oauth('oauth2: {tokenUrl: https://a.example/t}').places.keys()]).toContain('oauth2.tokenUrl');
});

test('readProvider() gives an OAuth provider the usual rules, and nobody else any', () => {
  expect(oauth('issuer: https://a.example').provider).toMatchObject({
    extract: [{ from: 'oauth2', as: 'access_token' }],
    apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${access_token}' }],
  });
  expect(defaultRules('browser')).toEqual({ extract: [], apply: [] });
  expect(defaultRules('prompt')).toEqual({ extract: [], apply: [] });
});

test('readProvider() keeps what can be read of an entry with mistakes', () => {
  const { provider, said } = browser('ttl: soon, entryUrl: foo, name: A');
  expect(said).toHaveLength(2);
  expect(provider).toMatchObject({ name: 'A' });
  expect(provider).not.toHaveProperty('ttlSec');
  expect(provider).not.toHaveProperty('entryUrl');
  expect(read('domains: [a.example], strategy: magic').provider).toBeUndefined();
});

test.each([
  ['strategy: prompt', '"domains" is missing | list the hosts that get the credential'],
  ['domains: [a.example]', '"strategy" is missing | one of: browser, oauth2, prompt, key'],
  ['domains: [a.example], strategy: browser', '"extract" is missing | say what a login keeps'],
  ['domains: [a.example], strategy: prompt', '"apply" is missing | say where the values go in a request'],
  ['domains: [a.example], strategy: oauth2', 'strategy "oauth2" needs "tokenUrl" or "issuer"'],
  ['domains: a.example, strategy: prompt', '"domains" must be a list | write [jira.example.com]'],
  ['domains: [], strategy: prompt', '"domains" is an empty list | write [jira.example.com]'],
  ['domains: [a.example], stratgy: oauth2', 'unknown key "stratgy" | did you mean "strategy"?'],
])('readProvider({%s}) says: %s', (text, message) => {
  expect(read(text).said).toContain(message);
});

test.each([
  ['name: 5', '"name" must be text, not a number | put it in quotes'],
  [
    'entryUrl: a.example',
    '"entryUrl": cannot use the URL: it is not an absolute http or https URL | write it with its scheme, https://',
  ],
  [
    'entryUrl: "https://u:p@a.example/"',
    '"entryUrl": cannot use the URL: it carries a user name or password | leave out everything before "@"',
  ],
  [
    'validateUrl: "https://a.example/ x"',
    '"validateUrl": cannot use the URL: it has white space, control characters or a backslash',
  ],
  ['loginMode: cdp', '"loginMode" cannot be "cdp" | one of: auto, headless, visible'],
  ['loginUrlPatterns: x', '"loginUrlPatterns" must be a list | write [\'https://*/login*\']'],
  ['ttl: 3600', '"ttl" needs a unit | did you mean "3600s"?'],
  ['ttl: 1 week', '"ttl" is not a duration | write 30s, 5m, 12h or 7d'],
  ['networkProxy: 127.0.0.1:1080', '"networkProxy" is not a URL | write socks5://127.0.0.1:1080'],
  ['networkProxy: "ftp://x:1"', '"networkProxy" cannot be of scheme "ftp" | one of: http, https, socks5, socks5h'],
  [
    'networkProxy: "socks4://x:1"',
    '"networkProxy" cannot be of scheme "socks4" | one of: http, https, socks5, socks5h',
  ],
  [
    'networkProxy: "http://x:1/path"',
    '"networkProxy" must be a scheme, a host and a port | write socks5://127.0.0.1:1080',
  ],
  [
    'networkProxy: "http://x:99999"',
    '"networkProxy" must be a scheme, a host and a port | write socks5://127.0.0.1:1080',
  ],
  ['networkProxy: "socks5://"', '"networkProxy" must be a scheme, a host and a port | write socks5://127.0.0.1:1080'],
  ['allowHttp: yes', '"allowHttp" must be true or false | did you mean true?'],
  ['caFile: ', '"caFile" has no value'],
  ['allow: []', '"allow" is an empty list | write [\'GET /api/**\']'],
  ['tokenUrl: https://a.example/t', '"tokenUrl" is only for strategy "oauth2"'],
  ['oauth2: {dpop: true}', '"dpop" is only for strategy "oauth2"'],
  [
    'forceVisible: true',
    'unknown key "forceVisible" | this is a setting of sigcli 1.x; "sig import sigcli" converts such a file',
  ],
])('readProvider() of a browser provider with {%s} says: %s', (field, message) => {
  expect(browser(field).said).toContain(message);
});

test.each([
  [
    'tokenUrl: https://a.example/t, oauth2: {tokenUrl: https://a.example/t}',
    '"tokenUrl" stands in the entry and under "oauth2" | keep one of them',
  ],
  ['oauth2: {token_url: https://a.example/t}', 'unknown key "token_url" | did you mean "tokenUrl"?'],
  [
    'oauth2: https://a.example/t',
    '"oauth2" must be a map | with tokenUrl, issuer, clientId, clientSecret, scopes, grant, audience, authMethod, redirectUri, dpop',
  ],
  ['issuer: https://a.example, scopes: read write', '"scopes" must be a list | write [read, write]'],
  [
    'issuer: https://a.example, grant: password',
    '"grant" cannot be "password" | one of: client_credentials, authorization_code, device_code',
  ],
  [
    'issuer: https://a.example, authMethod: bearer',
    '"authMethod" cannot be "bearer" | one of: client_secret_basic, client_secret_post, private_key_jwt, none',
  ],
  [
    'issuer: https://a.example, redirectUri: https://a.example/callback',
    '"redirectUri": cannot use the redirect URI: it does not end on this machine | write it as http://127.0.0.1/callback, ' +
    'or with the port that is registered with the server',
  ],
  ['issuer: https://a.example, dpop: "true"', '"dpop" must be true or false | did you mean true?'],
  ['issuer: https://a.example, extract: [{from: cookies, as: s}]', '"from" cannot be "cookies" | one of: oauth2'],
  ['issuer: https://a.example, clientSecret: 12345', '"clientSecret" must be text, not a number | put it in quotes'],
])('readProvider() of an OAuth provider with {%s} says: %s', (field, message) => {
  expect(oauth(field).said).toContain(message);
});

test.each([
  'evil.com/',
  'a.b|c',
  '[x]',
  '*',
  '*.',
  '.com',
  'a..b',
  'https://a.example',
  'a b',
  'a.example:0',
  'a.example:99999',
  '*.*.example',
  'a.*.example',
  'a*.example',
  '*.127.0.0.1',
  '^a$',
  'a.example/path',
  'u@a.example',
  'a\u0000b',
  'a\tb.example',
  '-a.example',
  'ex%2ecom',
  '(a|b).example',
  'a\\.example',
  '{a,b}.example',
  'a?.example',
  '+.example',
])('H10: readProvider() refuses the domain %j', (domain) => {
  const { said } = read(`domains: [ok.example, ${JSON.stringify(domain)}], strategy: browser, ${COOKIE_RULES}`);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^cannot use |^item of "domains"/);
});

test.each([
  'a.example',
  'a.example:8443',
  '*.a.example',
  'localhost:8443',
  '[::1]:443',
  '127.0.0.1:3000',
  '${HOST}',
  'bücher.example',
])(
  'readProvider() takes the domain %j',
  (domain) => {
    expect(read(`domains: ['${domain}'], strategy: browser, ${COOKIE_RULES}`)).toMatchObject({
      said: [],
      provider: { domains: [domain] },
    });
  },
);

test('readProvider() finds one domain listed twice in different spellings', () => {
  expect(read(`domains: [a.example, A.example., a.example:8443], strategy: browser, ${COOKIE_RULES}`).said).toEqual([
    'domain "a.example" is listed twice',
  ]);
});

test('readProvider() finds one key extracted twice', () => {
  const rules =
    "extract: [{from: cookies, as: s}, {from: localStorage, as: s}], apply: [{in: header, name: X, value: '${s}'}]";
  expect(read(`domains: [a.example], strategy: browser, ${rules}`).said).toEqual([
    'two extract rules define "s" | give each its own "as"',
  ]);
});

test.each([
  'http://proxy:3128',
  'https://proxy:3129',
  'socks5://127.0.0.1:3333',
  'socks5h://[::1]:1080/',
  'HTTP://x:1',
  '${PROXY}',
])(
  'readProvider() takes the network proxy %j',
  (proxy) => {
    expect(browser(`networkProxy: "${proxy}"`)).toMatchObject({ said: [], provider: { networkProxy: proxy } });
  },
);

test.each<[string, object]>([
  ['totp: {secretFrom: vault}', { secretFrom: 'vault' }],
  ['totp: {secretFrom: "${SEED}", domains: [idp.example, "*.corp.example"]}', {
    secretFrom: '${SEED}',
    domains: ['idp.example', '*.corp.example'],
  }],
])('readProvider() takes %s', (text, totp) => {
  expect(browser(text)).toMatchObject({ said: [], provider: { totp } });
});

test.each<[string, RegExp]>([
  ['totp: {}', /"secretFrom" is missing/],
  ['totp: vault', /must be a map/],
  ['totp: {secretFrom: JBSWY3DPEHPK3PXP}', /neither "vault" nor one variable \| store the seed with: sig login --totp/],
  ['totp: {secretFrom: "x${SEED}"}', /neither "vault" nor one variable/],
  ['totp: {secretFrom: vault, seed: x}', /unknown key "seed"/],
  ['totp: {secretFrom: vault, domains: ["https://idp.example"]}', /Cannot use domain|cannot use domain/],
])('readProvider() refuses %s, and shows no seed', (text, message) => {
  const { said } = browser(text);
  expect(said.join('\n')).toMatch(message);
  expect(said.join('\n')).not.toContain('JBSWY3DP');
});

test('readProvider() has one-time codes for browser logins only', () => {
  const rules = "extract: [{from: prompt, as: s}], apply: [{in: header, name: X, value: '${s}'}]";
  expect(read(`domains: [a.example], strategy: prompt, totp: {secretFrom: vault}, ${rules}`).said).toEqual([
    '"totp" is only for strategy "browser"',
  ]);
});

test('readProvider() knows each documented key and no other', () => {
  expect(PROVIDER_KEYS).toHaveLength(31);
  expect(new Set(PROVIDER_KEYS).size).toBe(31);
});

test('readProvider() never quotes the value of a URL, a secret or a template', () => {
  const secret = 'hunter2hunter2hunter2';
  const texts = [
    `entryUrl: "x ${secret}"`,
    `validateUrl: "https://a.example/?k=${secret} "`,
    `networkProxy: "http://u:${secret}@"`,
    `networkProxy: "${secret}"`,
    `clientSecret: "\${${secret}"`,
    `caFile: "\${${secret}-x}"`,
    `ttl: ${secret}`,
  ];
  for (const text of texts) {
    const { said } = browser(text);
    expect(said.length, text).toBeGreaterThan(0);
    expect(said.join('\n'), text).not.toContain(secret);
  }
});
