import { expect, test } from 'vitest';
import { SigError } from '../../../src/errors.ts';
import type { Send, WireResponse } from '../../../src/ports.ts';
import { createProviderSet } from '../../../src/provider/find.ts';
import { createForwarder, type ForwarderOptions } from '../../../src/proxy/forwarder.ts';
import { matchToken } from '../../../src/proxy/session_token.ts';
import { Secret } from '../../../src/secret.ts';
import type { Renew } from '../../../src/login/renew.ts';
import { createSig } from '../../../src/sig/create_sig.ts';
import { findLeaks, makeAwkwardCanary, makeCanary } from '../../_lib/canary.ts';
import {
  answer,
  fixedClock,
  makeCredential,
  makeOAuthProvider,
  makeProvider,
  memoryAudit,
  memoryCredentials,
  scriptedSend,
  type Seen,
} from '../../_lib/fixture.ts';

const TOKEN = 'caller-token';
const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };
const PROVIDERS = [
  makeProvider({ domains: ['api.example.com', 'api.example.com:8443'] }),
  makeOAuthProvider({ id: 'as', domains: ['as.example.com'] }),
  makeProvider({ id: 'read', domains: ['read.example.com'], allow: [{ methods: ['GET'], path: '/public/**' }] }),
];

async function setUp(
  respond: (seen: Seen, count: number) => WireResponse | Promise<WireResponse>,
  options: Partial<ForwarderOptions> = {},
  secret = 'token-1',
) {
  const credentials = await memoryCredentials(
    ...PROVIDERS.map((provider) => makeCredential(provider, { token: secret, access_token: secret })),
  );
  const send: Send & { readonly seen: Seen[] } = scriptedSend(respond);
  const audit = memoryAudit();
  const providers = createProviderSet(PROVIDERS);
  const renew = () => Promise.reject(new SigError('E_LOGIN_REQUIRED', 'A person must log in'));
  const sig = createSig({ providers, credentials, send, renew, audit, clock: fixedClock() });
  const forward = createForwarder({ sig, providers, isToken: matchToken(new Secret(TOKEN)), ...options });
  const ask = (path: string, init: RequestInit = {}) =>
    forward(new Request(`https://broker.example${path}`, { headers: AUTHORIZED, ...init }));
  return { ask, send, audit };
}

test('createForwarder() sends a request on with the login of the host in its path', async () => {
  const { ask, send, audit } = await setUp((_, count) => answer(200 + count, 'hello', [['X-A', 'b']]));
  const response = await ask('/api.example.com/a%2Fb//c/?x=1&y=%20', {
    method: 'POST',
    body: 'body',
    headers: { ...AUTHORIZED, 'X-Own': '1' },
  });
  expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([201, 'b', 'hello']);
  const [seen] = send.seen;
  expect(seen!.head).toMatchObject({
    method: 'POST',
    target: { scheme: 'https', host: 'api.example.com', port: 443 },
    path: '/a%2Fb//c/?x=1&y=%20',
  });
  expect([seen!.header('authorization'), seen!.header('x-own'), seen!.header('host'), seen!.body])
    .toEqual(['Bearer token-1', '1', 'api.example.com', 'body']);
  expect(audit.events.map((event) => event.event)).toEqual(['inject', 'answer']);
});

test.each([
  ['/api.example.com', '/', 443],
  ['/api.example.com?x', '/?x', 443],
  ['/API.example.COM:443/a', '/a', 443],
  ['/api.example.com:8443/a', '/a', 8443],
])('createForwarder() reads %s', async (path, wanted, port) => {
  const { ask, send } = await setUp(() => answer(200));
  expect((await ask(path)).status).toBe(200);
  expect(send.seen[0]!.head).toMatchObject({ path: wanted, target: { host: 'api.example.com', port } });
});

test('createForwarder() can stand below a path and for one origin', async () => {
  const { ask, send } = await setUp(() => answer(200), { mount: '/broker', to: 'https://api.example.com' });
  expect((await ask('/broker/me?x=1')).status).toBe(200);
  expect(send.seen[0]!.head).toMatchObject({ path: '/me?x=1', target: { host: 'api.example.com' } });
  for (const path of ['/', '/broken/me', '/brokerage/me', '/broker/../me']) {
    expect([path, (await ask(path)).status]).toEqual([path, 400]);
  }
  expect(send.seen).toHaveLength(1);
});

test('createForwarder() wants a mount that begins with a slash, and an origin without a path', async () => {
  for (const mount of ['', 'broker', '/a?b']) {
    await expect(setUp(() => answer(200), { mount })).rejects.toThrow(TypeError);
  }
  for (const to of ['https://a.example/path', 'a.example', 'ftp://a.example']) {
    await expect(setUp(() => answer(200), { to })).rejects.toMatchObject({ code: 'E_TARGET' });
  }
});

test.each<[string, Record<string, string>]>([
  ['no token', {}],
  ['another one', { authorization: 'Bearer other-token!' }],
  ['a part of it', { authorization: `Bearer ${TOKEN.slice(1)}` }],
  ['another scheme', { authorization: `Basic ${btoa(`x:${TOKEN}`)}` }],
  ['two of them', { authorization: `Bearer ${TOKEN}, Bearer ${TOKEN}` }],
  ['one for another proxy', { 'proxy-authorization': `Bearer ${TOKEN}` }],
])('P2: P3: %s opens nothing, whatever the path says', async (_, headers) => {
  const { ask, send } = await setUp(() => answer(200));
  for (const path of ['/api.example.com/me', '/', '/evil.example/']) {
    const response = await ask(path, { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="sig"');
    expect(await response.json()).toMatchObject({ status: 401, code: 'E_PROXY_AUTH' });
  }
  expect(send.seen).toEqual([]);
});

test.each([
  ['/evil.example/me', 403, 'E_NO_PROVIDER'],
  ['/api.example.com:444/me', 403, 'E_NO_PROVIDER'],
  ['/api.example.com@evil.example/me', 400, 'E_TARGET'],
  ['/user:pass@api.example.com/', 400, 'E_TARGET'],
  ['//api.example.com/me', 400, 'E_TARGET'],
  ['/https://api.example.com/me', 403, 'E_NO_PROVIDER'],
  ['/api.example.com%2f.evil.example/me', 400, 'E_TARGET'],
  ['/api%00.example.com/', 400, 'E_TARGET'],
  ['/127.1/me', 403, 'E_NO_PROVIDER'],
  ['/read.example.com/private', 403, 'E_NOT_ALLOWED'],
  ['/read.example.com/public/%2e%2e/private', 403, 'E_NOT_ALLOWED'],
  ['/', 400, 'E_TARGET'],
])('H1: H9: %s is refused with %i %s, and nothing is sent', async (path, status, code) => {
  const { ask, send } = await setUp(() => answer(200));
  const response = await ask(path);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toMatchObject({ status, code });
  expect(response.status).toBe(status);
  expect(send.seen).toEqual([]);
});

test.each([
  '/as.example.com/token',
  '/as.example.com/TOKEN/',
  '/as.example.com/revoke',
  '/as.example.com/x/%2e./token',
])(
  'H20: the token endpoint is not reached as %s',
  async (path) => {
    const { ask, send } = await setUp(() => answer(200));
    expect(await (await ask(path, { method: 'POST', body: 'x' })).json()).toMatchObject({ code: 'E_NOT_ALLOWED' });
    expect(send.seen).toEqual([]);
  },
);

test('P5: X9: fields of the connection, the token and cookies of the caller stay behind', async () => {
  const { ask, send } = await setUp(() =>
    answer(200, '', [
      ['Connection', 'X-Hop'],
      ['X-Hop', '1'],
      ['Keep-Alive', 'timeout=5'],
      ['Proxy-Authenticate', 'Basic'],
      ['Strict-Transport-Security', 'max-age=1'],
      ['Clear-Site-Data', '"*"'],
      ['X-Kept', '1'],
    ])
  );
  const response = await ask('/api.example.com/', {
    headers: {
      ...AUTHORIZED,
      cookie: 'a=1',
      connection: 'x-mine, authorization',
      'x-mine': '1',
      te: 'trailers',
      'proxy-authorization': 'Basic eA==',
      'x-own': '1',
    },
  });
  expect([...response.headers.keys()]).toEqual(['x-kept']);
  expect(send.seen[0]!.head.headers).toEqual([
    ['Host', 'api.example.com'],
    ['x-own', '1'],
    ['Authorization', 'Bearer token-1'],
  ]);
});

test('H18: a redirect is the answer', async () => {
  const { ask, send } = await setUp(() => answer(302, '', [['Location', 'https://evil.example/']]));
  const response = await ask('/api.example.com/');
  expect([response.status, response.headers.get('location')]).toEqual([302, 'https://evil.example/']);
  expect(send.seen).toHaveLength(1);
});

test('a login that only a person can renew is a problem that names the command', async () => {
  const { ask } = await setUp(() => answer(401, 'who are you'));
  const response = await ask('/api.example.com/');
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe('Sig');
  expect(await response.json()).toMatchObject({ code: 'E_LOGIN_REQUIRED', provider: 'api', hint: 'sig login api' });
});

test('R7: a defect is a 500 that shows nothing of it', async () => {
  const canary = makeCanary();
  const { ask } = await setUp(() => Promise.reject(new Error(canary)));
  const response = await ask('/api.example.com/');
  const text = await response.text();
  expect([response.status, JSON.parse(text).code]).toEqual([500, 'E_INTERNAL']);
  expect(findLeaks(canary, { text })).toEqual([]);
});

test.each([['plain', makeCanary()], ['awkward', makeAwkwardCanary().replace('é', '')]])(
  'R1: R3: R6: no %s secret comes back, in no field, body, redirect or cookie',
  async (_, canary) => {
    const forms = [canary, btoa(canary), encodeURIComponent(canary), JSON.stringify(canary)].join(' | ');
    const { ask, send, audit } = await setUp(
      () =>
        answer(302, forms, [
          ['Location', `https://evil.example/?t=${encodeURIComponent(canary)}`],
          ['X-Echo', canary],
          ['Set-Cookie', `sid=${encodeURIComponent(canary)}`],
        ]),
      {},
      canary,
    );
    const response = await ask('/api.example.com/');
    expect(send.seen[0]!.header('authorization')).toBe(`Bearer ${canary}`);
    const sinks = {
      body: await response.text(),
      head: JSON.stringify([response.statusText, ...response.headers]),
      audit: JSON.stringify(audit.events),
    };
    expect(sinks.body).toContain('[sig:redacted:api]');
    expect(findLeaks(canary, sinks)).toEqual([]);
    expect(response.headers.getSetCookie()).toEqual([]);
  },
);

test('createForwarder() renews a login whose answers fail validateRule, or says that a person must', async () => {
  const provider = makeProvider({ validateUrl: 'https://api.example.com/me', validateRule: 'res.body.ok === true' });
  const providers = createProviderSet([provider]);
  const forwardWith = async (renew: Renew) => {
    const sig = createSig({
      providers,
      credentials: await memoryCredentials(makeCredential(provider, { token: 'old' })),
      send: scriptedSend((seen) => answer(200, { ok: seen.header('authorization') === 'Bearer new' })),
      renew,
      check: (_, credential) => Promise.resolve({ valid: 'no', credential }),
      audit: memoryAudit(),
      clock: fixedClock(),
    });
    const forward = createForwarder({ sig, providers, isToken: matchToken(new Secret(TOKEN)) });
    return await forward(new Request('https://broker.example/api.example.com/x', { headers: AUTHORIZED }));
  };
  const renewed = await forwardWith((its) => Promise.resolve(makeCredential(its, { token: 'new' })));
  expect([renewed.status, await renewed.json()]).toEqual([200, { ok: true }]);
  const refused = await forwardWith(() => Promise.reject(new SigError('E_LOGIN_REQUIRED', 'A person must log in')));
  expect([refused.status, (await refused.json() as { code: string }).code]).toEqual([401, 'E_LOGIN_REQUIRED']);
});
