// http-message-signatures and http-message-sig: two implementations of RFC 9421 by others, as
// verifiers of what we sign and signers of what we verify.
import { Buffer } from 'node:buffer';
import * as sig from 'http-message-sig';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  exportKey,
  generateKey,
  importKey,
  type SigningKey,
  signMessage,
  verifyMessage,
} from '../../src/message_signature/mod.ts';
import { importPublicKey } from '../../src/encoding/signing_key.ts';

const url = 'https://example.com/foo%20bar?param=Value&Pet=dog&empty=&sp=a+b';
const pairs = [
  ['Content-Type', 'application/json'],
  ['Example-Dict', 'a=1,    b=2;x=1;y=2,   c=(a   b   c)'],
  ['X-Two', ' one'],
  ['X-Two', 'two '],
] as const;
const request = { method: 'POST', url, headers: pairs };
const COMPONENTS = [
  '@method',
  '@authority',
  '@scheme',
  '@target-uri',
  '@path',
  '@query',
  '"@query-param";name="Pet"',
  '"@query-param";name="empty"',
  'content-type',
  'x-two',
  '"example-dict";key="b"',
  '"example-dict";key="c"',
  '"x-two";bs',
];
const KINDS = [['ed25519', 'Ed25519'], ['ecdsa-p256-sha256', 'ES256']] as const;

/** One key in three hands. */
async function keyOf(kind: 'Ed25519' | 'ES256'): Promise<{ key: SigningKey; jwk: JsonWebKey; web: CryptoKey }> {
  const jwk = await exportKey(await generateKey(kind, { extractable: true }));
  const key = await importKey(jwk);
  return { key, jwk, web: await importPublicKey(key.publicJwk) };
}

const record = (fields: readonly (readonly [string, string])[]) => {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of fields) (headers[name.toLowerCase()] ??= []).push(value);
  return headers;
};

test.each(KINDS)('http-message-signatures takes what signMessage() makes with %s', async (alg, kind) => {
  const { key } = await keyOf(kind);
  const fields = await signMessage(request, {
    key,
    components: COMPONENTS,
    params: { created: now(), keyid: 'k', alg, expires: now() + 60 },
  });
  const publicKey = createPublicKey({ key: key.publicJwk as never, format: 'jwk' });
  const verify = (headers: Record<string, string[]>) =>
    httpbis.verifyMessage({
      keyLookup: () => Promise.resolve({ id: 'k', algs: [alg], verify: createVerifier(publicKey, alg) }),
    }, { method: 'POST', url, headers });
  expect(await verify(record([...pairs, ...fields]))).toBe(true);
  const changed = record([...pairs, ...fields]);
  changed['content-type'] = ['text/plain'];
  expect(await verify(changed)).toBe(false);
});

test.each(KINDS)('verifyMessage() takes what http-message-signatures makes with %s', async (alg, kind) => {
  const { key, jwk } = await keyOf(kind);
  const privateKey = createPrivateKey({ key: jwk as never, format: 'jwk' });
  const signed = await httpbis.signMessage(
    {
      key: createSigner(privateKey, alg, 'k'),
      fields: COMPONENTS,
      params: ['created', 'keyid', 'alg', 'expires'],
      paramValues: { expires: new Date((now() + 60) * 1000) },
    },
    { method: 'POST', url, headers: record(pairs) },
  );
  const headers = Object.entries(signed.headers).flatMap(([name, value]) =>
    [value].flat().map((line) => [name, line] as const)
  );
  const verdict = await verifyMessage({ method: 'POST', url, headers }, {
    findKey: () => key.publicJwk,
    maxAgeSec: 60,
  });
  expect(verdict).toMatchObject({ outcome: 'verified', signature: { params: { keyid: 'k', alg } } });
  expect(await verifyMessage({ method: 'PUT', url, headers }, { findKey: () => key.publicJwk })).toEqual({
    outcome: 'invalid',
    fault: 'bad_signature',
  });
});

test('verifyMessage() and http-message-signatures agree on responses with their request', async () => {
  const { key, jwk } = await keyOf('Ed25519');
  const response = { status: 201, headers: [['Content-Type', 'text/plain']] as const, request };
  const components = ['@status', 'content-type', '"@method";req', '"@path";req', '"x-two";req'];
  const fields = await signMessage(response, {
    key,
    components,
    params: { created: now(), keyid: 'k', alg: 'ed25519' },
  });
  const publicKey = createPublicKey({ key: key.publicJwk as never, format: 'jwk' });
  const theirs = { method: 'POST', url, headers: record(pairs) };
  const config = {
    keyLookup: () => Promise.resolve({ id: 'k', algs: ['ed25519'], verify: createVerifier(publicKey, 'ed25519') }),
  };
  expect(
    await httpbis.verifyMessage(config, { status: 201, headers: record([...response.headers, ...fields]) }, theirs),
  ).toBe(true);
  const signed = await httpbis.signMessage(
    { key: createSigner(createPrivateKey({ key: jwk as never, format: 'jwk' }), 'ed25519', 'k'), fields: components },
    { status: 201, headers: record(response.headers) },
    theirs,
  );
  const headers = Object.entries(signed.headers).flatMap(([name, value]) =>
    [value].flat().map((line) => [name, line] as const)
  );
  expect(await verifyMessage({ ...response, headers }, { findKey: () => key.publicJwk })).toMatchObject({
    outcome: 'verified',
  });
});

// It knows Ed25519 alone, and neither "bs" nor "@query-param".
test('http-message-sig takes what signMessage() makes', async () => {
  const alg = 'ed25519';
  const { key, web } = await keyOf('Ed25519');
  const components = COMPONENTS.filter((component) =>
    !component.endsWith(';bs') && !component.startsWith('"@query-param"')
  );
  const fields = await signMessage(request, { key, components, params: { created: now(), keyid: 'k', alg } });
  const message: sig.RequestDescriptor = {
    kind: 'request',
    method: 'POST',
    targetUri: url,
    fields: [...pairs, ...fields].map(([name, value]) => ({ name, value })),
  };
  const options = {
    policy: {
      algorithms: [alg],
      requiredComponents: ['@method', '@path'],
      requiredParameters: ['created'],
      maxAge: 60,
    },
    resolveVerifier: () => sig.webcrypto.verifier(web),
  };
  expect(await sig.verifySignature(message, options)).toMatchObject({ label: 'sig1', algorithm: alg });
  await expect(sig.verifySignature({ ...message, method: 'PUT' }, options)).rejects.toThrow();
});

test('verifyMessage() takes what http-message-sig makes', async () => {
  const { key, jwk } = await keyOf('Ed25519');
  const signer = sig.webcrypto.signer(await crypto.subtle.importKey('jwk', jwk, { name: 'Ed25519' }, false, ['sign']));
  const message: sig.RequestDescriptor = {
    kind: 'request',
    method: 'POST',
    targetUri: url,
    fields: pairs.map(([name, value]) => ({ name, value })),
  };
  const { signature, signatureInput } = await sig.createSignature(message, {
    label: 'theirs',
    components: [
      '@method',
      '@target-uri',
      'content-type',
      'x-two',
      { name: 'example-dict', parameters: { key: 'c' } },
    ],
    parameters: { created: now(), nonce: 'n', tag: 'a "tag"', keyid: 'k' },
    signer,
  });
  const headers = [...pairs, ['Signature', signature], ['Signature-Input', signatureInput]] as const;
  const verdict = await verifyMessage({ ...request, headers }, {
    tag: 'a "tag"',
    requires: ['"example-dict";key="c"'],
    findKey: () => key.publicJwk,
  });
  expect(verdict).toMatchObject({ outcome: 'verified', signature: { label: 'theirs', params: { nonce: 'n' } } });
});

test('the oracles agree on bytes: one Ed25519 signature, made three times', async () => {
  const { key, jwk } = await keyOf('Ed25519');
  const params = { created: 1_618_884_473, keyid: 'k', alg: 'ed25519' } as const;
  const components = ['@method', '@target-uri', 'x-two'];
  const ours = await signMessage(request, { key, components, params });
  const signer = createSigner(createPrivateKey({ key: jwk as never, format: 'jwk' }), 'ed25519', 'k');
  const theirs = await httpbis.signMessage(
    {
      key: signer,
      name: 'sig1',
      fields: components,
      params: ['created', 'keyid', 'alg'],
      paramValues: { created: new Date(params.created * 1000) },
    },
    { method: 'POST', url, headers: record(pairs) },
  );
  const web = sig.webcrypto.signer(await crypto.subtle.importKey('jwk', jwk, { name: 'Ed25519' }, false, ['sign']));
  const message: sig.RequestDescriptor = {
    kind: 'request',
    method: 'POST',
    targetUri: url,
    fields: pairs.map(([name, value]) => ({ name, value })),
  };
  const third = await sig.createSignature(message, { label: 'sig1', components, parameters: params, signer: web });
  expect(ours).toEqual([['Signature-Input', theirs.headers['Signature-Input']], [
    'Signature',
    theirs.headers['Signature'],
  ]]);
  expect(third.signature).toBe(ours[1]![1]);
  expect(Buffer.from(ours[0]![1]).toString()).toBe(third.signatureInput);
});

function now(): number {
  return Math.floor(Date.now() / 1000);
}
