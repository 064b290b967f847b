import { type Bytes, encodeUtf8, randomBytes } from '../../src/encoding/bytes.ts';
import { decodeBase64url, encodeBase64url } from '../../src/encoding/base64url.ts';
import { SigError } from '../../src/errors.ts';
import { readPrivateFile, removePrivateFile, writePrivateFile } from './durable_file.ts';
import type { KeySource } from './key_source.ts';

/**
 * A key in a file beside the vault: 32 bytes as base64url and a newline, mode 0400. It protects
 * against nothing but a copied credentials folder.
 *
 * @param path absolute
 */
export function createFileKeySource(path: string): KeySource {
  function read(): Bytes | undefined {
    const bytes = readPrivateFile(path);
    if (!bytes) return undefined;
    try {
      const key = decodeBase64url(new TextDecoder().decode(bytes).replace(/\r?\n$/, ''));
      if (key.length === 32) return key;
    } catch { /* The same answer. */ }
    throw new SigError('E_KEY_SOURCE', `"${path}" does not hold a vault key`, {
      hint: `restore it from a backup: one line of 43 characters`,
    });
  }

  async function open(): Promise<Bytes> {
    const key = read();
    if (key) return key;
    throw new SigError('E_KEY_MISSING', `The vault key "${path}" is not there`, {
      hint: `restore it from a backup: cp BACKUP/key ${path} && chmod 400 ${path}`,
    });
  }

  return {
    kind: 'file',
    async create() {
      // Of several that do this at once, one links its file first, and all read that one (S15).
      await writePrivateFile(path, encodeUtf8(`${encodeBase64url(randomBytes(32))}\n`), {
        mode: 0o400,
        exclusive: true,
      });
      return await open();
    },
    open,
    async discard() {
      await removePrivateFile(path);
    },
  };
}
