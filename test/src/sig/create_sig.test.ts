import { Buffer } from 'node:buffer';
import { expect, test, vi } from 'vitest';
import { SigError } from '../../../src/errors.ts';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { readAll } from '../../../src/encoding/read_all.ts';
import { createProviderSet } from '../../../src/provider/find.ts';
import type { Provider } from '../../../src/provider/provider.ts';
import { Secret } from '../../../src/secret.ts';
import { createSig } from '../../../src/sig/create_sig.ts';
import { findLeaks, makeCanary } from '../../_lib/canary.ts';
import {
  answer,
  fixedClock,
  headOf,
  makeCredential,
  makeOAuthProvider,
  makeProvider,
  memoryAudit,
  memoryCredentials,
  scriptedSend,
  type Seen,
} from '../../_lib/fixture.ts';
import { makeCookie } from '../../_lib/memory_browser.ts';
import type { WireResponse } from '../../../src/ports.ts';
import type { Check } from '../../../src/sig/retest.ts';

async function setUp(
  respond: (seen: Seen, count: number) => WireResponse,
  providers: Provider[] = [makeProvider()],
  renew = vi.fn((provider: Provider) =>
    Promise.resolve(makeCredential(provider, { token: 'token-2', access_token: 'token-2' }))
  ),
  check?: Check,
) {
  const credentials = await memoryCredentials(
    ...providers.map((provider) => makeCredential(provider, { token: 'token-1', access_token: 'token-1' })),
  );
  const send = scriptedSend(respond);
  const audit = memoryAudit();
  const sig = createSig({
    providers: createProviderSet(providers),
    credentials,
    send,
    renew,
    check,
    audit,
    clock: fixedClock(),
  });
  return { sig, send, audit, renew, credentials };
}
const URL = 'https://api.example.com/me?x=1';
const authorization = (seen: Seen) => seen.header('authorization');

test('request() places the credential and leaves the rest of the head alone', async () => {
  const { sig, send } = await setUp(() => answer(200));
  await sig.request(headOf(URL, 'GET', [['X-a', '1'], ['authorization', 'own']]), null);
  expect(send.seen[0]!.head.headers).toEqual([['Host', 'api.example.com'], ['X-a', '1'], [
    'Authorization',
    'Bearer token-1',
  ]]);
});

test('request() sends nothing for a target that nobody claims', async () => {
  const { sig, send } = await setUp(() => answer(200));
  await expect(sig.request(headOf('https://other.example/'), null)).rejects.toMatchObject({ code: 'E_NO_PROVIDER' });
  expect(send.seen).toEqual([]);
});

test('a 401 renews once and replays once, with the same body', async () => {
  const { sig, send, renew } = await setUp((seen) => answer(authorization(seen) === 'Bearer token-2' ? 200 : 401));
  const { response } = await sig.request(headOf(URL, 'POST'), [encodeUtf8('hello')]);
  expect(response.status).toBe(200);
  expect(send.seen.map((seen) => [authorization(seen), seen.body])).toEqual([['Bearer token-1', 'hello'], [
    'Bearer token-2',
    'hello',
  ]]);
  expect(renew).toHaveBeenCalledTimes(1);
});

test('a second 401 is the answer, not a loop', async () => {
  const { sig, send } = await setUp(() => answer(401));
  expect((await sig.request(headOf(URL), null)).response.status).toBe(401);
  expect(send.seen).toHaveLength(2);
});

test('a 401 is the answer when only a person could log in', async () => {
  const renew = vi.fn(() => Promise.reject(new SigError('E_LOGIN_REQUIRED', 'no')));
  const { sig, send } = await setUp(() => answer(401, 'who are you'), [makeProvider()], renew);
  expect((await sig.request(headOf(URL), null)).response.status).toBe(401);
  expect(send.seen).toHaveLength(1);
});

test('a stream is sent once: a 401 to it is not replayed', async () => {
  const { sig, send } = await setUp(() => answer(401));
  const stream = (async function* () {
    yield encodeUtf8('a');
  })();
  expect((await sig.request(headOf(URL, 'PUT'), stream)).response.status).toBe(401);
  expect(send.seen).toHaveLength(1);
});

test('R15: every injection is recorded before it is sent, with names and never values', async () => {
  const { sig, audit, send } = await setUp((_, count) => answer(count === 1 ? 401 : 200));
  await sig.request(headOf('https://api.example.com/me?token=canary&b='), null);
  const injections = audit.events.filter((event) => event.event === 'inject');
  expect(injections).toHaveLength(send.seen.length);
  expect(injections[0]).toMatchObject({
    provider: 'api',
    method: 'GET',
    scheme: 'https',
    host: 'api.example.com',
    port: 443,
    path: '/me',
    queryKeys: ['token', 'b'],
    placed: ['header Authorization'],
  });
  expect(audit.events.map((event) => event.status).filter(Boolean)).toEqual([401, 200]);
  expect(JSON.stringify(audit.events)).not.toMatch(/canary|token-1|token-2/);
});

test('R16: what cannot be recorded is not injected', async () => {
  const { sig, audit, send } = await setUp(() => answer(200));
  audit.fail = true;
  await expect(sig.request(headOf(URL), null)).rejects.toThrow('audit is full');
  expect(send.seen).toEqual([]);
});

test('two named providers both arrive; two cookies share one header', async () => {
  const cookie = (id: string): Provider =>
    makeProvider({
      id,
      extract: [{ from: 'prompt', as: 'token' }],
      apply: [{ in: 'header', name: 'Cookie', value: `${id}=\${token}` }],
    });
  const { sig, send } = await setUp(() => answer(200), [cookie('a'), cookie('b')]);
  await sig.request(headOf(URL), null, { providers: ['a', 'b'] });
  expect(send.seen[0]!.header('cookie')).toBe('a=token-1; b=token-1');
});

test('two named providers with different ways to the site are refused', async () => {
  const one = makeProvider({ id: 'a', networkProxy: 'http://one:1' });
  const two = makeProvider({ id: 'b', apply: [{ in: 'header', name: 'X', value: '${token}' }] });
  const { sig } = await setUp(() => answer(200), [one, two]);
  await expect(sig.request(headOf(URL), null, { providers: ['a', 'b'] })).rejects.toMatchObject({ code: 'E_CONFLICT' });
});

test('a body rule gets the whole body, whose length follows', async () => {
  const provider = makeProvider({ apply: [{ in: 'body', name: 'token', value: '${token}' }] });
  const { sig, send } = await setUp(() => answer(200), [provider]);
  const stream = (async function* () {
    yield encodeUtf8('{"a"');
    yield encodeUtf8(':1}');
  })();
  await sig.request(
    headOf(URL, 'POST', [['Content-Type', 'application/json'], ['Transfer-Encoding', 'chunked']]),
    stream,
  );
  expect(send.seen[0]!.body).toBe('{"token":"token-1","a":1}');
  expect(send.seen[0]!.header('content-length')).toBe('25');
  expect(send.seen[0]!.header('transfer-encoding')).toBeUndefined();
});

const ORIGINS = [makeProvider(), makeProvider({ id: 'next', domains: ['next.example'] })];
const redirect = (location: string, status = 302) => (_: Seen, count: number) =>
  count === 1 ? answer(status, '', [['Location', location]]) : answer(200, 'end');

test('H17: a redirect is an answer unless following was asked for', async () => {
  const { sig, send } = await setUp(redirect('https://next.example/'), ORIGINS);
  expect((await sig.request(headOf(URL), null)).response.status).toBe(302);
  expect(send.seen).toHaveLength(1);
});

test("H17: a hop to another origin carries the new provider's credential and no header of the first", async () => {
  const { sig, send } = await setUp(redirect('https://next.example/x'), ORIGINS);
  const { response, providers } = await sig.request(
    headOf(URL, 'GET', [['X-Csrf-Token', 'mine'], ['Accept', 'a/b']]),
    null,
    { follow: true },
  );
  expect(response.status).toBe(200);
  expect(providers).toEqual(['next']);
  expect(send.seen[1]!.head.headers).toEqual([['Host', 'next.example'], ['Accept', 'a/b'], [
    'Authorization',
    'Bearer token-1',
  ]]);
});

test('H17: a hop to a host that nobody claims carries nothing', async () => {
  const { sig, send } = await setUp(redirect('https://evil.example/x'), ORIGINS);
  const { providers } = await sig.request(headOf(URL, 'GET', [['X-Csrf-Token', 'mine'], ['Cookie', 'a=1']]), null, {
    follow: true,
  });
  expect(providers).toEqual([]);
  expect(send.seen[1]!.head.headers).toEqual([['Host', 'evil.example']]);
});

test.each(['http://api.example.com/', '//user@evil.example/', 'https://u:p@next.example/'])(
  'H17: a redirect to %s is refused',
  async (location) => {
    const { sig, send } = await setUp(redirect(location), ORIGINS);
    await expect(sig.request(headOf(URL), null, { follow: true })).rejects.toSatisfy((error) =>
      ['E_REDIRECT', 'E_TARGET'].includes(error.code)
    );
    expect(send.seen).toHaveLength(1);
  },
);

test('H17: a hop to another port of the host is another origin, without credential', async () => {
  const { sig, send } = await setUp(redirect('https://api.example.com:8443/'), ORIGINS);
  await sig.request(headOf(URL), null, { follow: true });
  expect(authorization(send.seen[1]!)).toBeUndefined();
});

test.each([[307, 'POST', 'POST', 'hello'], [308, 'PUT', 'PUT', 'hello'], [303, 'POST', 'GET', ''], [
  302,
  'POST',
  'GET',
  '',
], [301, 'PUT', 'PUT', 'hello']])(
  'H17: a %i of %s goes on as %s',
  async (status, method, nextMethod, body) => {
    const { sig, send } = await setUp(redirect('/other', status), ORIGINS);
    await sig.request(headOf(URL, method, [['Content-Type', 'text/plain']]), [encodeUtf8('hello')], { follow: true });
    expect([send.seen[1]!.head.method, send.seen[1]!.body]).toEqual([nextMethod, body]);
    expect(send.seen[1]!.header('content-type')).toBe(body === '' ? undefined : 'text/plain');
  },
);

test('H17: redirects end after ten hops', async () => {
  const { sig, send } = await setUp(() => answer(302, '', [['Location', '/again']]), ORIGINS);
  await expect(sig.request(headOf(URL), null, { follow: true })).rejects.toMatchObject({ code: 'E_REDIRECT' });
  expect(send.seen).toHaveLength(11);
});

test('H17: a stream is not sent a second time for a redirect', async () => {
  const { sig } = await setUp(redirect('/other', 307), ORIGINS);
  const stream = (async function* () {
    yield encodeUtf8('a');
  })();
  await expect(sig.request(headOf(URL, 'POST'), stream, { follow: true })).rejects.toMatchObject({
    code: 'E_REDIRECT',
  });
});

test("fetch() is the same path with the platform's types", async () => {
  const { sig, send } = await setUp(
    (seen) =>
      answer(authorization(seen) === 'Bearer token-2' ? 200 : 401, { ok: true }, [['Link', 'a=1'], ['Link', 'b=2']]),
    [makeOAuthProvider()],
  );
  const response = await sig.fetch(new Request(URL, { method: 'POST', body: '{}' }));
  expect(await response.json()).toEqual({ ok: true });
  expect(response.headers.get('link')).toBe('a=1, b=2');
  expect(send.seen.map((seen) => seen.body)).toEqual(['{}', '{}']);
});

test('R6: a fresh session is stored, and taken out of the answer', async () => {
  const provider = makeProvider({
    strategy: 'browser',
    extract: [{ from: 'cookies', as: 'session', match: '*' }],
    apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
  });
  const { sig, send, credentials } = await setUp(
    () => answer(200, 'ok', [['Set-Cookie', 'sid=fresh-session; Path=/; Secure'], ['set-cookie2', 'a=1'], ['X', 'y']]),
    [provider],
  );
  await credentials.seal(
    makeCredential(provider, {}, { cookies: new Secret([makeCookie('sid', 'old', 'api.example.com')]) }),
  );
  const { response } = await sig.request(headOf(URL), null);
  expect(response.headers).toEqual([['X', 'y']]);
  await sig.request(headOf(URL), null);
  expect(send.seen.map((seen) => seen.header('cookie'))).toEqual(['sid=old', 'sid=fresh-session']);
  expect((await sig.fetch(new Request(URL))).headers.getSetCookie()).toEqual([]);
});

test('R1: a hop that carries nothing cannot bring back what an earlier hop carried', async () => {
  const canary = makeCanary();
  const encoded = Buffer.from(canary).toString('base64');
  const { sig, send, credentials } = await setUp(
    (_, count) =>
      count === 1
        ? answer(302, '', [['Location', 'https://evil.example/x']])
        : answer(200, `raw ${canary} coded ${encoded}`, [['X-Echo', canary]]),
    ORIGINS,
  );
  await credentials.seal(makeCredential(ORIGINS[0]!, { token: canary }));
  const { response, providers } = await sig.request(
    headOf(URL, 'GET', [['Range', 'bytes=0-9'], ['Accept-Encoding', 'compress']]),
    null,
    { follow: true },
  );
  expect(authorization(send.seen[0]!)).toBe(`Bearer ${canary}`);
  expect(providers).toEqual([]);
  const body = new TextDecoder().decode(await readAll(response.body, Infinity));
  expect(body).toContain('[sig:redacted:api]');
  expect(findLeaks(canary, { body, headers: JSON.stringify(response.headers) })).toEqual([]);
});

test('R1: what one provider was given is redacted in the answers of the next', async () => {
  const canary = makeCanary();
  const { sig, credentials } = await setUp(
    (_, count) =>
      count === 1 ? answer(302, '', [['Location', 'https://next.example/x']]) : answer(200, `was ${canary}`),
    ORIGINS,
  );
  await credentials.seal(makeCredential(ORIGINS[0]!, { token: canary }));
  const { response } = await sig.request(headOf(URL), null, { follow: true });
  const body = new TextDecoder().decode(await readAll(response.body, Infinity));
  expect(body).toBe('was [sig:redacted:api]');
});

const ruled = makeProvider({ validateUrl: 'https://api.example.com/me', validateRule: 'res.body.ok === true' });
const dead = vi.fn<Check>((_, credential) => Promise.resolve({ valid: 'no', credential }));
/** A site that answers 200 to everybody, and says in the body what it thinks of them. */
const slack = (seen: Seen) =>
  answer(200, authorization(seen) === 'Bearer token-2' ? { ok: true } : { ok: false, error: 'invalid_auth' });
const bodyOf = async (response: WireResponse) => new TextDecoder().decode(await readAll(response.body, Infinity));

test('an answer that fails validateRule renews once and replays once, when validateUrl refuses the login', async () => {
  const { sig, send, renew, audit } = await setUp(slack, [ruled], undefined, dead);
  const { response } = await sig.request(headOf(URL), null);
  expect(await bodyOf(response)).toBe('{"ok":true}');
  expect([send.seen.length, renew.mock.calls.length]).toEqual([2, 1]);
  expect(audit.events.map(({ event, why }) => why ? `${event}: ${why}` : event)).toEqual([
    'inject',
    'answer',
    'check: validateRule',
    'renew: validateRule',
    'inject',
    'answer',
  ]);
});

test('an answer that fails validateRule again after the replay is the answer, and renews nothing more', async () => {
  const { sig, send, renew } = await setUp(() => answer(200, { ok: false }), [ruled], undefined, dead);
  for (let i = 0; i < 5; i++) {
    expect(await bodyOf((await sig.request(headOf(URL), null)).response)).toBe('{"ok":false}');
  }
  expect([send.seen.length, renew.mock.calls.length]).toEqual([6, 1]);
});

test('an answer that fails validateRule is untouched while validateUrl accepts the login', async () => {
  const check = vi.fn<Check>((_, credential) => Promise.resolve({ valid: 'yes', credential }));
  const { sig, send, renew } = await setUp(() => answer(404, 'no such page'), [ruled], undefined, check);
  const { response } = await sig.request(headOf(URL), null);
  expect([response.status, await bodyOf(response)]).toEqual([404, 'no such page']);
  expect([send.seen.length, renew.mock.calls.length, check.mock.calls.length]).toEqual([1, 0, 1]);
});

test.each(['POST', 'PATCH'])('D7: a %s is not sent twice for a rule: it may have done its work', async (method) => {
  const { sig, send, renew } = await setUp(slack, [ruled], undefined, dead);
  expect(await bodyOf((await sig.request(headOf(URL, method), null)).response)).toContain('invalid_auth');
  expect([send.seen.length, renew.mock.calls.length]).toEqual([1, 1]);
  // But the next one has the renewed login.
  expect(await bodyOf((await sig.request(headOf(URL, method), null)).response)).toBe('{"ok":true}');
});

test('an answer that fails validateRule says that a person must log in, when nobody else can', async () => {
  const renew = vi.fn(() => Promise.reject(new SigError('E_LOGIN_REQUIRED', 'no')));
  const { sig, credentials } = await setUp(slack, [ruled], renew, dead);
  await expect(sig.request(headOf(URL), null)).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
  expect(await credentials.open('api')).toBeDefined();
});

test('without a check, or without a validateUrl, no answer is judged', async () => {
  for (const [provider, check] of [[ruled, undefined], [makeProvider({ validateRule: 'false' }), dead]] as const) {
    const { sig, send, renew } = await setUp(slack, [provider], undefined, check);
    expect((await sig.request(headOf(URL), null)).response.status).toBe(200);
    expect([send.seen.length, renew.mock.calls.length]).toEqual([1, 0]);
  }
});
