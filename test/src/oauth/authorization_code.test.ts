import { expect, test } from 'vitest';
import {
  authorizationFields,
  authorizationUrl,
  buildCodeExchange,
  createAttempt,
  processAuthorizationResponse,
  requireAuthorization,
} from '../../../src/oauth/authorization_code.ts';
import { challengeOf } from '../../../src/oauth/pkce.ts';
import { Secret } from '../../../src/secret.ts';

const expected = { state: 'state-1', issuer: 'https://as.example/tenant', sendsIssuer: true };
const query = (fields: Readonly<Record<string, string>>) =>
  new URLSearchParams({ state: 'state-1', iss: expected.issuer, code: 'code-1', ...fields }).toString();
const request = { clientId: 'c', redirectUri: 'http://127.0.0.1:4/callback' };

test('createAttempt() makes what fits one authorization only', () => {
  const [a, b] = [createAttempt(), createAttempt()];
  expect(new Set([...Object.values(a), ...Object.values(b)]).size).toBe(6);
});

test('authorizationFields() asks for a code with PKCE S256 (RFC 6749 §4.1.1, RFC 7636 §4.3)', async () => {
  const attempt = createAttempt();
  expect(await authorizationFields({ ...request, scopes: ['a', 'b'], audience: 'api' }, attempt)).toEqual({
    response_type: 'code',
    client_id: 'c',
    redirect_uri: 'http://127.0.0.1:4/callback',
    scope: 'a b',
    state: attempt.state,
    code_challenge: await challengeOf(attempt.verifier),
    code_challenge_method: 'S256',
    audience: 'api',
  });
});

test('authorizationFields() never shows the verifier', async () => {
  const attempt = createAttempt();
  const fields = await authorizationFields({ ...request, scopes: ['openid', 'offline_access'] }, attempt);
  expect(Object.values(fields)).not.toContain(attempt.verifier);
});

test('authorizationFields() adds what OpenID Connect and DPoP want', async () => {
  const attempt = createAttempt();
  const fields = await authorizationFields(
    { ...request, scopes: ['openid', 'offline_access'], dpopJkt: 'thumb' },
    attempt,
  );
  expect(fields).toMatchObject({ nonce: attempt.nonce, prompt: 'consent', dpop_jkt: 'thumb' });
});

test('authorizationUrl() keeps the query of the endpoint, and no parameter twice', () => {
  const url = new URL(
    authorizationUrl('https://as.example/auth?tenant=1&client_id=x', { client_id: 'c', absent: undefined }),
  );
  expect([...url.searchParams]).toEqual([['tenant', '1'], ['client_id', 'c']]);
});

test('authorizationUrl() leaves nothing that a shell or a page would read', () => {
  const url = authorizationUrl('https://as.example/auth', { scope: '$(id) `id` "x" \'y\' <z> & | ;' });
  expect(url).toMatch(/^https:\/\/as\.example\/auth\?scope=[\w%+.*-]+$/);
});

test.each([
  'http://as.example/auth',
  'javascript:alert(1)',
  'file:///etc/passwd',
  '--flag',
  'data:text/html,x',
  'https://a$(id)/',
])(
  'B18: authorizationUrl() sends nobody to %j',
  (endpoint) => expect(() => authorizationUrl(endpoint, {})).toThrow(expect.objectContaining({ name: 'SigError' })),
);

test('authorizationUrl() may be plain on this machine', () => {
  expect(authorizationUrl('http://127.0.0.1:5/auth', {})).toBe('http://127.0.0.1:5/auth');
});

const metadata = {
  issuer: 'https://as.example',
  authorizationEndpoint: 'https://as.example/a',
  tokenEndpoint: 'https://as.example/t',
};

test('requireAuthorization() takes a server with both endpoints', () => {
  expect(requireAuthorization(metadata)).toEqual(metadata);
  expect(requireAuthorization({ ...metadata, challengeMethods: ['plain', 'S256'] })).toMatchObject(metadata);
});

test.each<[string, Parameters<typeof requireAuthorization>[0]]>([
  ['no authorization endpoint', { issuer: 'https://as.example', tokenEndpoint: 'https://as.example/t' }],
  ['no token endpoint', { issuer: 'https://as.example', authorizationEndpoint: 'https://as.example/a' }],
  ['PKCE by plain only', { ...metadata, challengeMethods: ['plain'] }],
  ['no PKCE at all', { ...metadata, challengeMethods: [] }],
  ['pushed requests to nowhere', { ...metadata, requiresPushed: true }],
])('B12: requireAuthorization() refuses a server with %s', (_, server) => {
  expect(() => requireAuthorization(server)).toThrow(expect.objectContaining({ code: 'E_TOKEN_RESPONSE' }));
});

test('processAuthorizationResponse() takes the answer to our request', () => {
  expect(processAuthorizationResponse(query({}), expected, 'api').reveal()).toBe('code-1');
  const silent = { ...expected, sendsIssuer: false };
  expect(processAuthorizationResponse('state=state-1&code=a%20b&session_state=x', silent, 'api').reveal()).toBe('a b');
});

test.each<[string, string]>([
  ['no state', `iss=${expected.issuer}&code=code-1`],
  ['an empty state', query({ state: '' })],
  ['the state of another login', query({ state: 'state-2' })],
  ['a longer state', query({ state: 'state-1 ' })],
  ['two states', `${query({})}&state=state-1`],
  ['two codes', `${query({})}&code=code-2`],
  ['two issuers', `${query({})}&iss=https://evil.example`],
  ['no issuer where one was promised', 'state=state-1&code=code-1'],
  ['another issuer', query({ iss: 'https://evil.example' })],
  ['an issuer that only looks alike', query({ iss: `${expected.issuer}/` })],
  ['an issuer in other letters', query({ iss: expected.issuer.toUpperCase() })],
  ['no code', `state=state-1&iss=${expected.issuer}`],
  ['an empty code', query({ code: '' })],
  ['a code with line breaks', query({ code: 'a\r\nb' })],
  ['a giant code', query({ code: 'x'.repeat(8193) })],
  ['nothing', ''],
  ['an error with a wrong state', 'error=access_denied&state=other'],
  ['an error of another issuer', 'error=access_denied&state=state-1&iss=https://evil.example'],
])('B12: processAuthorizationResponse() refuses %s', (_, text) => {
  expect(() => processAuthorizationResponse(text, expected, 'api')).toThrow(
    expect.objectContaining({ code: 'E_TOKEN_RESPONSE', provider: 'api' }),
  );
});

test('B12: processAuthorizationResponse() refuses a wrong issuer even of a server that promises none', () => {
  expect(() =>
    processAuthorizationResponse(query({ iss: 'https://evil.example' }), { ...expected, sendsIssuer: false }, 'x')
  )
    .toThrow(/"iss" is wrong/);
});

test.each([['access_denied', ': "access_denied"'], ['<script>', ''], ['\x1b[2J', '']])(
  'processAuthorizationResponse() says why the server refused, with no text of it: %j',
  (error, shown) => {
    const text = `state=state-1&iss=${expected.issuer}&${new URLSearchParams({ error, error_description: 'EVIL' })}`;
    expect(() => processAuthorizationResponse(text, expected, 'api')).toThrow(
      expect.objectContaining({ code: 'E_LOGIN_FAILED', message: `Authorization server of "api" refused${shown}` }),
    );
  },
);

test('no message of processAuthorizationResponse() holds state or code', () => {
  for (
    const text of [
      query({ state: 'SECRET-STATE' }),
      query({ iss: 'SECRET-STATE' }),
      `${query({ code: 'SECRET-CODE' })}&code=x`,
    ]
  ) {
    expect(() => processAuthorizationResponse(text, { ...expected, state: 'state-1' }, 'api')).toThrow(/^(?!.*SECRET)/);
  }
});

test('B12: processAuthorizationResponse() takes no random text, and fails in no other way', () => {
  const pieces = [
    'state=',
    'state-1',
    '&',
    '=',
    'code=',
    'iss=',
    expected.issuer,
    '%',
    '%00',
    '+',
    '?',
    '#',
    '\u{1f600}',
    '[]',
    ';',
  ];
  let seed = 7;
  const next = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let i = 0; i < 3000; i++) {
    const text = Array.from({ length: next(12) }, () => pieces[next(pieces.length)]).join('');
    const fields = new URLSearchParams(text);
    const isGood = ['state', 'iss', 'code'].every((name) => fields.getAll(name).length === 1) &&
      fields.get('state') === expected.state && fields.get('iss') === expected.issuer &&
      /^[ -~]+$/.test(fields.get('code')!);
    if (isGood) continue;
    expect(() => processAuthorizationResponse(text, expected, 'api')).toThrow(
      expect.objectContaining({ name: 'SigError' }),
    );
  }
});

test('buildCodeExchange() sends code, verifier and redirect URI (RFC 6749 §4.1.3, RFC 7636 §4.5)', () => {
  const { head, body } = buildCodeExchange({
    tokenUrl: 'https://as.example/t',
    client: { clientId: 'c' },
    code: new Secret('code-1'),
    verifier: 'v',
    redirectUri: 'http://127.0.0.1:4/callback',
    audience: 'https://api.example',
  });
  expect(head.path).toBe('/t');
  expect(Object.fromEntries(new URLSearchParams(new TextDecoder().decode(body[0])))).toEqual({
    grant_type: 'authorization_code',
    code: 'code-1',
    code_verifier: 'v',
    redirect_uri: 'http://127.0.0.1:4/callback',
    audience: 'https://api.example',
    resource: 'https://api.example',
    client_id: 'c',
  });
});

test('B14: buildCodeExchange() sends no code over plain http', () => {
  const exchange = { client: { clientId: 'c' }, code: new Secret('x'), verifier: 'v', allowHttp: true };
  expect(() => buildCodeExchange({ ...exchange, tokenUrl: 'http://as.example/t' })).toThrow(
    expect.objectContaining({ code: 'E_PLAINTEXT' }),
  );
});
