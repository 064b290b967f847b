import { expect, test } from 'vitest';
import { knownKey } from '../../../src/dpop/known_key.ts';
import { generateKey } from '../../../src/encoding/signing_key.ts';

test('knownKey() imports a key once', async () => {
  const { publicJwk, thumbprint } = await generateKey('ES256');
  const first = await knownKey(publicJwk);
  expect(first.thumbprint).toBe(thumbprint);
  expect(await knownKey({ ...publicJwk })).toBe(first);
});

test('knownKey() tells two keys apart that share a coordinate', async () => {
  const [one, other] = await Promise.all([generateKey('ES256'), generateKey('ES256')]);
  await knownKey(one.publicJwk);
  await expect(knownKey({ ...one.publicJwk, y: (other.publicJwk as { y: string }).y } as typeof one.publicJwk)).rejects
    .toThrow(TypeError);
});

test('knownKey() forgets the key seen least recently', async () => {
  const { publicJwk } = await generateKey('Ed25519');
  const first = await knownKey(publicJwk);
  for (let i = 0; i < 256; i++) await knownKey((await generateKey('Ed25519')).publicJwk);
  const second = await knownKey(publicJwk);
  expect(second).not.toBe(first);
  expect(second.thumbprint).toBe(first.thumbprint);
});
