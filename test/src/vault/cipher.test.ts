import { createCipheriv, createDecipheriv } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { concatBytes, randomBytes } from '../../../src/encoding/bytes.ts';
import { decrypt, encrypt, TAG_BYTES } from '../../../src/vault/cipher.ts';

const [key, iv, aad] = [randomBytes(32), randomBytes(12), randomBytes(40)];

test('encrypt() makes what OpenSSL decrypts, and decrypt() opens what OpenSSL made', async () => {
  for (const length of [0, 1, 15, 16, 17, 1000]) {
    const plaintext = randomBytes(length);
    const ours = await encrypt(key, iv, aad, plaintext);
    const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAAD(aad);
    const theirs = concatBytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
    expect(ours).toEqual(theirs);
    expect(ours.length).toBe(length + TAG_BYTES);

    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 }).setAAD(aad);
    decipher.setAuthTag(Buffer.from(ours.subarray(length)));
    expect(concatBytes(decipher.update(ours.subarray(0, length)), decipher.final())).toEqual(plaintext);
    expect(await decrypt(key, iv, aad, theirs)).toEqual(plaintext);
  }
});

test('S7: decrypt() refuses every tag shorter than 16 bytes', async () => {
  const sealed = await encrypt(key, iv, aad, randomBytes(20));
  for (let length = 0; length < TAG_BYTES; length++) {
    await expect(decrypt(key, iv, aad, sealed.slice(0, 20 + length))).rejects.toMatchObject({ code: 'E_TAMPER' });
  }
});

test('decrypt() refuses another key, nonce or associated data', async () => {
  const sealed = await encrypt(key, iv, aad, randomBytes(20));
  for (const wrong of [[randomBytes(32), iv, aad], [key, randomBytes(12), aad], [key, iv, randomBytes(40)]] as const) {
    await expect(decrypt(wrong[0], wrong[1], wrong[2], sealed)).rejects.toMatchObject({ code: 'E_TAMPER' });
  }
});
