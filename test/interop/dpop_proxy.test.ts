/** Requests of clients that know nothing of DPoP, signed by the proxy on real sockets. */
import { Buffer } from 'node:buffer';
import { expect, test, vi } from 'vitest';
import type { Credential } from '../../src/credential/credential.ts';
import { createReplayStore } from '../../src/dpop/replay_store.ts';
import { verifyProof } from '../../src/dpop/verify_proof.ts';
import { jwkThumbprint } from '../../src/encoding/jwk_thumbprint.ts';
import { exportKey, generateKey } from '../../src/encoding/signing_key.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { createPlaceholders, type Placeholder } from '../../src/proxy/placeholder.ts';
import { Secret } from '../../src/secret.ts';
import { makeCanary } from '../_lib/canary.ts';
import { makeCredential } from '../_lib/fixture.ts';
import { useServer } from '../_lib/lab.ts';
import { useProxy } from '../_lib/proxy.ts';
import type { TestProxyOptions } from '../_lib/start_proxy.ts';
import type { Answer, ReceivedRequest, TestServer } from '../_lib/tls_server.ts';

const request = (server: TestServer, line: string, more: string, body = '') =>
  `${line} HTTP/1.1\r\nHost: localhost:${server.port}\r\n${more}\r\n${body}`;
const get = (server: TestServer, path = '/', more = '') => request(server, `GET ${path}`, more);
const post = (server: TestServer, body: string) =>
  request(server, 'POST /', `Content-Type: text/plain\r\nContent-Length: ${body.length}\r\n`, body);
const problem = (text: string) => JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4));

/** A proxy whose login has a token that is bound to a key. */
async function useBoundProxy(server: TestServer, options: TestProxyOptions = {}) {
  const { d, ...publicJwk } = await exportKey(await generateKey('ES256', { extractable: true }));
  const proxy = await useProxy(server, {
    provider: {
      strategy: 'oauth2',
      extract: [{ from: 'oauth2', as: 'access_token' }],
      apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${access_token}' }],
      oauth2: { tokenUrl: 'https://as.example.com/token', dpop: true },
    },
    credential: { keys: { dpop: new Secret<JsonWebKey>({ ...publicJwk, d: d!, alg: 'ES256' }) } },
    ...options,
  });
  return { proxy, jkt: await jwkThumbprint(publicJwk), replays: createReplayStore() };
}
const demand = (nonce: string): Answer => ({
  status: 401,
  headers: { 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"', 'DPoP-Nonce': nonce },
});
const claimsOf = (request: ReceivedRequest) =>
  JSON.parse(Buffer.from(request.header('dpop')!.split('.')[1]!, 'base64url').toString());

test('the proxy signs each sending anew, with the nonce that is asked for', async () => {
  const server = await useServer({
    handler: (request) => claimsOf(request).nonce === 'n1' ? { body: `got ${request.body}` } : demand('n1'),
  });
  const { proxy, jkt, replays } = await useBoundProxy(server);
  expect(await proxy.request(post(server, '{"a":1}'))).toMatch(/^HTTP\/1\.1 200[\s\S]*got \{"a":1\}$/);
  expect(await proxy.request(get(server, '/x?y', 'DPoP: own\r\nAuthorization: own\r\n'))).toMatch(/^HTTP\/1\.1 200/);
  expect(server.requests).toHaveLength(3);
  for (const request of server.requests.slice(1)) {
    const [scheme, accessToken] = request.header('authorization')!.split(' ');
    const verdict = await verifyProof(request.header('dpop')!, {
      method: request.method,
      url: server.origin + request.path,
      token: { accessToken: accessToken!, jkt },
      isCurrentNonce: (nonce) => nonce === 'n1',
      replays,
    });
    expect([scheme, verdict]).toMatchObject(['DPoP', { ok: true }]);
  }
  expect(proxy.audit.events.filter(({ event }) => event === 'inject')).toHaveLength(3);
});

test('D6: a server that asks for nonces for ever gets two requests, and the client learns why', async () => {
  let count = 0;
  const server = await useServer({ handler: () => demand(`n${count++}`) });
  const { proxy } = await useBoundProxy(server);
  const got = await proxy.request(get(server));
  expect(problem(got)).toMatchObject({ code: 'E_DPOP_NONCE' });
  expect(server.requests).toHaveLength(2);
});

test('D7: a body that is too large to be kept is not posted twice; the next one has its nonce', async () => {
  const server = await useServer({
    handler: (request) => claimsOf(request).nonce === 'n1' ? { body: `got ${request.body.length}` } : demand('n1'),
  });
  const { proxy } = await useBoundProxy(server);
  const large = post(server, 'x'.repeat(2 * 1024 * 1024));
  expect(problem(await proxy.request(large))).toMatchObject({ code: 'E_DPOP_NONCE', hint: 'send it again' });
  expect(server.requests).toHaveLength(1);
  expect(await proxy.request(large)).toMatch(/^HTTP\/1\.1 200[\s\S]*got 2097152$/);
});

test('D5: what a placeholder put into the path is in the proof of that very path', async () => {
  const server = await useServer();
  let placeholders: Placeholder[] = [];
  const { proxy } = await useBoundProxy(server, {
    placeholders: (provider) => placeholders = createPlaceholders([provider]),
  });
  await proxy.request(get(server, `/a/${placeholders[0]!.text}?b`));
  const [request] = server.requests;
  expect(request!.path).toBe(`/a/${proxy.canary}?b`);
  expect(claimsOf(request!).htu).toBe(`${server.origin}/a/${proxy.canary}`);
});

test('D12: a refused token is renewed once, and each refusal that is not about a proof is the answer', async () => {
  const fresh = makeCanary();
  const server = await useServer({
    handler: (request) => {
      if (request.path === '/bad') return { status: 400, body: 'bad request' };
      if (request.header('authorization') === `DPoP ${fresh}`) return { body: 'welcome' };
      return { status: 401, headers: { 'WWW-Authenticate': 'DPoP error="invalid_token"' } };
    },
  });
  const renew = vi.fn((provider: Provider, old?: Credential) =>
    Promise.resolve(makeCredential(provider, { access_token: fresh }, { keys: old!.keys! }))
  );
  const { proxy } = await useBoundProxy(server, { renew });
  expect(await proxy.request(get(server, '/bad'))).toMatch(/^HTTP\/1\.1 400[\s\S]*bad request$/);
  expect(await proxy.request(get(server))).toMatch(/^HTTP\/1\.1 200[\s\S]*welcome$/);
  expect(renew).toHaveBeenCalledTimes(1);
  const [, refused, replayed] = server.requests.map(claimsOf);
  expect(refused.ath).not.toBe(replayed.ath);
});
