// web-bot-auth: the verifier and signer that the first deployments run, for the legacy profile.
import * as sig from 'http-message-sig';
import { createVerifier, httpbis } from 'http-message-signatures';
import { createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import * as theirs from 'web-bot-auth';
import { signerFromJWK, verifierFromJWK } from 'web-bot-auth/crypto';
import {
  exportKey,
  generateKey,
  importKey,
  signWebBotAuth,
  verifyWebBotAuth,
} from '../../src/message_signature/mod.ts';
import { importPublicKey } from '../../src/encoding/signing_key.ts';

const url = 'https://shop.example/catalogue?page=2';
const agent = 'https://bot.example';
const jwk = await exportKey(await generateKey('Ed25519', { extractable: true }));
const key = await importKey(jwk);

test('web-bot-auth takes what signWebBotAuth() makes in the legacy profile', async () => {
  const request = new Request(url);
  const fields = await signWebBotAuth(request, { key, agent, profile: 'legacy-string' });
  const signed = new Request(request, { headers: [...request.headers, ...fields] as [string, string][] });
  const verifier = await verifierFromJWK(jwk);
  await expect(theirs.verify(signed, verifier)).resolves.toBeUndefined();
  await expect(theirs.verify(new Request('https://other.example/', { headers: signed.headers }), verifier)).rejects
    .toThrow();
});

// Its verifier takes a query that is not there for nothing, where RFC 9421 §2.2.7 has "?".
test('web-bot-auth takes a legacy signature of a URL without a query', async () => {
  const request = new Request('https://shop.example/');
  const fields = await signWebBotAuth(request, { key, agent, profile: 'legacy-string' });
  expect(fields.find(([name]) => name === 'Signature-Input')![1]).not.toContain('@query');
  const signed = new Request(request, { headers: [...request.headers, ...fields] as [string, string][] });
  await expect(theirs.verify(signed, await verifierFromJWK(jwk))).resolves.toBeUndefined();
  const current = await signWebBotAuth(request, { key, agent });
  expect(current.find(([name]) => name === 'Signature-Input')![1]).toContain('"@query"');
});

// It does not know the dictionary yet; generic verifiers of RFC 9421 do.
test('http-message-sig and http-message-signatures take what signWebBotAuth() makes in the dictionary profile', async () => {
  const fields = await signWebBotAuth({ method: 'GET', url, headers: [] }, { key, agent, label: 'me' });
  const web = await importPublicKey(key.publicJwk);
  const verify = (targetUri: string) =>
    sig.verifySignature({
      kind: 'request',
      method: 'GET',
      targetUri,
      fields: fields.map(([name, value]) => ({ name, value })),
    }, {
      policy: {
        algorithms: ['ed25519'],
        requiredComponents: ['@authority', { name: 'signature-agent', parameters: { key: 'me' } }],
        requiredParameters: ['expires'],
      },
      resolveVerifier: () => sig.webcrypto.verifier(web),
    });
  expect(await verify(url)).toMatchObject({ label: 'me', parameters: { tag: 'web-bot-auth' } });
  await expect(verify('https://other.example/catalogue?page=2')).rejects.toThrow();
  const publicKey = createPublicKey({ key: key.publicJwk as never, format: 'jwk' });
  const keyLookup = () =>
    Promise.resolve({ id: key.thumbprint, algs: ['ed25519'], verify: createVerifier(publicKey, 'ed25519') });
  const headers = Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]));
  expect(await httpbis.verifyMessage({ keyLookup }, { method: 'GET', url, headers })).toBe(true);
});

test('verifyWebBotAuth() takes what web-bot-auth makes, with an agent and without', async () => {
  const signer = await signerFromJWK(jwk);
  expect(signer.keyid).toBe(key.thumbprint);
  const created = new Date();
  const expires = new Date(created.getTime() + 60_000);
  for (const extra of [{}, { 'Signature-Agent': `"${agent}"` }]) {
    const request = new Request(url, { headers: extra });
    const fields = await theirs.signatureHeaders(request, signer, { created, expires });
    const signed = new Request(request, { headers: { ...extra, ...fields } as unknown as Record<string, string> });
    const verdict = await verifyWebBotAuth(signed, {
      findKey: ({ keyid }) => keyid === key.thumbprint ? key.publicJwk : undefined,
    });
    expect(verdict).toMatchObject({
      outcome: 'verified',
      bot: { keyid: key.thumbprint, ...('Signature-Agent' in extra ? { agent } : {}) },
    });
    const moved = { method: 'GET', url: 'https://other.example/', headers: signed.headers };
    expect(await verifyWebBotAuth(moved, { findKey: () => key.publicJwk })).toEqual({
      outcome: 'invalid',
      fault: 'bad_signature',
    });
  }
});

test('both make the same nonces: 64 bytes in base64', async () => {
  const [, input] = await signWebBotAuth(new Request(url), { key, agent });
  const nonce = /nonce="([^"]*)"/.exec(input![1])![1]!;
  expect(theirs.validateNonce(nonce)).toBe(true);
  expect(theirs.generateNonce().length).toBe(nonce.length);
});
