import { expect, test } from 'vitest';
import { publicKeys } from '../../../cli/command/public_keys.ts';
import { exportKey, generateKey } from '../../../src/encoding/signing_key.ts';
import { Secret } from '../../../src/secret.ts';
import { makeCredential, makeProvider } from '../../_lib/fixture.ts';

test('publicKeys() names the keys by their thumbprints', async () => {
  const key = await generateKey('ES256', { extractable: true });
  const jwk = await exportKey(key);
  const shown = await publicKeys(makeCredential(makeProvider(), {}, { keys: { dpop: new Secret(jwk) } }));
  expect(shown).toEqual({ keys: { dpop: key.thumbprint } });
  expect(JSON.stringify(shown)).not.toContain(jwk.d);
});

test('publicKeys() of a login without keys is nothing', async () => {
  expect(await publicKeys(makeCredential(makeProvider()))).toEqual({});
});
