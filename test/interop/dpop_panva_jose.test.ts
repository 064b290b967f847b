import * as panva from 'dpop';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  createProof,
  createReplayStore,
  generateKey,
  importKey,
  jwkThumbprint,
  type ProofAlgorithm,
  verifyProof,
} from '../../src/dpop/mod.ts';

const method = 'POST';
const url = 'https://rs.example/path';
const accessToken = 'a-token';

test.each(['ES256', 'Ed25519'] as const)('verifyProof() takes %s proofs of panva dpop', async (algorithm) => {
  const keys = await panva.generateKeyPair(algorithm);
  const jkt = await panva.calculateThumbprint(keys.publicKey);
  expect(await jwkThumbprint(await crypto.subtle.exportKey('jwk', keys.publicKey))).toBe(jkt);
  const proof = await panva.generateProof(keys, url, method, 'nonce-1', accessToken);
  const expected = { method, url, token: { accessToken, jkt }, replays: createReplayStore() };
  expect(await verifyProof(proof, { ...expected, isCurrentNonce: (nonce) => nonce === 'nonce-1' })).toMatchObject({
    ok: true,
    jkt,
    algorithm,
  });
  expect(await verifyProof(proof, { ...expected, method: 'GET' })).toMatchObject({ ok: false, fault: 'bad_proof_htm' });
  expect(await verifyProof(proof, { ...expected, token: { accessToken: 'other', jkt } })).toMatchObject({ ok: false });
});

test.each(['ES256', 'Ed25519'] as const)('importKey() takes %s keys of panva dpop', async (algorithm) => {
  const keys = await panva.generateKeyPair(algorithm, { extractable: true });
  const key = await importKey(await crypto.subtle.exportKey('jwk', keys.privateKey));
  expect(key.thumbprint).toBe(await panva.calculateThumbprint(keys.publicKey));
});

describe.each<ProofAlgorithm>(['ES256', 'EdDSA', 'Ed25519'])('%s', (algorithm) => {
  test('jose EmbeddedJWK takes the proofs of createProof()', async () => {
    const key = await generateKey(algorithm === 'ES256' ? 'ES256' : 'Ed25519');
    const proof = await createProof(key, { method, url, accessToken, nonce: 'n', algorithm });
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: [algorithm],
      maxTokenAge: 60,
    });
    expect(payload).toMatchObject({ htm: method, htu: url, nonce: 'n' });
    expect(await calculateJwkThumbprint(protectedHeader.jwk as JWK)).toBe(key.thumbprint);
    const cut = proof.lastIndexOf('.') - 3;
    const broken = proof.slice(0, cut) + (proof[cut] === 'A' ? 'B' : 'A') + proof.slice(cut + 1);
    await expect(jwtVerify(broken, EmbeddedJWK)).rejects.toThrow();
    expect(await verifyProof(broken, { method, url, replays: createReplayStore() })).toMatchObject({ ok: false });
  });
});
