/**
 * The vault header: the vault key, wrapped by a key that a person, a keychain or a file holds. To
 * change that holder, this one record is written anew; what the vault key sealed stays as it is.
 *
 * ```json
 * {"format":"sig-vault-1","vault":"…","source":"passphrase","n":131072,"r":8,"p":1,"salt":"…","iv":"…","key":"…"}
 * ```
 *
 * Every member is authenticated. `n`, `r` and `p` are there for a passphrase only.
 *
 * @module
 */

import { type Bytes, decodeUtf8, encodeUtf8, randomBytes } from '../encoding/bytes.ts';
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts';
import { SigError } from '../errors.ts';
import { decrypt, encrypt } from './cipher.ts';
import { deriveKey, importRootKey } from './derive.ts';
import { isScryptCost, type ScryptCost } from './scrypt_cost.ts';

/** The record that holds the header, as a key of the store. */
export const HEADER_KEY = 'vault/header.json';

const FORMAT = 'sig-vault-1';
const GRAMMAR = new RegExp(
  `^\\{"format":"${FORMAT}","vault":"([A-Za-z0-9_-]{22})","source":"([a-z]{1,20})",` +
    '(?:"n":([0-9]{1,15}),"r":([0-9]{1,15}),"p":([0-9]{1,15}),)?' +
    '"salt":"([A-Za-z0-9_-]{22})","iv":"([A-Za-z0-9_-]{16})","key":"([A-Za-z0-9_-]{64})"\\}\\n$',
);

/** What a key source must know to come up with its key. */
export interface KeyRequest {
  /** Id of the vault. */
  readonly vault: string;
  /** 16 random bytes, new with each header. */
  readonly salt: Bytes;
  /** There when the key is made from a passphrase. */
  readonly scrypt: ScryptCost | undefined;
}

/** The header of a vault. */
export interface VaultHeader extends KeyRequest {
  /** Which key source holds the key that opens this header, such as `keychain`. */
  readonly source: string;
  readonly iv: Bytes;
  /** The wrapped vault key: 32 bytes and the tag. */
  readonly key: Bytes;
}

/**
 * Reads a header. Cost parameters out of bounds are refused here, before any work is done with them.
 *
 * @throws {SigError} E_CORRUPT when it is not a header; E_FORMAT when a newer sig made it
 */
export function parseHeader(bytes: Uint8Array): VaultHeader {
  let text = '';
  try {
    text = decodeUtf8(bytes);
    const [, vault, source, n, r, p, salt, iv, key] = GRAMMAR.exec(text)!;
    const scrypt = n === undefined ? undefined : { n: Number(n), r: Number(r), p: Number(p) };
    if (scrypt && !isScryptCost(scrypt)) throw new RangeError('The scrypt cost is out of bounds');
    return {
      vault: vault!,
      source: source!,
      scrypt,
      salt: decodeBase64url(salt!),
      iv: decodeBase64url(iv!),
      key: decodeBase64url(key!),
    };
  } catch (cause) {
    if (/^\{"format":"sig-vault-(?!1")[0-9]+"/.test(text)) {
      throw new SigError('E_FORMAT', 'The vault was made by a newer version of sig', { hint: 'update sig' });
    }
    const reason = cause instanceof RangeError ? ': the scrypt cost is out of bounds' : '';
    throw new SigError('E_CORRUPT', `"${HEADER_KEY}" is not a vault header${reason}`, {
      hint: 'restore this file from a backup; without it no credential can be opened',
      cause,
    });
  }
}

/** Writes a header. */
export function encodeHeader({ vault, source, scrypt, salt, iv, key }: VaultHeader): Bytes {
  const [saltText, ivText, keyText] = [salt, iv, key].map(encodeBase64url);
  const cost = scrypt && { n: scrypt.n, r: scrypt.r, p: scrypt.p };
  const header = { format: FORMAT, vault, source, ...cost, salt: saltText, iv: ivText, key: keyText };
  return encodeUtf8(`${JSON.stringify(header)}\n`);
}

/**
 * Wraps a vault key.
 *
 * @param vaultKey 32 bytes
 * @param request what the source was asked with
 * @param source the name of that source
 * @param sourceKey what it answered, 32 bytes
 */
export async function wrapVaultKey(
  vaultKey: Bytes,
  request: KeyRequest,
  source: string,
  sourceKey: Bytes,
): Promise<VaultHeader> {
  const iv = randomBytes(12);
  const wrapping = await wrappingKey(sourceKey, request.salt);
  const { vault, salt, scrypt } = request;
  const key = await encrypt(wrapping, iv, aadOf({ ...request, source }), vaultKey);
  wrapping.fill(0);
  return { vault, source, scrypt, salt, iv, key };
}

/**
 * Opens the vault key of a header.
 *
 * @param sourceKey what the key source answered, 32 bytes
 * @returns 32 bytes
 * @throws {SigError} E_TAMPER when the header was changed or the key is another
 */
export async function unwrapVaultKey(header: VaultHeader, sourceKey: Bytes): Promise<Bytes> {
  const wrapping = await wrappingKey(sourceKey, header.salt);
  try {
    return await decrypt(wrapping, header.iv, aadOf(header), header.key);
  } finally {
    wrapping.fill(0);
  }
}

async function wrappingKey(sourceKey: Bytes, salt: Bytes): Promise<Bytes> {
  return await deriveKey(await importRootKey(sourceKey), 'wrap', salt);
}

function aadOf({ vault, source, scrypt, salt }: KeyRequest & { source: string }): Bytes {
  const { n, r, p } = scrypt ?? { n: 0, r: 0, p: 0 };
  return encodeUtf8(JSON.stringify([FORMAT, vault, source, n, r, p, encodeBase64url(salt)]));
}
