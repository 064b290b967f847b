import { expect, test } from 'vitest';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { type SignatureParams, signMessage } from '../../../src/message_signature/sign_message.ts';
import { verifyMessage, type VerifyMessageOptions } from '../../../src/message_signature/verify_message.ts';

const nowSec = 1_800_000_000;
const key = await generateKey('ES256');
const other = await generateKey('ES256');
const request = {
  method: 'POST',
  url: 'https://a.example/x?q',
  headers: [['Content-Type', 'text/plain'], ['X-A', '1']],
} as const;
const components = ['@method', '@authority', '@path', 'content-type'];
const options: VerifyMessageOptions = { findKey: () => key.publicJwk, now: () => nowSec * 1000 };

async function signed(params: SignatureParams = { created: nowSec, keyid: 'k' }) {
  return { ...request, headers: [...request.headers, ...await signMessage(request, { key, components, params })] };
}

test('verifyMessage() gives what was proven', async () => {
  expect(await verifyMessage(await signed(), options)).toEqual({
    outcome: 'verified',
    signature: {
      label: 'sig1',
      components: components.map((name) => `"${name}"`),
      params: { created: nowSec, keyid: 'k' },
    },
  });
});

test('verifyMessage() does not mind what is not covered', async () => {
  const message = await signed();
  const changed = {
    ...message,
    url: 'https://a.example/x?other',
    headers: [['X-A', '2'] as const, ...message.headers.filter(([name]) => name !== 'X-A')],
  };
  expect(await verifyMessage(changed, options)).toMatchObject({ outcome: 'verified' });
});

test.each<[string, object]>([
  ['another method', { method: 'PUT' }],
  ['another authority', { url: 'https://b.example/x?q' }],
  ['another path', { url: 'https://a.example/y?q' }],
])('verifyMessage() refuses %s', async (_, change) => {
  expect(await verifyMessage({ ...await signed(), ...change }, options)).toEqual({
    outcome: 'invalid',
    fault: 'bad_signature',
  });
});

test('verifyMessage() refuses fields that were changed, dropped or doubled', async () => {
  const { headers, ...rest } = await signed();
  const changed = headers.map(([name, value]) => [name, name === 'Content-Type' ? 'text/html' : value] as const);
  const dropped = headers.filter(([name]) => name !== 'Content-Type');
  const doubled = [...headers, ['Content-Type', 'text/html'] as const];
  const faults = await Promise.all([changed, dropped, doubled].map(async (headers) => {
    const verdict = await verifyMessage({ ...rest, headers }, options);
    return verdict.outcome === 'verified' ? verdict.outcome : verdict.fault;
  }));
  expect(faults).toEqual(['bad_signature', 'underivable', 'bad_signature']);
});

test('verifyMessage() refuses parameters that were changed', async () => {
  const message = await signed({ created: nowSec, expires: nowSec + 10, nonce: 'n' });
  for (
    const [from, to] of [[`created=${nowSec}`, `created=${nowSec - 1}`], ['"n"', '"m"'], ['"@path" ', ''], [
      ';nonce="n"',
      '',
    ]] as const
  ) {
    const headers = message.headers.map(([name, value]) =>
      [name, name === 'Signature-Input' ? value.replace(from, to) : value] as const
    );
    expect(headers).not.toEqual(message.headers);
    expect(await verifyMessage({ ...message, headers }, options)).toEqual({
      outcome: 'invalid',
      fault: 'bad_signature',
    });
  }
});

test.each<[SignatureParams, Partial<VerifyMessageOptions>, string]>([
  [{ created: nowSec - 100, expires: nowSec - 1 }, {}, 'expired'],
  [{ created: nowSec + 31 }, {}, 'in_the_future'],
  [{ created: nowSec + 6 }, { maxAheadSec: 5 }, 'in_the_future'],
  [{ created: nowSec - 61 }, { maxAgeSec: 60 }, 'too_old'],
  [{ keyid: 'k' }, { maxAgeSec: 60 }, 'too_old'],
  [{ created: nowSec }, { requires: ['@method', '@query'] }, 'not_covered'],
  [{ created: nowSec }, { requires: ['"content-type";bs'] }, 'not_covered'],
  [{ created: nowSec }, { label: 'sig2' }, 'unsigned'],
  [{ created: nowSec, tag: 'x' }, { tag: 'y' }, 'unsigned'],
  [{ created: nowSec, keyid: 'x' }, { keyid: 'y' }, 'unsigned'],
  [{ created: nowSec }, { findKey: () => other.publicJwk }, 'bad_signature'],
])('verifyMessage() of %j with %j is %s', async (params, change, fault) => {
  expect(await verifyMessage(await signed(params), { ...options, ...change })).toEqual({ outcome: 'invalid', fault });
});

test.each<[SignatureParams, Partial<VerifyMessageOptions>]>([
  [{ created: nowSec + 29 }, {}],
  [{ created: nowSec - 59 }, { maxAgeSec: 60 }],
  [{ created: nowSec, expires: nowSec }, {}],
  [{}, {}],
  [{ created: nowSec, alg: 'ecdsa-p256-sha256' }, { requires: ['@path', 'Content-Type'] }],
])('verifyMessage() of %j with %j holds', async (params, change) => {
  expect(await verifyMessage(await signed(params), { ...options, ...change })).toMatchObject({ outcome: 'verified' });
});

test('verifyMessage() tells an unknown key from a wrong signature', async () => {
  expect(await verifyMessage(await signed(), { ...options, findKey: async () => undefined })).toEqual({
    outcome: 'unverified',
    fault: 'unknown_key',
  });
});

test('D9: verifyMessage() lets the key decide the algorithm', async () => {
  const message = await signed({ created: nowSec, alg: 'ecdsa-p256-sha256' });
  // Whoever knows the public key could make an HMAC with it as the secret.
  const secret = await crypto.subtle.importKey(
    'raw',
    new TextEncoder().encode(JSON.stringify(key.publicJwk)),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign', 'verify'],
  );
  const params = { created: nowSec, alg: 'hmac-sha256' } as const;
  const forged = {
    ...request,
    headers: [...request.headers, ...await signMessage(request, { key: secret, components, params })],
  };
  expect(await verifyMessage(forged, options)).toEqual({ outcome: 'invalid', fault: 'bad_algorithm' });
  expect(await verifyMessage(message, { ...options, findKey: () => secret })).toEqual({
    outcome: 'invalid',
    fault: 'bad_algorithm',
  });
});

test('verifyMessage() asks for the key with what it found, and not before the rest is right', async () => {
  const asked: unknown[] = [];
  const findKey: VerifyMessageOptions['findKey'] = (signature) => {
    asked.push(signature.params.keyid);
    return key.publicJwk;
  };
  await verifyMessage(await signed({ created: nowSec, expires: nowSec - 1, keyid: 'old' }), { ...options, findKey });
  await verifyMessage(await signed({ created: nowSec, keyid: 'good' }), { ...options, findKey });
  expect(asked).toEqual(['good']);
});
