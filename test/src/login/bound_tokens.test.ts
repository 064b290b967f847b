import { expect, test } from 'vitest';
import { createReplayStore } from '../../../src/dpop/replay_store.ts';
import { verifyProof } from '../../../src/dpop/verify_proof.ts';
import { jwkThumbprint } from '../../../src/encoding/jwk_thumbprint.ts';
import { obtainBound } from '../../../src/login/bound_tokens.ts';
import { obtainOAuth2 } from '../../../src/login/oauth2.ts';
import { Secret } from '../../../src/secret.ts';
import { answer, fixedClock, makeOAuthProvider, NOW_MS, scriptedSend, type Seen } from '../../_lib/fixture.ts';

const TOKEN_URL = 'https://as.example.com/token';
const client = { tokenUrl: TOKEN_URL, clientId: 'client', clientSecret: 'client-secret' };
const bound = makeOAuthProvider({ oauth2: { ...client, dpop: true } });
const good = { access_token: 'at', token_type: 'DPoP', expires_in: 60, refresh_token: 'rt-2' };
const useNonce = (nonce: string) => answer(400, { error: 'use_dpop_nonce' }, [['DPoP-Nonce', nonce]]);

function obtain(send: ReturnType<typeof scriptedSend>, provider = bound, key?: Secret<JsonWebKey>, refresh?: string) {
  const known = refresh === undefined ? undefined : { refreshToken: new Secret(refresh) };
  const ports = { send, clock: fixedClock(), env: () => undefined };
  return obtainBound(provider, key, ports, (signing) => obtainOAuth2(provider, known, signing));
}
async function jktOf(seen: Seen, nonce?: string): Promise<string> {
  const verdict = await verifyProof(seen.header('dpop') ?? null, {
    method: 'POST',
    url: TOKEN_URL,
    now: () => NOW_MS,
    replays: createReplayStore(),
    ...(nonce === undefined ? {} : { isCurrentNonce: (given: string) => given === nonce }),
  });
  if (!verdict.ok) throw new Error(verdict.fault);
  return verdict.jkt;
}

test('obtainBound() proves a new key to the token endpoint and keeps it with the login', async () => {
  const send = scriptedSend(() => answer(200, good));
  const { keys } = await obtain(send);
  expect(keys!.dpop!.reveal()).toMatchObject({ kty: 'EC', alg: 'ES256', d: expect.any(String) });
  expect(await jktOf(send.seen[0]!)).toBe(await jwkThumbprint(keys!.dpop!.reveal()));
  expect((await obtain(send)).keys!.dpop!.reveal().d).not.toBe(keys!.dpop!.reveal().d);
});

test('obtainBound() is the grant itself where the provider does not say dpop', async () => {
  const send = scriptedSend(() => answer(200, { ...good, token_type: 'Bearer' }));
  const credential = await obtain(send, makeOAuthProvider());
  expect(credential).not.toHaveProperty('keys');
  expect(send.seen[0]!.header('dpop')).toBeUndefined();
});

test('obtainBound() refreshes with the same key', async () => {
  const send = scriptedSend(() => answer(200, good));
  const first = await obtain(send);
  const second = await obtain(send, bound, first.keys!.dpop, 'rt-1');
  expect(second.keys!.dpop).toBe(first.keys!.dpop);
  expect(send.seen[1]!.body).toContain('refresh_token=rt-1');
  expect(await jktOf(send.seen[1]!)).toBe(await jktOf(send.seen[0]!));
});

test('obtainBound() gives the server the nonce that it wants, once, each time with a proof of its own', async () => {
  const send = scriptedSend((_, count) => count === 1 ? useNonce('n1') : answer(200, good));
  await obtain(send);
  expect(send.seen).toHaveLength(2);
  expect(await jktOf(send.seen[1]!, 'n1')).toBe(await jktOf(send.seen[0]!));
  expect(send.seen[0]!.header('dpop')).not.toBe(send.seen[1]!.header('dpop'));
  expect(send.seen[0]!.body).toBe(send.seen[1]!.body);
});

test('D6: a token endpoint that asks for nonces for ever is asked twice', async () => {
  const send = scriptedSend((_, count) => useNonce(`n${count}`));
  await expect(obtain(send)).rejects.toMatchObject({ code: 'E_DPOP_NONCE' });
  expect(send.seen).toHaveLength(2);
});

test.each(['Bearer', 'bearer', 'mac'])('D13: a %s token is refused where a bound one was asked for', async (type) => {
  const send = scriptedSend(() => answer(200, { ...good, token_type: type }));
  await expect(obtain(send)).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE', hint: expect.stringContaining('dpop') });
});

test('obtainBound() chooses an algorithm that the issuer names', async () => {
  const issuer = 'https://as.example.com';
  const metadata = (algorithms: string[]) => ({
    issuer,
    token_endpoint: TOKEN_URL,
    dpop_signing_alg_values_supported: algorithms,
  });
  const provider = makeOAuthProvider({ oauth2: { issuer, clientId: 'c', clientSecret: 's', dpop: true } });
  const obtainFrom = (...algorithms: string[]) =>
    obtain(scriptedSend((seen) => answer(200, seen.head.method === 'GET' ? metadata(algorithms) : good)), provider);
  expect((await obtainFrom('RS256', 'EdDSA')).keys!.dpop!.reveal()).toMatchObject({ crv: 'Ed25519', alg: 'EdDSA' });
  expect((await obtainFrom('Ed25519')).keys!.dpop!.reveal()).toMatchObject({ crv: 'Ed25519', alg: 'Ed25519' });
  await expect(obtainFrom('RS256')).rejects.toMatchObject({ code: 'E_SIGNING_KEY' });
});

test('obtainBound() hands on what the server says against the grant', async () => {
  await expect(obtain(scriptedSend(() => answer(400, { error: 'invalid_grant' })), bound, undefined, 'rt')).rejects
    .toMatchObject({ code: 'E_LOGIN_REQUIRED' });
  await expect(obtain(scriptedSend(() => answer(401, '<html>')))).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
  await expect(obtain(scriptedSend(() => answer(503)))).rejects.toMatchObject({ code: 'E_UPSTREAM' });
});

test('obtainBound() tells the grant the thumbprint of the key, where there is one', async () => {
  const told: (string | undefined)[] = [];
  for (const provider of [bound, makeOAuthProvider()]) {
    const tokenType = provider === bound ? 'DPoP' : 'Bearer';
    const send = scriptedSend(() => answer(200, { ...good, token_type: tokenType }));
    const ports = { send, clock: fixedClock(), env: () => undefined };
    const { keys } = await obtainBound(provider, undefined, ports, (signing, jkt) => {
      told.push(jkt);
      return obtainOAuth2(provider, undefined, signing);
    });
    if (keys) expect(told[0]).toBe(await jwkThumbprint(keys.dpop!.reveal()));
  }
  expect(told).toEqual([expect.any(String), undefined]);
});
