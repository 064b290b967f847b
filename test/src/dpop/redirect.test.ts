import { describe, expect, test } from 'vitest';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { dpopFetch } from '../../../src/dpop/dpop_fetch.ts';
import { nextHop } from '../../../src/dpop/redirect.ts';
import { isSigError, type SigErrorCode } from '../../../src/errors.ts';
import { serve } from '../../_lib/dpop_server.ts';

const from = 'https://a.example/x/y?q';
const redirect = (status: number, location?: string) =>
  new Response(null, { status, headers: location === undefined ? {} : { location } });

test.each([
  [301, 'POST', 'GET', true],
  [302, 'POST', 'GET', true],
  [303, 'POST', 'GET', true],
  [303, 'PUT', 'GET', true],
  [303, 'HEAD', 'HEAD', false],
  [301, 'PUT', 'PUT', false],
  [307, 'POST', 'POST', false],
  [308, 'DELETE', 'DELETE', false],
  [302, 'GET', 'GET', false],
])('nextHop() of %d %s is %s', (status, method, next, dropsBody) => {
  expect(nextHop(method, from, redirect(status, '../z?a'))).toEqual({
    method: next,
    url: 'https://a.example/z?a',
    dropsBody,
  });
});

test.each([[200, '/z'], [304, '/z'], [300, '/z'], [302, undefined]])(
  'nextHop() of status %d and location %j is none',
  (status, location) => {
    expect(nextHop('GET', from, redirect(status, location))).toBeUndefined();
  },
);

test.each([
  'https://b.example/',
  'http://a.example/',
  'https://a.example:8443/',
  '//b.example/',
  'https://a.example.b.example/',
  'https://u@a.example/',
  'https://u:p@a.example/',
  'javascript:1',
  'data:,x',
  'https://',
  '\\\\b.example\\',
])(
  'D5: nextHop() refuses to go to %j',
  (location) => {
    expect(() => nextHop('GET', from, redirect(302, location))).toThrow(
      expect.toSatisfy((error) => isSigError(error, 'E_REDIRECT')),
    );
  },
);

const origin = 'https://rs.example';
const session = { key: await generateKey('ES256'), accessToken: 'token-1', origins: [origin] };
const failsWith = (code: SigErrorCode) => expect.toSatisfy((error) => isSigError(error, code));

describe('dpopFetch()', () => {
  const redirectTo = (location: string, status = 302) =>
    new Response(null, { status, headers: { Location: location } });

  test('D5: dpopFetch() hands a redirect to the caller unless asked', async () => {
    const { send, seen } = serve(() => redirectTo('/elsewhere'));
    const response = await dpopFetch(send, session)(origin);
    expect([response.status, response.headers.get('location'), seen.length]).toEqual([302, '/elsewhere', 1]);
  });

  test('D5: dpopFetch() asks its transport not to follow', async () => {
    let mode: string | undefined;
    await dpopFetch(async (request) => {
      mode = request.redirect;
      return new Response();
    }, session)(new Request(origin, { redirect: 'follow' }));
    expect(mode).toBe('manual');
  });

  test('D5: dpopFetch() makes a fresh proof for each hop, of the URL and method of that hop', async () => {
    const { send, seen } = serve(({ url }) =>
      url.endsWith('/1') ? redirectTo('/2?a') : url.includes('/2') ? redirectTo(`${origin}/3`, 307) : new Response('ok')
    );
    const response = await dpopFetch(send, session, { maxRedirects: 2 })(`${origin}/1`, {
      method: 'POST',
      body: 'b',
      headers: { 'Content-Type': 'text/x' },
    });
    expect(response.status).toBe(200);
    expect(seen.map(({ claims }) => [claims.htm, claims.htu])).toEqual([
      ['POST', `${origin}/1`],
      ['GET', `${origin}/2`],
      ['GET', `${origin}/3`],
    ]);
    expect(seen.map(({ body, headers }) => [body, headers.get('content-type')])).toEqual([['b', 'text/x'], ['', null], [
      '',
      null,
    ]]);
    expect(new Set(seen.map(({ claims }) => claims.jti)).size).toBe(3);
  });

  test('D5: dpopFetch() keeps method and body over 307 and 308', async () => {
    const { send, seen } = serve(({ url }) => url.endsWith('/1') ? redirectTo('/2', 308) : new Response('ok'));
    await dpopFetch(send, session, { maxRedirects: 1 })(`${origin}/1`, { method: 'PUT', body: 'b' });
    expect(seen.map(({ method, body }) => [method, body])).toEqual([['PUT', 'b'], ['PUT', 'b']]);
  });

  test.each(['https://evil.example/', 'http://rs.example/', '//evil.example/x', 'https://rs.example:8443/'])(
    'D5: dpopFetch() does not follow to %j',
    async (location) => {
      const { send, seen } = serve(() => redirectTo(location));
      const both = { ...session, origins: [origin, 'https://evil.example'] };
      await expect(dpopFetch(send, both, { maxRedirects: 5 })(origin)).rejects.toEqual(failsWith('E_REDIRECT'));
      expect(seen.length).toBe(1);
    },
  );

  test('D5: dpopFetch() follows so many redirects and no more', async () => {
    const { send, seen } = serve(({ url }) => redirectTo(`${url}x`));
    await expect(dpopFetch(send, session, { maxRedirects: 3 })(`${origin}/`)).rejects.toEqual(failsWith('E_REDIRECT'));
    expect(seen.length).toBe(4);
  });

  test('D5: dpopFetch() does not follow with a body that is gone', async () => {
    const { send, seen } = serve(() => redirectTo('/2', 307));
    const act = dpopFetch(send, session, { maxRedirects: 3, maxBodyBytes: 0 })(origin, { method: 'POST', body: 'b' });
    await expect(act).rejects.toEqual(failsWith('E_REDIRECT'));
    expect(seen.length).toBe(1);
  });
});
