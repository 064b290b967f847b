// express-oauth2-dpop over loopback: nonces of its own, replay store, htu compared letter by letter.
import express from 'express';
import { AbstractJtiStore, authMiddleware, type JtiData } from 'express-oauth2-dpop';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createNonceStore,
  createProof,
  dpopFetch,
  type DpopSession,
  generateKey,
  parseChallenges,
  type ProofAlgorithm,
} from '../../src/dpop/mod.ts';

class MemoryJtiStore extends AbstractJtiStore {
  readonly #seen = new Map<string, JtiData>();
  override set(id: string, data: JtiData): Promise<void> {
    this.#seen.set(id, data);
    return Promise.resolve();
  }
  override get(id: string): Promise<JtiData | undefined> {
    return Promise.resolve(this.#seen.get(id));
  }
}

const issuer = 'https://as.example';
const audience = 'https://rs.example';
const signer = await generateKeyPair('ES256');
let server: { address(): AddressInfo; close(done: () => void): void };
let origin: string;
let requests = 0;

beforeAll(async () => {
  const app = express();
  const jwks = { keys: [{ ...(await exportJWK(signer.publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }] };
  app.get('/jwks', (_: unknown, response: { json(body: unknown): void }) => response.json(jwks));
  app.use((_: unknown, __: unknown, next: () => void) => {
    requests++;
    next();
  });
  server = await new Promise((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  origin = `http://127.0.0.1:${server.address().port}`;
  app.use(authMiddleware({
    issuer,
    audience,
    jwksUri: `${origin}/jwks`,
    enforceDPoP: true,
    nonceSecret: 'a1b2c3d4e5f6789012345678901234567890abcdef1234567890abcdef123456',
    jtiStore: new MemoryJtiStore(),
  }));
  app.all(
    '/{*path}',
    (request: { method: string; path: string }, response: { json(body: unknown): void }) =>
      response.json({ method: request.method, path: request.path }),
  );
});
afterAll(() => new Promise<void>((resolve) => server.close(resolve)));

async function sessionOf(algorithm: ProofAlgorithm): Promise<DpopSession & { accessToken: string }> {
  const key = await generateKey(algorithm === 'ES256' ? 'ES256' : 'Ed25519');
  const accessToken = await new SignJWT({ cnf: { jkt: key.thumbprint } })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k' })
    .setIssuer(issuer).setAudience(audience).setSubject('me').setJti(crypto.randomUUID()).setIssuedAt()
    .setExpirationTime('5m')
    .sign(signer.privateKey);
  return { key, accessToken, origins: [origin], algorithm, allowHttp: true };
}

test.each<ProofAlgorithm>(['ES256', 'EdDSA'])(
  'express-oauth2-dpop takes what dpopFetch() sends with %s, after one nonce',
  async (algorithm) => {
    const api = dpopFetch(fetch, await sessionOf(algorithm));
    requests = 0;
    for (const [method, path] of [['GET', '/a?b=c'], ['POST', '/x/y'], ['PUT', '/%7e']]) {
      const response = await api(origin + path, {
        method: method!,
        ...(method === 'GET' ? {} : { body: 'some text' }),
      });
      expect([response.status, await response.json()]).toMatchObject([200, { method }]);
    }
    expect(requests).toBe(4);
  },
);

test('express-oauth2-dpop refuses the algorithm name Ed25519, and parseChallenges() reads how it says so', async () => {
  const response = await dpopFetch(fetch, await sessionOf('Ed25519'))(origin);
  expect(response.status).toBe(400);
  const [challenge] = parseChallenges(response.headers.get('www-authenticate'));
  expect(challenge).toMatchObject({ scheme: 'dpop' });
  expect(challenge!.params.get('error')).toBe('invalid_dpop_proof');
  await response.body?.cancel();
});

test('express-oauth2-dpop refuses a proof that is sent twice: dpopFetch() never does', async () => {
  const nonces = createNonceStore();
  const session = { ...await sessionOf('ES256'), nonces };
  await (await dpopFetch(fetch, session)(origin)).body?.cancel();
  const nonce = nonces.get('RS', origin);
  const proof = await createProof(session.key, {
    method: 'GET',
    url: `${origin}/`,
    accessToken: session.accessToken,
    nonce,
  });
  const send = () => fetch(`${origin}/`, { headers: { Authorization: `DPoP ${session.accessToken}`, DPoP: proof } });
  const statuses = [];
  for (let i = 0; i < 2; i++) {
    const response = await send();
    statuses.push(response.status);
    await response.body?.cancel();
  }
  expect(statuses).toEqual([200, 400]);
});

test('D7: dpopFetch() streams what it cannot hold, and the second try has the nonce', async () => {
  const api = dpopFetch(fetch, await sessionOf('EdDSA'), { maxBodyBytes: 1000 });
  const post = () =>
    api(
      `${origin}/upload`,
      { method: 'POST', body: new Blob(['x'.repeat(5000)]).stream(), duplex: 'half' } as RequestInit,
    );
  await expect(post()).rejects.toMatchObject({ code: 'E_DPOP_NONCE' });
  const response = await post();
  expect(response.status).toBe(200);
  await response.body?.cancel();
});
