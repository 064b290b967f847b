import { describe, expect, test } from 'vitest';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { dpopFetch, type DpopFetchOptions, type SendRequest } from '../../../src/dpop/dpop_fetch.ts';
import { createNonceStore } from '../../../src/dpop/nonce_store.ts';
import { createReplayStore } from '../../../src/dpop/replay_store.ts';
import type { DpopSession } from '../../../src/dpop/session.ts';
import { accessTokenHash } from '../../../src/dpop/token.ts';
import { verifyProof } from '../../../src/dpop/verify_proof.ts';
import { isSigError, type SigErrorCode } from '../../../src/errors.ts';
import { Secret } from '../../../src/secret.ts';
import { type Answer, challenge, serve, useNonce } from '../../_lib/dpop_server.ts';

const key = await generateKey('ES256');
const origin = 'https://rs.example';
const session: DpopSession = { key, accessToken: 'token-1', origins: [origin] };
const failsWith = (code: SigErrorCode) => expect.toSatisfy((error) => isSigError(error, code));

describe('a plain request', () => {
  test('D4: dpopFetch() sends token, proof and ath of exactly that token', async () => {
    const { send, seen } = serve(() => new Response('ok'));
    const response = await dpopFetch(send, session)(`${origin}/a/b?q=1#f`, { headers: { Accept: 'text/plain' } });
    expect(await response.text()).toBe('ok');
    expect(seen.length).toBe(1);
    expect(seen[0]!.url).toBe(`${origin}/a/b?q=1`);
    expect(seen[0]!.headers.get('authorization')).toBe('DPoP token-1');
    expect(seen[0]!.headers.get('accept')).toBe('text/plain');
    expect(seen[0]!.claims).toMatchObject({ htm: 'GET', htu: `${origin}/a/b`, ath: await accessTokenHash('token-1') });
  });

  test('dpopFetch() passes what verifyProof() asks, for every kind of input', async () => {
    const replays = createReplayStore();
    const send: SendRequest = async ({ method, url, headers }) => {
      const token = { accessToken: 'token-1', jkt: key.thumbprint };
      return Response.json(await verifyProof(headers.get('dpop'), { method, url, token, replays }));
    };
    const api = dpopFetch(send, session);
    const inputs: Parameters<typeof api>[] = [
      [`${origin}/x`],
      [new URL(`${origin}/x`)],
      [new Request(`${origin}/x`, { method: 'PUT', body: 'b' })],
      [new Request(`${origin}/x`), { method: 'DELETE' }],
      [`${origin}/x`, { method: 'post', body: new URLSearchParams({ a: 'b' }) }],
    ];
    for (const input of inputs) expect(await (await api(...input)).json()).toMatchObject({ ok: true });
  });

  test('dpopFetch() without a token sends a proof alone', async () => {
    const { send, seen } = serve(() => new Response('{}'));
    await dpopFetch(send, { key, origins: [origin] })(`${origin}/token`, { method: 'POST', body: 'grant_type=x' });
    expect(seen[0]!.headers.has('authorization')).toBe(false);
    expect(seen[0]!.claims.ath).toBeUndefined();
    expect(seen[0]!.body).toBe('grant_type=x');
  });

  test.each([200, 204, 304, 400, 401, 403, 404, 500])(
    'dpopFetch() hands status %d to the caller, after one request',
    async (status) => {
      const { send, seen } = serve(() => new Response(status === 204 || status === 304 ? null : 'x', { status }));
      expect((await dpopFetch(send, session)(origin)).status).toBe(status);
      expect(seen.length).toBe(1);
    },
  );

  test('dpopFetch() passes the signal and the failure of the transport on', async () => {
    const controller = new AbortController();
    controller.abort(new Error('stop'));
    const send: SendRequest = (request) =>
      request.signal.aborted ? Promise.reject(request.signal.reason) : Promise.resolve(new Response());
    await expect(dpopFetch(send, session)(origin, { signal: controller.signal })).rejects.toThrow('stop');
    await expect(dpopFetch(() => Promise.reject(new TypeError('down')), session)(origin)).rejects.toThrow('down');
  });
});

describe('what never leaves', () => {
  test.each<[string, SigErrorCode]>([
    ['https://evil.example/', 'E_HOST_NOT_ALLOWED'],
    ['https://rs.example.evil.example/', 'E_HOST_NOT_ALLOWED'],
    ['https://rs.example:8443/', 'E_HOST_NOT_ALLOWED'],
    ['http://rs.example/', 'E_HOST_NOT_ALLOWED'],
    ['https://u:p@rs.example/', 'E_TARGET'],
    ['https://rs.example@evil.example/', 'E_TARGET'],
    ['//rs.example/', 'E_TARGET'],
  ])('D11: dpopFetch(%j) is %s before a byte is sent', async (url, code) => {
    const { send, seen } = serve(() => new Response());
    await expect(dpopFetch(send, session)(url)).rejects.toEqual(failsWith(code));
    expect(seen).toEqual([]);
  });

  test.each(['Authorization', 'authorization', 'DPoP', 'dpop'])(
    'dpopFetch() refuses a %s header of the caller',
    async (name) => {
      const { send, seen } = serve(() => new Response());
      await expect(dpopFetch(send, session)(origin, { headers: { [name]: 'x' } })).rejects.toEqual(
        failsWith('E_CONFLICT'),
      );
      expect(seen).toEqual([]);
    },
  );

  test('dpopFetch() leaves Authorization to the client where the session has no token', async () => {
    const { send, seen } = serve(() => new Response());
    const api = dpopFetch(send, { key, origins: [origin] });
    await api(origin, { headers: { Authorization: 'Basic x' } });
    expect(seen[0]!.headers.get('authorization')).toBe('Basic x');
    await expect(api(origin, { headers: { DPoP: 'x' } })).rejects.toEqual(failsWith('E_CONFLICT'));
  });

  test('D10: dpopFetch() keeps token and nonce out of its errors', async () => {
    const { send } = serve(() => useNonce('nonce-canary'));
    const error = await dpopFetch(send, { ...session, accessToken: new Secret('token-canary') })(
      `${origin}/p?query-canary`,
    )
      .catch((error: Error) => error);
    expect(`${(error as Error).message} ${JSON.stringify(error)}`).not.toMatch(/canary/);
  });
});

describe('nonces', () => {
  test('D6: dpopFetch() answers a challenge once, with a new proof, and has the nonce from then on', async () => {
    const { send, seen } = serve(({ claims }) => claims.nonce === 'n1' ? new Response('ok') : useNonce('n1'));
    const retries: unknown[] = [];
    const api = dpopFetch(send, session, { onRetry: (retry) => retries.push(retry) });
    expect((await api(origin)).status).toBe(200);
    expect((await api(origin)).status).toBe(200);
    expect(seen.map(({ claims }) => claims.nonce)).toEqual([undefined, 'n1', 'n1']);
    expect(new Set(seen.map(({ claims }) => claims.jti)).size).toBe(3);
    expect(retries).toEqual([{ reason: 'nonce', origin }]);
  });

  test('D6: dpopFetch() gives up after one retry against a server that never has enough', async () => {
    const { send, seen } = serve((_, count) => useNonce(`n${count}`));
    await expect(dpopFetch(send, session)(origin)).rejects.toEqual(failsWith('E_DPOP_NONCE'));
    expect(seen.length).toBe(2);
  });

  test.each(['', 'a b', 'a"b', 'x'.repeat(1025), 'n1, n2 n3'])(
    'D6: dpopFetch() does not take %j for a nonce',
    async (nonce) => {
      const { send, seen } = serve(() => useNonce(nonce));
      await expect(dpopFetch(send, session)(origin)).rejects.toEqual(failsWith('E_DPOP_NONCE'));
      expect(seen.length).toBe(1);
    },
  );

  test('D6: dpopFetch() learns from every answer, good or bad, and uses the newest', async () => {
    const { send, seen } = serve((_, count) =>
      new Response('x', { status: count === 2 ? 500 : 200, headers: { 'DPoP-Nonce': `n${count}` } })
    );
    const api = dpopFetch(send, session);
    for (let i = 0; i < 4; i++) await api(origin);
    expect(seen.map(({ claims }) => claims.nonce)).toEqual([undefined, 'n1', 'n2', 'n3']);
  });

  test('dpopFetch() lets go of the answers that nobody will read', async () => {
    let open = 0;
    const body = () =>
      new ReadableStream({
        start: () => void open++,
        cancel: () => void open--,
      });
    const headers = { 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"', 'DPoP-Nonce': 'n' };
    const { send, seen } = serve(() => new Response(body(), { status: 401, headers }));
    await expect(dpopFetch(send, session)(origin)).rejects.toEqual(failsWith('E_DPOP_NONCE'));
    expect([seen.length, open]).toEqual([2, 0]);
  });

  test('dpopFetch() never sends a nonce to a server that did not give it', async () => {
    const nonces = createNonceStore();
    const { send, seen } = serve(({ url }) =>
      new Response('x', { headers: url.includes('other') ? {} : { 'DPoP-Nonce': 'n' } })
    );
    const both = { ...session, origins: [origin, 'https://other.example'], nonces };
    await dpopFetch(send, both)(origin);
    await dpopFetch(send, both)('https://other.example/');
    await dpopFetch(send, { ...both, role: 'AS' })(origin);
    expect(seen.map(({ claims }) => claims.nonce)).toEqual([undefined, undefined, undefined]);
  });

  test('dpopFetch() reads the challenge of an authorization server out of its JSON', async () => {
    const { send, seen } = serve(({ claims }) =>
      claims.nonce === 'n1'
        ? Response.json({ access_token: 'x' })
        : Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'DPoP-Nonce': 'n1' } })
    );
    const response = await dpopFetch(send, { key, origins: [origin] })(`${origin}/token`, {
      method: 'POST',
      body: 'a=b',
    });
    expect(await response.json()).toEqual({ access_token: 'x' });
    expect(seen.map(({ body }) => body)).toEqual(['a=b', 'a=b']);
  });

  test('dpopFetch() gets through with nonces that are good once, many requests at a time', async () => {
    const issued = new Set<string>();
    let count = 0;
    const { send, seen } = serve(({ claims }) => {
      const fresh = `n${++count}`;
      issued.add(fresh);
      return issued.delete(claims.nonce ?? '')
        ? new Response('ok', { headers: { 'DPoP-Nonce': fresh } })
        : useNonce(fresh);
    });
    const api = dpopFetch(send, session);
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await api(origin)).status));
    expect(statuses).toEqual(Array(20).fill(200));
    expect(seen.length).toBeLessThanOrEqual(40);
  });

  test('dpopFetch() works over a store that answers later', async () => {
    const memory = createNonceStore();
    const nonces = {
      get: async (...args: Parameters<typeof memory.get>) => memory.get(...args),
      put: async (...args: Parameters<typeof memory.put>) => memory.put(...args),
    };
    const { send, seen } = serve(({ claims }) => claims.nonce ? new Response('ok') : useNonce('n1'));
    await dpopFetch(send, { ...session, nonces })(origin);
    await dpopFetch(send, { ...session, nonces })(origin);
    expect(seen.map(({ claims }) => claims.nonce)).toEqual([undefined, 'n1', 'n1']);
  });
});

describe('bodies', () => {
  const big = 'x'.repeat(2000);
  const streamed = (text: string): RequestInit =>
    ({ method: 'POST', body: new Blob([text]).stream(), duplex: 'half' }) as RequestInit;

  test('D7: dpopFetch() sends a held body again, whole', async () => {
    const { send, seen } = serve(({ claims }) => claims.nonce ? new Response('ok') : useNonce('n1'));
    const response = await dpopFetch(send, session, { maxBodyBytes: 2000 })(origin, streamed(big));
    expect(response.status).toBe(200);
    expect(seen.map(({ body }) => body)).toEqual([big, big]);
  });

  test('D7: dpopFetch() does not post twice what it could not hold; the next try has the nonce', async () => {
    const { send, seen } = serve(({ claims }) => claims.nonce ? new Response('ok') : useNonce('n1'));
    const api = dpopFetch(send, session, { maxBodyBytes: 1999 });
    await expect(api(origin, streamed(big))).rejects.toEqual(failsWith('E_DPOP_NONCE'));
    expect(seen.length).toBe(1);
    expect((await api(origin, streamed(big))).status).toBe(200);
    expect(seen.map(({ body }) => body)).toEqual([big, big]);
    expect(seen[1]!.claims.nonce).toBe('n1');
  });

  test('D7: dpopFetch() does not repeat a request whose transport failed', async () => {
    let count = 0;
    const send: SendRequest = () => {
      count++;
      return Promise.reject(new TypeError('connection reset'));
    };
    await expect(dpopFetch(send, session)(origin, { method: 'POST', body: 'once' })).rejects.toThrow(
      'connection reset',
    );
    expect(count).toBe(1);
  });

  test('dpopFetch() hands over a refused token when the body cannot be sent twice, and has the new one next', async () => {
    const { send, seen } = serve(({ headers }) =>
      headers.get('authorization') === 'DPoP token-2' ? new Response('ok') : challenge('invalid_token')
    );
    const api = dpopFetch(send, session, { maxBodyBytes: 0, refresh: async () => 'token-2' });
    expect((await api(origin, streamed(big))).status).toBe(401);
    expect((await api(origin, streamed(big))).status).toBe(200);
    expect(seen.length).toBe(2);
  });
});

describe('clocks', () => {
  const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  const now = () => nowMs;
  const dated = (offsetSec: number, error = 'invalid_dpop_proof') =>
    challenge(error, { Date: new Date(nowMs + offsetSec * 1000).toUTCString() });

  test.each([-290, -60, -5, 5, 60, 290])(
    'D8: dpopFetch() learns a clock that is off by %d s and retries once',
    async (offsetSec) => {
      const serverSec = nowMs / 1000 + offsetSec;
      const { send, seen } = serve(({ claims }) =>
        Math.abs(claims.iat - serverSec) <= 1 ? new Response('ok') : dated(offsetSec)
      );
      const clockOffsets = new Map<string, number>();
      const retries: string[] = [];
      const api = dpopFetch(send, { ...session, now, clockOffsets }, {
        onRetry: ({ reason }) => retries.push(reason),
      });
      expect((await api(origin)).status).toBe(200);
      expect((await api(origin)).status).toBe(200);
      expect(seen.length).toBe(3);
      expect([...clockOffsets]).toEqual([[origin, offsetSec * 1000]]);
      expect(retries).toEqual(['clock']);
    },
  );

  test('D8: dpopFetch() learns no clock that is off by ten minutes, and says so', async () => {
    const { send, seen } = serve(() => dated(600));
    const clockOffsets = new Map<string, number>();
    await expect(dpopFetch(send, { ...session, now, clockOffsets })(origin)).rejects.toEqual(failsWith('E_CLOCK'));
    expect([clockOffsets.size, seen.length]).toEqual([0, 1]);
  });

  test('D8: dpopFetch() retries for the clock once, whatever the server goes on to say', async () => {
    const { send, seen } = serve((_, count) => dated(count * 60));
    expect((await dpopFetch(send, { ...session, now })(origin)).status).toBe(401);
    expect(seen.length).toBe(2);
  });

  test('D8: a clock learnt at one origin is not used at another', async () => {
    const serverSec = nowMs / 1000 + 60;
    const { send, seen } = serve(({ url, claims }) =>
      url.startsWith(origin) && Math.abs(claims.iat - serverSec) > 1 ? dated(60) : new Response('ok')
    );
    const api = dpopFetch(send, { ...session, now, origins: [origin, 'https://other.example'] });
    await api(origin);
    await api('https://other.example/');
    expect(seen.map(({ claims }) => claims.iat - nowMs / 1000)).toEqual([0, 60, 0]);
  });
});

describe('refresh', () => {
  const takes = (token: string): Answer => ({ headers }) =>
    headers.get('authorization') === `DPoP ${token}` ? new Response('ok') : challenge('invalid_token');

  /** As {@link takes}, and a promise that is kept when so many requests have come. */
  function serveTogether(token: string, count: number): ReturnType<typeof serve> & { all: Promise<void> } {
    let done!: () => void;
    const all = new Promise<void>((resolve) => done = resolve);
    const server = serve((seen, at) => {
      if (at === count) done();
      return takes(token)(seen, at);
    });
    return { ...server, all };
  }

  test('D12: dpopFetch() refreshes once for all requests that meet the refusal, and each is retried once', async () => {
    const { send, seen, all } = serveTogether('token-2', 10);
    let refreshes = 0;
    const refresh = async (refused: Secret) => {
      refreshes++;
      expect(refused.reveal()).toBe('token-1');
      await all;
      return new Secret('token-2');
    };
    const api = dpopFetch(send, session, { refresh });
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await api(origin)).status));
    expect(statuses).toEqual(Array(10).fill(200));
    expect(refreshes).toBe(1);
    expect(seen.length).toBe(20);
  });

  test('D12: token and ath are of one snapshot, however the token turns', async () => {
    const hashes = Object.fromEntries(
      await Promise.all([1, 2, 3, 4, 5].map(async (n) => [`DPoP token-${n}`, await accessTokenHash(`token-${n}`)])),
    );
    let turn = 1;
    const { send, seen } = serve(() => challenge('invalid_token'));
    const api = dpopFetch(send, session, { refresh: async () => `token-${Math.min(++turn, 5)}` });
    await Promise.all(Array.from({ length: 8 }, () => api(origin)));
    await api(origin);
    for (const { headers, claims } of seen) expect(claims.ath).toBe(hashes[headers.get('authorization')!]);
    expect(new Set(seen.map(({ headers }) => headers.get('authorization'))).size).toBeGreaterThan(1);
  });

  test('D12: dpopFetch() stops after one refresh when the new token is refused too', async () => {
    const { send, seen } = serve(takes('another'));
    let count = 1;
    const response = await dpopFetch(send, session, { refresh: async () => `token-${++count}` })(origin);
    expect([response.status, seen.length, count]).toEqual([401, 2, 2]);
  });

  test('dpopFetch() hands a refused token over when nobody refreshes', async () => {
    const { send, seen } = serve(takes('another'));
    expect((await dpopFetch(send, session)(origin)).status).toBe(401);
    expect(seen.length).toBe(1);
  });

  test('dpopFetch() passes the failure of a refresh on', async () => {
    const { send } = serve(takes('token-2'));
    const api = dpopFetch(send, session, { refresh: () => Promise.reject(new Error('revoked')) });
    await expect(api(origin)).rejects.toThrow('revoked');
  });

  test('dpopFetch() can need all three retries at once and no more', async () => {
    const nowMs = Date.UTC(2026, 0, 2);
    const { send, seen } = serve(({ headers, claims }) => {
      const Date_ = { Date: new Date(nowMs + 60_000).toUTCString() };
      if (claims.nonce !== 'n1') return useNonce('n1');
      if (Math.abs(claims.iat - nowMs / 1000 - 60) > 1) return challenge('invalid_dpop_proof', Date_);
      return headers.get('authorization') === 'DPoP token-2' ? new Response('ok') : challenge('invalid_token', Date_);
    });
    const reasons: string[] = [];
    const options: DpopFetchOptions = { refresh: async () => 'token-2', onRetry: ({ reason }) => reasons.push(reason) };
    const response = await dpopFetch(send, { ...session, now: () => nowMs }, options)(origin);
    expect([response.status, seen.length, reasons]).toEqual([200, 4, ['nonce', 'clock', 'refresh']]);
  });
});
