import { Buffer } from 'node:buffer';
import { scrypt as nodeScrypt } from 'node:crypto';
import { type Bytes, decodeUtf8 } from '../../src/encoding/bytes.ts';
import { SigError } from '../../src/errors.ts';
import { Secret } from '../../src/secret.ts';
import { DEFAULT_SCRYPT_COST, type ScryptCost, stretchPassphrase } from '../../src/vault/scrypt_cost.ts';
import { readPrivateFile } from './durable_file.ts';
import type { KeySource, KeySourceOptions } from './key_source.ts';

const MIN_LENGTH = 8;

/**
 * A key made from a passphrase with scrypt. The passphrase is asked for, or read from the private
 * file that `SIG_PASSPHRASE_FILE` names.
 */
export function createPassphraseKeySource({ prompt, env }: Pick<KeySourceOptions, 'prompt' | 'env'>): KeySource {
  const file = env['SIG_PASSPHRASE_FILE'];

  return {
    kind: 'passphrase',
    async create({ salt, scrypt: cost = DEFAULT_SCRYPT_COST }) {
      const passphrase = file ? readPassphrase(file) : await prompt.secret('Passphrase for the new vault: ');
      if (passphrase.reveal().length < MIN_LENGTH) {
        throw new SigError('E_PASSPHRASE', `A passphrase has at least ${MIN_LENGTH} characters`, {
          hint: 'take four or more unrelated words',
        });
      }
      if (!file && (await prompt.secret('The same again: ')).reveal() !== passphrase.reveal()) {
        throw new SigError('E_PASSPHRASE', 'The two passphrases differ', { hint: 'try again' });
      }
      return await stretchPassphrase(passphrase, salt, cost, scrypt);
    },
    async open({ salt, scrypt: cost }) {
      if (!cost) {
        throw new SigError('E_CORRUPT', 'The vault header has no scrypt cost', { hint: 'restore it from a backup' });
      }
      const passphrase = file ? readPassphrase(file) : await prompt.secret('Passphrase of the vault: ');
      return await stretchPassphrase(passphrase, salt, cost, scrypt);
    },
    async discard() {}, // It is in nobody's hands but the person's.
  };
}

function readPassphrase(path: string): Secret {
  const bytes = readPrivateFile(path);
  if (!bytes) {
    throw new SigError('E_KEY_SOURCE', `The passphrase file "${path}" is not there`, {
      hint: 'correct or unset SIG_PASSPHRASE_FILE',
    });
  }
  try {
    return new Secret(decodeUtf8(bytes).replace(/\r?\n$/, ''));
  } catch (cause) {
    throw new SigError('E_KEY_SOURCE', `The passphrase file "${path}" is not UTF-8 text`, { cause });
  }
}

function scrypt(passphrase: Bytes, salt: Bytes, { n, r, p }: ScryptCost): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    // Twice the need: below that, the default limit of Node would refuse costs that are within bounds.
    const options = { N: n, r, p, maxmem: 256 * n * r + 1024 * r * p };
    nodeScrypt(
      Buffer.from(passphrase),
      salt,
      32,
      options,
      (error, key) => error ? reject(error) : resolve(new Uint8Array(key)),
    );
  });
}
