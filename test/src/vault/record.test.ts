import { createDecipheriv, hkdfSync } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { decodeUtf8, encodeUtf8, randomBytes } from '../../../src/encoding/bytes.ts';
import { encodeBase64url } from '../../../src/encoding/base64url.ts';
import { isSigError } from '../../../src/errors.ts';
import { importRootKey } from '../../../src/vault/derive.ts';
import {
  encodeRecord,
  isSealed,
  MAX_RECORD_BYTES,
  openRecord,
  parseRecord,
  sealRecord,
} from '../../../src/vault/record.ts';

const dek = randomBytes(32);
const root = await importRootKey(dek);
const vault = encodeBase64url(randomBytes(16));
const jira = { vault, name: 'credentials/jira' };
const value = { token: 'a'.repeat(40), when: 1 };
const sealed = await sealRecord(root, { ...jira, version: 7 }, value);

/** What stands in the way of opening these bytes as that record; `undefined` when nothing does. */
async function refusal(bytes: Uint8Array, expected = jira): Promise<string | undefined> {
  try {
    await openRecord(root, expected, parseRecord(bytes));
    return undefined;
  } catch (error) {
    return isSigError(error) ? error.code : `${error}`;
  }
}

test('sealRecord() makes one line of JSON that openRecord() opens', async () => {
  expect(decodeUtf8(sealed)).toMatch(/^\{.*\}\n$/);
  expect(JSON.parse(decodeUtf8(sealed))).toMatchObject({ format: 'sig-sealed-1', vault, name: jira.name, version: 7 });
  expect(decodeUtf8(sealed)).not.toContain('aaaa');
  expect(await openRecord(root, jira, parseRecord(sealed))).toEqual(value);
});

test('sealRecord() makes what OpenSSL opens with a key from HKDF and the members as associated data', () => {
  const { salt, iv, data } = parseRecord(sealed);
  const key = Buffer.from(hkdfSync('sha256', dek, salt, 'sig 1 record', 32));
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(JSON.stringify(['sig-sealed-1', vault, jira.name, 7])));
  decipher.setAuthTag(data.slice(-16));
  const text = Buffer.concat([decipher.update(data.slice(0, -16)), decipher.final()]).toString();
  expect(JSON.parse(text)).toEqual(value);
});

test.each([null, false, 0, '', [], {}, [1, { a: null }], 'é\u0000\u{1F600}'])('sealRecord() keeps %j', async (kept) => {
  const bytes = await sealRecord(root, { ...jira, version: 1 }, kept);
  expect(await openRecord(root, jira, parseRecord(bytes))).toEqual(kept);
});

test('sealRecord() refuses what JSON cannot hold, and what would take more than 1 MiB', async () => {
  await expect(sealRecord(root, { ...jira, version: 1 }, undefined)).rejects.toThrow(TypeError);
  await expect(sealRecord(root, { ...jira, version: 1 }, () => {})).rejects.toThrow(TypeError);
  await expect(sealRecord(root, { ...jira, version: 1 }, 'x'.repeat(800_000))).rejects.toMatchObject({
    code: 'E_STORE',
  });
  const large = await sealRecord(root, { ...jira, version: 1 }, 'x'.repeat(780_000));
  expect(large.length).toBeLessThanOrEqual(MAX_RECORD_BYTES);
});

test('S4: no salt and no nonce comes twice in 10,000 seals', async () => {
  // The key is a function of the salt alone (of one vault key), so distinct salts are distinct (key, nonce) pairs
  // already. Across processes: test/cli/platform/vault_home.test.ts.
  const [salts, nonces] = [new Set<string>(), new Set<string>()];
  for (let batch = 0; batch < 20; batch++) {
    const all = await Promise.all(Array.from({ length: 500 }, () => sealRecord(root, { ...jira, version: 1 }, 0)));
    for (const { salt, iv } of all.map(parseRecord)) {
      salts.add(encodeBase64url(salt));
      nonces.add(encodeBase64url(iv));
    }
  }
  expect([salts.size, nonces.size]).toEqual([10_000, 10_000]);
});

test('S5: openRecord() refuses a record that was moved to another name, vault or version', async () => {
  expect(await refusal(sealed, { vault, name: 'credentials/confluence' })).toBe('E_TAMPER');
  expect(await refusal(sealed, { vault: encodeBase64url(randomBytes(16)), name: jira.name })).toBe('E_TAMPER');
  const record = parseRecord(sealed);
  const other = { vault: encodeBase64url(randomBytes(16)), name: 'credentials/confluence' };
  expect(await refusal(encodeRecord({ ...record, name: other.name }), { vault, name: other.name })).toBe('E_TAMPER');
  expect(await refusal(encodeRecord({ ...record, vault: other.vault }), { vault: other.vault, name: jira.name })).toBe(
    'E_TAMPER',
  );
  for (const version of [1, 6, 8, 70]) expect(await refusal(encodeRecord({ ...record, version }))).toBe('E_TAMPER');
  expect(await refusal(encodeRecord(record))).toBeUndefined();
});

test('S5: names that would run together when joined stay apart', async () => {
  const bytes = await sealRecord(root, { vault, name: 'a/b1', version: 1 }, 0);
  const moved = encodeRecord({ ...parseRecord(bytes), name: 'a/b', version: 11 });
  expect(await refusal(moved, { vault, name: 'a/b' })).toBe('E_TAMPER');
});

test('S6: of all single-bit changes of a record, none is accepted', async () => {
  let accepted = 0;
  const codes = new Set<string | undefined>();
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = sealed.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    const code = await refusal(changed);
    codes.add(code);
    if (code === undefined) accepted++;
  }
  expect(accepted).toBe(0);
  expect([...codes].sort()).toEqual(['E_CORRUPT', 'E_FORMAT', 'E_TAMPER']);
});

test('S6: another spelling of the same values is refused', async () => {
  const text = decodeUtf8(sealed);
  const { format, ...others } = JSON.parse(text);
  const spellings = [
    text.trimEnd(),
    `${text}\n`,
    ` ${text}`,
    `\ufeff${text}`,
    text.replace('{', '{ '),
    text.replace('"version":7', '"version":7.0'),
    text.replace('"version":7', '"version":07'),
    text.replace('"version":7', '"version":"7"'),
    text.replace('"version":7', '"version":7,"version":7'),
    text.replace('"version":7', '"version":7,"extra":1'),
    text.replace('"version":7', '"version":7,"__proto__":{}'),
    text.replace('"name"', '"n\\u0061me"'),
    text.replace('credentials/jira', 'credentials\\/jira'),
    text.replace(/"salt":"[^"]*"/, '$&=').replace('"=', '="'),
    `${JSON.stringify({ ...others, format })}\n`,
  ];
  for (const spelling of spellings) {
    expect([spelling, await refusal(encodeUtf8(spelling))]).toEqual([spelling, 'E_CORRUPT']);
  }
});

test('S7: parseRecord() or openRecord() refuses every shorter tag', async () => {
  const record = parseRecord(sealed);
  const plaintextLength = record.data.length - 16;
  for (let length = 0; length < 16; length++) {
    const cut = encodeRecord({ ...record, data: record.data.slice(0, plaintextLength + length) });
    expect(await refusal(cut)).toBe('E_TAMPER');
    const tagOnly = encodeRecord({ ...record, data: record.data.slice(record.data.length - length) });
    expect(await refusal(tagOnly)).toBe('E_CORRUPT');
  }
});

test('S8: parseRecord() refuses plaintext and the records of sigcli 1.x', () => {
  const old = [
    { version: 1, encrypted: true, algorithm: 'aes-256-gcm', iv: 'AAAA', authTag: 'AAAA', ciphertext: 'AAAA' },
    { version: 2, providerId: 'jira', strategy: 'browser', updatedAt: 'now', values: { token: 'xyz' } },
  ];
  for (const record of old) {
    for (const space of [0, 2]) {
      expect(() => parseRecord(encodeUtf8(JSON.stringify(record, null, space)))).toThrow(
        expect.objectContaining({ code: 'E_FORMAT', hint: 'import it: sig import sigcli' }),
      );
    }
  }
  for (const plain of ['{"token":"xyz"}', '{"format":"sig-plain-1","data":{"token":"xyz"}}', '"xyz"', 'null', '[]']) {
    expect(() => parseRecord(encodeUtf8(plain))).toThrow(expect.objectContaining({ code: 'E_CORRUPT' }));
  }
});

test('parseRecord() tells a record of a newer sig from garbage', () => {
  const withFormat = (format: string) => encodeUtf8(decodeUtf8(sealed).replace('sig-sealed-1', format));
  for (const format of ['sig-sealed-2', 'sig-sealed-10', 'sig-sealed-11']) {
    expect([format, codeOf(withFormat(format))]).toEqual([format, 'E_FORMAT']);
  }
  for (
    const format of ['sig-sealed-', 'sig-sealed-x', 'sig-sealed-1x', 'sig-sealed-1.0', 'SIG-SEALED-1', 'sig-vault-1']
  ) {
    expect([format, codeOf(withFormat(format))]).toEqual([format, 'E_CORRUPT']);
  }
});

function codeOf(bytes: Uint8Array): string {
  try {
    parseRecord(bytes);
    return 'parsed';
  } catch (error) {
    return isSigError(error) ? error.code : `${error}`;
  }
}

test('S10: parseRecord() answers 100,000 damaged files with one of two codes', () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  const found = new Set<string>();
  for (let n = 0; n < 100_000; n++) {
    let bytes = sealed.slice(0, n % 3 === 0 ? random(sealed.length) : sealed.length);
    for (let k = random(4); k >= 0 && bytes.length > 0; k--) bytes[random(bytes.length)] = random(256);
    if (n % 7 === 0) bytes = new Uint8Array([...bytes, ...sealed.slice(random(sealed.length))]);
    const code = codeOf(bytes);
    // Changed data can still have the form of a record: that it is not genuine shows when it is opened.
    found.add(code);
  }
  expect([...found].sort()).toEqual(['E_CORRUPT', 'E_FORMAT', 'parsed']);
}, 60_000);

test.each([
  ['empty', new Uint8Array()],
  ['zeros', new Uint8Array(400)],
  ['not UTF-8', new Uint8Array([0xff, 0xfe, 0x7b])],
  ['deeply nested', encodeUtf8('['.repeat(500_000))],
  ['one byte too long', new Uint8Array(MAX_RECORD_BYTES + 1).fill(0x20)],
])('S10: parseRecord() refuses a file that is %s', (_, bytes) => {
  expect(codeOf(bytes)).toBe('E_CORRUPT');
});

test('isSealed() knows sealed records of every version, and nothing else', () => {
  expect(isSealed(sealed)).toBe(true);
  expect(isSealed(encodeUtf8('{"format":"sig-sealed-9"'))).toBe(true);
  expect(isSealed(encodeUtf8('{"version":1,"encrypted":true}'))).toBe(false);
  expect(isSealed(new Uint8Array([0xff]))).toBe(false);
});
