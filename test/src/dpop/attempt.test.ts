import { expect, test } from 'vitest';
import { beginAttempt, createTaught, type WireAnswer } from '../../../src/dpop/attempt.ts';
import { createReplayStore } from '../../../src/dpop/replay_store.ts';
import { verifyProof } from '../../../src/dpop/verify_proof.ts';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { Secret } from '../../../src/secret.ts';
import type { HeaderPairs, RequestHead } from '../../../src/target/head.ts';
import { fixedClock, headOf, NOW_MS } from '../../_lib/fixture.ts';

const key = await generateKey('ES256');
const bound = { key, accessToken: new Secret('token-1') };
const URL = 'https://api.example.com/a?b=c';
const origin = 'https://api.example.com';
const begin = (role: 'AS' | 'RS' = 'RS', clock = fixedClock()) => {
  const taught = createTaught(() => clock.now());
  return { taught, attempt: beginAttempt(role, taught) };
};
const proofOf = ({ headers }: RequestHead) => headers.filter(([name]) => name.toLowerCase() === 'dpop');
const claimsOf = (head: RequestHead) =>
  JSON.parse(atob(proofOf(head)[0]![1].split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/')));
const refusal = (error: string, headers: HeaderPairs = [], status = 401): WireAnswer => ({
  status,
  headers: [['WWW-Authenticate', `DPoP error="${error}"`], ...headers],
});
const nonce = (value: string): HeaderPairs => [['dpop-Nonce', value]];

test('D4: prove() binds the proof to the token, and makes another for each sending', async () => {
  const { attempt } = begin();
  const replays = createReplayStore();
  for (let i = 0; i < 3; i++) {
    const head = await attempt.prove(headOf(URL), bound);
    const verdict = await verifyProof(proofOf(head)[0]![1], {
      method: 'GET',
      url: URL,
      token: { accessToken: 'token-1', jkt: key.thumbprint },
      replays,
      now: () => NOW_MS,
    });
    expect(verdict).toMatchObject({ ok: true, jkt: key.thumbprint });
  }
});

test('prove() replaces the proofs of the caller', async () => {
  const head = await begin().attempt.prove(headOf(URL, 'GET', [['dpop', 'own'], ['DPOP', 'own'], ['X-a', '1']]), bound);
  expect(proofOf(head)).toHaveLength(1);
  expect(head.headers.map(([name]) => name)).toEqual(['Host', 'X-a', 'DPoP']);
});

test.each([
  ['/a/../b?c', '/a/../b'],
  ['/a/%2e%2e/b', '/a/%2e%2e/b'],
  ['/%7Ea', '/%7Ea'],
  ['/a|b', '/a|b'],
  ['/?', '/'],
])('D2: prove() signs the target %j as it is sent', async (path, htu) => {
  const head = await begin().attempt.prove({ ...headOf(URL), path }, bound);
  expect(claimsOf(head).htu).toBe(origin + htu);
  expect(head.path).toBe(path);
});

test('prove() refuses to send a token in clear to another machine', async () => {
  await expect(begin().attempt.prove(headOf('http://api.example.com/'), bound)).rejects.toMatchObject({
    code: 'E_PLAINTEXT',
  });
  await expect(begin().attempt.prove(headOf('http://localhost:1/'), bound)).resolves.toBeDefined();
});

test('D6: mend() takes one nonce, then says that there is no end', async () => {
  const { attempt } = begin();
  await attempt.prove(headOf(URL), bound);
  expect(attempt.mend(refusal('use_dpop_nonce', nonce('n1')), true)).toBe('nonce');
  expect(claimsOf(await attempt.prove(headOf(URL), bound)).nonce).toBe('n1');
  expect(() => attempt.mend(refusal('use_dpop_nonce', nonce('n2')), true)).toThrow(
    expect.objectContaining({ code: 'E_DPOP_NONCE' }),
  );
});

test('D6: mend() learns nonces from every answer, for all requests to that server in that role', async () => {
  const { attempt, taught } = begin();
  await attempt.prove(headOf(URL), bound);
  expect(attempt.mend({ status: 200, headers: nonce('n1') }, true)).toBeUndefined();
  expect(claimsOf(await beginAttempt('RS', taught).prove(headOf(URL), bound)).nonce).toBe('n1');
  expect(claimsOf(await beginAttempt('AS', taught).prove(headOf(URL), bound))).not.toHaveProperty('nonce');
  expect(claimsOf(await beginAttempt('RS', taught).prove(headOf('https://b.example/'), bound))).not.toHaveProperty(
    'nonce',
  );
});

test('D7: mend() says that a body cannot be sent twice, and has learnt the nonce for the next request', async () => {
  const { attempt, taught } = begin();
  await attempt.prove(headOf(URL, 'POST'), bound);
  expect(() => attempt.mend(refusal('use_dpop_nonce', nonce('n1')), false)).toThrow(
    expect.objectContaining({ code: 'E_DPOP_NONCE', hint: 'send it again' }),
  );
  expect(claimsOf(await beginAttempt('RS', taught).prove(headOf(URL, 'POST'), bound)).nonce).toBe('n1');
});

test('D8: mend() moves the proofs of an origin by what its clock shows, once', async () => {
  const { attempt } = begin();
  await attempt.prove(headOf(URL), bound);
  const date: HeaderPairs = [['Date', new Date(NOW_MS + 120_000).toUTCString()]];
  expect(attempt.mend(refusal('invalid_dpop_proof', date), true)).toBe('clock');
  expect(claimsOf(await attempt.prove(headOf(URL), bound)).iat).toBe(NOW_MS / 1000 + 120);
  expect(attempt.mend(refusal('invalid_dpop_proof', date), true)).toBeUndefined();
});

test('mend() leaves a refused token, and every other answer, to the caller', async () => {
  const { attempt } = begin();
  await attempt.prove(headOf(URL), bound);
  expect(attempt.mend(refusal('invalid_token'), true)).toBeUndefined();
  expect(attempt.mend({ status: 401, headers: [['WWW-Authenticate', 'Bearer']] }, true)).toBeUndefined();
  expect(attempt.mend({ status: 500, headers: [] }, true)).toBeUndefined();
});

test('mend() reads the error of an authorization server where it is given', async () => {
  const { attempt } = begin('AS');
  await attempt.prove(headOf('https://as.example/token', 'POST'), { key });
  const answer = { status: 400, headers: nonce('n1') };
  expect(attempt.mend(answer, true, 'invalid_grant')).toBeUndefined();
  expect(attempt.mend(answer, true, 'use_dpop_nonce')).toBe('nonce');
  const head = await attempt.prove(headOf('https://as.example/token', 'POST'), { key });
  expect(claimsOf(head)).toMatchObject({ nonce: 'n1', htm: 'POST' });
  expect(claimsOf(head)).not.toHaveProperty('ath');
});
