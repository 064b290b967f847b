import { createHmac, hkdfSync } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { decodeUtf8, encodeUtf8, randomBytes } from '../../../src/encoding/bytes.ts';
import { encodeBase64url } from '../../../src/encoding/base64url.ts';
import { isSigError } from '../../../src/errors.ts';
import { importRootKey } from '../../../src/vault/derive.ts';
import { decodeVersions, deriveMacKey, encodeVersions } from '../../../src/vault/versions.ts';

const dek = randomBytes(32);
const macKey = await deriveMacKey(await importRootKey(dek));
const vault = encodeBase64url(randomBytes(16));
const versions = new Map([['credentials/jira', 7], ['credentials/a', 1]]);
const bytes = await encodeVersions(macKey, vault, versions);

async function codeOf(given: Uint8Array, owner = vault): Promise<string> {
  try {
    await decodeVersions(macKey, owner, given.slice());
    return 'decoded';
  } catch (error) {
    return isSigError(error) ? error.code : `${error}`;
  }
}

test('encodeVersions() writes what decodeVersions() reads', async () => {
  expect(await decodeVersions(macKey, vault, bytes)).toEqual(versions);
  expect(await decodeVersions(macKey, vault, await encodeVersions(macKey, vault, new Map()))).toEqual(new Map());
});

test('encodeVersions() ends with the HMAC-SHA-256 of all before, as the platform computes it', () => {
  const [, body, mac] = /^(.*),"mac":"(.*)"\}\n$/.exec(decodeUtf8(bytes))!;
  const key = Buffer.from(hkdfSync('sha256', dek, '', 'sig 1 versions', 32));
  expect(mac).toBe(createHmac('sha256', key).update(body!).digest('base64url'));
});

test('S9: of all single-bit changes of the index, none is accepted', async () => {
  const codes = new Set<string>();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = bytes.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    codes.add(await codeOf(changed));
  }
  expect([...codes].sort()).toEqual(['E_CORRUPT', 'E_KEY_MISSING', 'E_TAMPER']);
});

test('decodeVersions() tells an index of another vault, another key and garbage', async () => {
  expect(await codeOf(bytes, encodeBase64url(randomBytes(16)))).toBe('E_KEY_MISSING');
  const otherKey = await deriveMacKey(await importRootKey(randomBytes(32)));
  expect(await codeOf(await encodeVersions(otherKey, vault, versions))).toBe('E_TAMPER');
  for (const garbage of ['', '{}', decodeUtf8(bytes).trimEnd(), decodeUtf8(bytes).replace(/,"mac".*/, '}')]) {
    expect(await codeOf(encodeUtf8(garbage))).toBe('E_CORRUPT');
  }
});
