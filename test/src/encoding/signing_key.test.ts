import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import {
  exportKey,
  generateKey,
  importKey,
  importPublicKey,
  type KeyKind,
  readPublicJwk,
  signBytes,
  verifyBytes,
} from '../../../src/encoding/signing_key.ts';

const KINDS: readonly KeyKind[] = ['ES256', 'Ed25519'];

describe.each(KINDS)('%s', (kind) => {
  test('generateKey() makes a key that does not open', async () => {
    const key = await generateKey(kind);
    expect(key).toMatchObject({ kind, thumbprint: expect.stringMatching(/^[\w-]{43}$/) });
    expect(key.privateKey.extractable).toBe(false);
    expect(Object.keys(key.publicJwk)).toEqual(kind === 'ES256' ? ['kty', 'crv', 'x', 'y'] : ['kty', 'crv', 'x']);
    await expect(exportKey(key)).rejects.toThrow('not extractable');
    await expect(crypto.subtle.exportKey('jwk', key.privateKey)).rejects.toThrow();
  });

  test('signBytes() and verifyBytes() agree, and a changed byte does not pass', async () => {
    const key = await generateKey(kind);
    const bytes = encodeUtf8('text');
    const signature = new Uint8Array(await signBytes(key, bytes));
    const publicKey = await importPublicKey(key.publicJwk);
    expect(signature.length).toBe(64);
    expect(await verifyBytes(kind, publicKey, signature, bytes)).toBe(true);
    expect(await verifyBytes(kind, publicKey, signature, encodeUtf8('texu'))).toBe(false);
    signature[5]! ^= 1;
    expect(await verifyBytes(kind, publicKey, signature, bytes)).toBe(false);
  });

  test('importKey() ignores members that do not make the key', async () => {
    const jwk = await exportKey(await generateKey(kind, { extractable: true }));
    const key = await importKey({ ...jwk, alg: 'nonsense', use: 'enc', key_ops: ['verify'], ext: false });
    expect(key.privateKey.extractable).toBe(false);
    expect((await signBytes(key, encodeUtf8('x'))).byteLength).toBe(64);
  });

  test('D10: the private member is not in anything a key prints', async () => {
    const open = await generateKey(kind, { extractable: true });
    const { d } = await exportKey(open);
    const closed = await importKey(await exportKey(open));
    for (const key of [open, closed]) {
      for (const text of [JSON.stringify(key), String(key), inspect(key, { depth: 9, showHidden: true })]) {
        expect(text).not.toContain(d);
      }
    }
  });

  test('importKey() refuses a private half of another key', async () => {
    const [one, other] = await Promise.all(
      [1, 2].map(async () => exportKey(await generateKey(kind, { extractable: true }))),
    );
    await expect(importKey({ ...one!, d: other!.d! })).rejects.toThrow(TypeError);
  });

  test('importKey() refuses public keys, long and short members, and padding', async () => {
    const jwk = await exportKey(await generateKey(kind, { extractable: true }));
    const { d, ...publicJwk } = jwk;
    for (
      const bad of [publicJwk, { ...jwk, d: `${d}=` }, { ...jwk, d: d!.slice(1) }, { ...jwk, x: `${jwk.x}A` }, {
        ...jwk,
        x: undefined,
      }]
    ) {
      await expect(importKey(bad as JsonWebKey)).rejects.toThrow(TypeError);
    }
  });
});

test('generateKey() refuses another kind', async () => {
  await expect(generateKey('RS256' as KeyKind)).rejects.toThrow(TypeError);
});

test('readPublicJwk() drops every member that is not public', async () => {
  const jwk = await exportKey(await generateKey('Ed25519', { extractable: true }));
  expect(readPublicJwk({ ...jwk, kid: 'me' } as JsonWebKey).publicJwk).toEqual({
    kty: 'OKP',
    crv: 'Ed25519',
    x: jwk.x,
  });
});

test.each([
  [{ kty: 'EC', crv: 'P-384', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
  [{ kty: 'OKP', crv: 'X25519', x: 'A'.repeat(43) }],
  [{ kty: 'RSA', n: 'AA', e: 'AQAB' }],
  [{ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43) }],
  // The last character carries bits that no 32 bytes have: a second spelling of the same key.
  [{ kty: 'OKP', crv: 'Ed25519', x: `${'A'.repeat(42)}B` }],
])('readPublicJwk(%j) is refused', (jwk) => {
  expect(() => readPublicJwk(jwk)).toThrow(TypeError);
});

test('importPublicKey() refuses a point that is not on the curve', async () => {
  const jwk = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) } as const;
  await expect(importPublicKey(jwk)).rejects.toThrow(TypeError);
});

test('importPublicKey() takes the points of P-256', async () => {
  for (let i = 0; i < 50; i++) await importPublicKey((await generateKey('ES256')).publicJwk);
});
