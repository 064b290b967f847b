/**
 * Answers that speak against a login in the proxy: real sockets, a site that says 200 to everybody, and its own
 * `validateUrl`.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { createSend } from '../../cli/platform/send.ts';
import { SigError } from '../../src/errors.ts';
import { createCheck } from '../../src/login/validate.ts';
import type { Renew } from '../../src/login/renew.ts';
import { findLeaks, makeCanary } from '../_lib/canary.ts';
import { makeCredential } from '../_lib/fixture.ts';
import { useServer } from '../_lib/lab.ts';
import { converse, useProxy } from '../_lib/proxy.ts';
import type { Answer, ReceivedRequest } from '../_lib/tls_server.ts';

const RULE = 'res.body.ok === true';

/**
 * A site and a proxy with a login that is over; a renewed one is good.
 *
 * @param answer what the site says, told whether it knows the login
 */
async function setUp(
  answer: (isIn: boolean, request: ReceivedRequest) => Answer,
  options: { readonly renew?: Renew; readonly isGood?: boolean; readonly rule?: string | null } = {},
) {
  const old = makeCanary();
  const fresh = options.isGood ? old : makeCanary();
  const server = await useServer({
    handler: (request) => {
      const isIn = request.header('authorization') === `Bearer ${fresh}`;
      if (request.path === '/me') return { status: isIn ? 200 : 401, body: { ok: isIn } };
      return answer(isIn, request);
    },
  });
  const env = () => undefined;
  const renew = vi.fn<Renew>(
    options.renew ??
      ((provider) => Promise.resolve(makeCredential(provider, { token: fresh }, { obtainedAtSec: Date.now() / 1000 }))),
  );
  const proxy = await useProxy(server, {
    canary: old,
    renew,
    check: createCheck({ send: createSend({ env }), clock: { now: () => Date.now() }, env }),
    provider: {
      validateUrl: `${server.origin}/me`,
      allowPrivate: true,
      ...(options.rule === null ? {} : { validateRule: options.rule ?? RULE }),
    },
  });
  const host = `localhost:${server.port}`;
  const send = (method: string, path = '/', body = '') =>
    proxy.request(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const paths = () => server.requests.map(({ method, path }) => `${method} ${path}`);
  return { server, proxy, renew, send, paths, secrets: [old, fresh], host };
}

const BODIES: Record<string, (isIn: boolean) => Answer> = {
  'a body of known length': (isIn) => ({ body: { ok: isIn } }),
  'a body in chunks': (isIn) => ({
    headers: { 'Content-Type': 'application/json' },
    body: (async function* () {
      yield '{"ok":';
      yield `${isIn}}`;
    })(),
  }),
  'a gzip body': (isIn) => ({
    headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
    body: gzipSync(`{"ok":${isIn}}`),
  }),
};

test.each(Object.keys(BODIES))(
  'an answer with %s that fails validateRule is renewed and replayed once',
  async (form) => {
    const { send, renew, paths, proxy, secrets } = await setUp(BODIES[form]!);
    const got = await send('GET', '/api');
    expect(got).toMatch(/^HTTP\/1\.1 200/);
    expect(got.replaceAll(/\r\n[0-9a-f]+\r\n/g, '')).toContain('"ok":true');
    expect(paths()).toEqual(['GET /api', 'GET /me', 'GET /api']);
    expect(renew).toHaveBeenCalledTimes(1);
    expect(proxy.audit.events.map(({ event, why }) => why ? `${event}: ${why}` : event)).toEqual([
      'inject',
      'check: validateRule',
      'renew: validateRule',
      'inject',
    ]);
    expect(findLeaks(secrets, { got, audit: JSON.stringify(proxy.audit.events) })).toEqual([]);
  },
);

test('a request with a body that may be repeated is sent again with it', async () => {
  const { send, server } = await setUp((isIn, request) => ({ body: { ok: isIn, got: `${request.body}` } }));
  expect(await send('PUT', '/api', 'hello')).toContain('{"ok":true,"got":"hello"}');
  expect(server.requests.map(({ body }) => `${body}`)).toEqual(['hello', '', 'hello']);
});

test('D7: a POST is not sent twice for a rule; the login is renewed for the next one', async () => {
  const { send, paths } = await setUp((isIn) => ({ body: { ok: isIn } }));
  expect(await send('POST', '/api', 'a')).toContain('{"ok":false}');
  expect(await send('POST', '/api', 'b')).toContain('{"ok":true}');
  expect(paths()).toEqual(['POST /api', 'GET /me', 'POST /api']);
});

test('many answers at once that fail the rule make one test and one renewal', async () => {
  const { send, renew, paths } = await setUp((isIn) => ({ body: { ok: isIn } }));
  const all = await Promise.all(Array.from({ length: 12 }, () => send('GET', '/api')));
  expect(all.every((got) => got.includes('{"ok":true}'))).toBe(true);
  expect(renew).toHaveBeenCalledTimes(1);
  expect(paths().filter((path) => path === 'GET /me')).toHaveLength(1);
});

test('answers for which the rule was not made are delivered as they are, after one test', async () => {
  const { send, renew, paths } = await setUp(
    (_, { path }) => path === '/page' ? { headers: { 'Content-Type': 'text/html' }, body: '<p>' } : { status: 404 },
    { isGood: true },
  );
  for (let i = 0; i < 3; i++) {
    expect(await send('GET', '/page')).toMatch(/^HTTP\/1\.1 200[\s\S]*<p>$/);
    expect(await send('GET', '/nothing')).toMatch(/^HTTP\/1\.1 404/);
  }
  expect(renew).not.toHaveBeenCalled();
  expect(paths().filter((path) => path === 'GET /me')).toHaveLength(1);
});

test('a login that only a person can renew is a 401 that says so, each time, after one test', async () => {
  const { send, paths, proxy } = await setUp((isIn) => ({ body: { ok: isIn } }), {
    renew: (provider) =>
      Promise.reject(new SigError('E_LOGIN_REQUIRED', 'no', { hint: 'sig login api', provider: provider.id })),
  });
  for (let i = 0; i < 3; i++) {
    const got = await send('GET', '/api');
    expect(got).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\nWWW-Authenticate: Sig\r\n/);
    expect(got).toContain('"hint":"sig login api"');
  }
  expect(paths().filter((path) => path === 'GET /me')).toHaveLength(1);
  expect(await proxy.credentials.open('api')).toBeDefined();
});

test('a rule on status and headers holds no body: what streams passes as it comes', async () => {
  let next = () => {};
  const { proxy, host } = await setUp(() => ({
    headers: { 'Content-Type': 'application/json' },
    body: (async function* () {
      yield '[1,';
      await new Promise<void>((resolve) => next = resolve);
      yield '2]';
    })(),
  }), { rule: 'res.status === 200', isGood: true });
  const tls = await proxy.tunnel(host);
  expect(await converse(tls, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, /\[1,/)).toContain('[1,');
  next();
  expect(await converse(tls, '', /\r\n0\r\n/)).toContain('2]');
});

test('X18: events are not held for a rule on the body, and slow JSON not for long', async () => {
  for (const type of ['text/event-stream', 'application/json']) {
    let next = () => {};
    const { proxy, host, paths } = await setUp(() => ({
      headers: { 'Content-Type': type },
      body: (async function* () {
        yield 'data: 1\n\n';
        await new Promise<void>((resolve) => next = resolve);
        yield 'data: 2\n\n';
      })(),
    }));
    const tls = await proxy.tunnel(host);
    expect(await converse(tls, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, /data: 1/)).toContain('data: 1');
    next();
    expect(await converse(tls, '', /\r\n0\r\n/)).toContain('data: 2');
    expect(paths()).toEqual(['GET /']);
  }
});

test.each([['of known length', false], ['in chunks', true]])(
  'a long body %s is not judged, and comes whole',
  async (_, isChunked) => {
    const long = `{"ok":false,"rest":"${'x'.repeat(200_000)}"}`;
    const { send, paths } = await setUp(() => ({
      headers: { 'Content-Type': 'application/json' },
      body: isChunked
        ? (async function* () {
          for (let at = 0; at < long.length; at += 10_000) yield long.slice(at, at + 10_000);
        })()
        : Buffer.from(long),
    }));
    const got = await send('GET', '/api');
    const text = got.slice(got.indexOf('\r\n\r\n') + 4);
    expect(text.replaceAll(/(^|\r\n)[0-9a-f]+\r\n/g, '').trim()).toBe(long);
    expect(paths()).toEqual(['GET /api']);
  },
);

test.each<[string, Answer]>([
  ['a redirect to a login page', { status: 302, headers: { Location: '/login?next=/' } }],
  ['a 403', { status: 403 }],
])('without a rule, %s is renewed and replayed; another redirect passes', async (_, refusal) => {
  const { send, paths, proxy } = await setUp(
    (isIn, { path }) =>
      path === '/old' ? { status: 302, headers: { Location: '/new' } } : isIn ? { body: 'welcome' } : refusal,
    { rule: null },
  );
  expect(await send('GET', '/old')).toMatch(/^HTTP\/1\.1 302/);
  expect(await send('GET', '/')).toMatch(/welcome$/);
  expect(paths()).toEqual(['GET /old', 'GET /', 'GET /me', 'GET /']);
  expect(proxy.audit.events.find(({ event }) => event === 'renew')?.why).toMatch(/^(?:login page|status 403)$/);
});
