import { expect, test } from 'vitest';
import { createKeySource, KEY_SOURCE_KINDS } from '../../../cli/platform/key_source.ts';

const nobody = () => Promise.reject(new Error('nobody there'));
const options = { prompt: { line: nobody, secret: nobody, confirm: nobody }, env: {} };

test('createKeySource() makes each kind', () => {
  for (const kind of KEY_SOURCE_KINDS) expect(createKeySource(kind, '/nowhere', options).kind).toBe(kind);
});

test('S23: createKeySource() refuses a kind it does not know, rather than take another', () => {
  for (const kind of ['', 'none', 'tpm', 'File', '__proto__']) {
    expect(() => createKeySource(kind, '/nowhere', options)).toThrow(
      expect.objectContaining({ code: 'E_KEY_SOURCE', hint: 'use one of keychain, passphrase, file' }),
    );
  }
});
