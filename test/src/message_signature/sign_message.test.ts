import { expect, test } from 'vitest';
import { isSigError } from '../../../src/errors.ts';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { signMessage, type SignMessageOptions } from '../../../src/message_signature/sign_message.ts';
import { verifyMessage } from '../../../src/message_signature/verify_message.ts';

const key = await generateKey('Ed25519');
const request = { method: 'POST', url: 'https://a.example/x?q', headers: [['Content-Type', 'text/plain']] } as const;

test('signMessage() writes parameters in the order given, and only those', async () => {
  const params = { tag: 't', created: 5, keyid: 'k', expires: 9, alg: 'ed25519', nonce: 'n' } as const;
  const [input, signature] = await signMessage(request, {
    key,
    label: 'me',
    components: ['@method', 'Content-Type'],
    params,
  });
  expect(input).toEqual([
    'Signature-Input',
    'me=("@method" "content-type");tag="t";created=5;keyid="k";expires=9;alg="ed25519";nonce="n"',
  ]);
  expect(signature).toEqual(['Signature', expect.stringMatching(/^me=:[A-Za-z0-9+/]{86}==:$/)]);
});

test('signMessage() has defaults that name time and key', async () => {
  const [input] = await signMessage(request, { key, components: [] });
  const [, created, keyid] = /^sig1=\(\);created=(\d+);keyid="(.*)"$/.exec(input![1])!;
  expect(Math.abs(Number(created) - Date.now() / 1000)).toBeLessThan(5);
  expect(keyid).toBe(key.thumbprint);
});

test('signMessage() signs requests and responses of the Fetch API', async () => {
  const web = new Request('https://a.example/x', {
    method: 'PUT',
    body: 'b',
    headers: { 'Content-Type': 'text/plain' },
  });
  const response = Object.assign(new Response('b', { status: 201 }), { request: web });
  const fields = await signMessage(response, { key, components: ['@status', '"@method";req'] });
  const signed = {
    status: 201,
    headers: new Headers([...response.headers, ...fields] as [string, string][]),
    request: web,
  };
  expect(await verifyMessage(signed, { findKey: () => key.publicJwk })).toMatchObject({ outcome: 'verified' });
});

test('signMessage() can sign what is signed already, under another name', async () => {
  const first = await signMessage(request, { key, components: ['@method'] });
  const signed = { ...request, headers: [...request.headers, ...first] };
  const second = await signMessage(signed, {
    key,
    label: 'proxy',
    components: ['"signature";key="sig1"', '@authority'],
  });
  const both = { ...signed, headers: [...signed.headers, ...second] };
  for (const label of ['sig1', 'proxy']) {
    expect(await verifyMessage(both, { label, findKey: () => key.publicJwk })).toMatchObject({ outcome: 'verified' });
  }
  await expect(signMessage(signed, { key, components: [] })).rejects.toSatisfy((error) =>
    isSigError(error, 'E_SIGNATURE')
  );
});

test.each<Partial<SignMessageOptions>>([
  { components: ['x-none'] },
  { components: ['@method', '@method'] },
  { components: ['@status'] },
  { components: ['"bad'] },
  { label: 'Bad Label' },
  { params: { tag: 'ü' } },
  { params: { created: 1.5 } },
])('signMessage(%j) is E_SIGNATURE', async (options) => {
  await expect(signMessage(request, { key, components: [], ...options }))
    .rejects.toSatisfy((error) => isSigError(error, 'E_SIGNATURE'));
});

test('signMessage() refuses to name another algorithm than that of the key', async () => {
  await expect(signMessage(request, { key, components: [], params: { alg: 'ecdsa-p256-sha256' } })).rejects.toThrow(
    TypeError,
  );
});
