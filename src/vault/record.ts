/**
 * The sealed form of one record, `sig-sealed-1`: a line of JSON that only one key opens, only under
 * its own name, only in its own vault.
 *
 * ```json
 * {"format":"sig-sealed-1","vault":"…","name":"credentials/jira","version":7,"salt":"…","iv":"…","data":"…"}
 * ```
 *
 * `data` is AES-256-GCM ciphertext and its 16-byte tag. The key is made for this one record from the
 * vault key and 16 random bytes of `salt`, so that random nonces cannot meet. All other members are
 * authenticated with it.
 *
 * @module
 */

import { type Bytes, decodeUtf8, encodeUtf8, randomBytes } from '../encoding/bytes.ts';
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts';
import { SigError } from '../errors.ts';
import { decrypt, encrypt, TAG_BYTES } from './cipher.ts';
import { deriveKey, type RootKey } from './derive.ts';

const FORMAT = 'sig-sealed-1';
/** The longest a sealed record may be, in bytes. Longer ones are refused before they are read. */
export const MAX_RECORD_BYTES = 1_048_576;
const OVERHEAD_BYTES = 512;

// One value has one spelling, so nothing can hide in white space, escapes, order or repeated members.
const GRAMMAR = new RegExp(
  `^\\{"format":"${FORMAT}","vault":"([A-Za-z0-9_-]{22})","name":"([a-z0-9._-]{1,128}/[a-z0-9._-]{1,128})",` +
    '"version":([1-9][0-9]{0,14}),"salt":"([A-Za-z0-9_-]{22})","iv":"([A-Za-z0-9_-]{16})","data":"([A-Za-z0-9_-]+)"\\}\\n$',
);

/** A record as it is stored. */
export interface SealedRecord {
  /** Id of the vault it belongs to. */
  readonly vault: string;
  readonly name: string;
  /** 1 for the first value of a name; each later one is higher. */
  readonly version: number;
  readonly salt: Bytes;
  readonly iv: Bytes;
  /** Ciphertext and tag. */
  readonly data: Bytes;
}

/**
 * Reads the stored form. Whether it is genuine, only {@link openRecord} tells.
 *
 * @throws {SigError} E_FORMAT when a newer sig or sigcli 1.x made it, E_CORRUPT when it is anything else
 */
export function parseRecord(bytes: Uint8Array): SealedRecord {
  if (bytes.length > MAX_RECORD_BYTES) throw new SigError('E_CORRUPT', 'It is larger than 1 MiB');
  const text = asText(bytes);
  const found = GRAMMAR.exec(text);
  try {
    if (found) {
      const [salt, iv, data] = found.slice(4).map(decodeBase64url) as [Bytes, Bytes, Bytes];
      if (data.length >= TAG_BYTES) {
        return { vault: found[1]!, name: found[2]!, version: Number(found[3]), salt, iv, data };
      }
    }
  } catch { /* Not base64url, so not a record. */ }
  if (/^\{"format":"sig-sealed-(?!1")[0-9]+"/.test(text)) {
    throw new SigError('E_FORMAT', 'It was written by a newer version of sig', { hint: 'update sig' });
  }
  if (isLegacy(text)) {
    throw new SigError('E_FORMAT', 'It was written by sigcli 1.x', { hint: 'import it: sig import sigcli' });
  }
  throw new SigError('E_CORRUPT', bytes.length === 0 ? 'It is empty' : 'It is not a sealed record');
}

/** Whether bytes claim to be a sealed record of any version. */
export function isSealed(bytes: Uint8Array): boolean {
  return asText(bytes.subarray(0, 64)).startsWith('{"format":"sig-sealed-');
}

/** Writes the stored form. */
export function encodeRecord(record: SealedRecord): Bytes {
  const { vault, name, version } = record;
  const [salt, iv, data] = [record.salt, record.iv, record.data].map(encodeBase64url);
  return encodeUtf8(`${JSON.stringify({ format: FORMAT, vault, name, version, salt, iv, data })}\n`);
}

/**
 * Seals a value under a name.
 *
 * @param value anything that JSON can hold
 * @returns the stored form
 * @throws {TypeError} when JSON cannot hold the value
 * @throws {SigError} E_STORE when the record would be larger than 1 MiB
 */
export async function sealRecord(
  root: RootKey,
  about: Pick<SealedRecord, 'vault' | 'name' | 'version'>,
  value: unknown,
): Promise<Bytes> {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError('The value has no JSON form');
  const plaintext = encodeUtf8(text);
  const bytes = Math.ceil((plaintext.length * 4) / 3) + OVERHEAD_BYTES;
  if (bytes > MAX_RECORD_BYTES) {
    throw new SigError('E_STORE', `Cannot store "${about.name}": it would take ${bytes} bytes of at most 1 MiB`);
  }
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const key = await deriveKey(root, 'record', salt);
  try {
    const data = await encrypt(key, iv, aadOf(about), plaintext);
    return encodeRecord({ vault: about.vault, name: about.name, version: about.version, salt, iv, data });
  } finally {
    // Security case S24, as far as this language allows it.
    key.fill(0);
    plaintext.fill(0);
  }
}

/**
 * Opens a stored record.
 *
 * @param expected the vault and the name it must have been sealed for
 * @throws {SigError} E_TAMPER when it was changed, moved here from elsewhere, or the key is another
 */
export async function openRecord(
  root: RootKey,
  expected: Pick<SealedRecord, 'vault' | 'name'>,
  record: SealedRecord,
): Promise<unknown> {
  if (record.vault !== expected.vault) throw new SigError('E_TAMPER', 'It belongs to another vault');
  if (record.name !== expected.name) throw new SigError('E_TAMPER', `It belongs to "${record.name}"`);
  const key = await deriveKey(root, 'record', record.salt);
  let plaintext: Bytes | undefined;
  try {
    plaintext = await decrypt(key, record.iv, aadOf(record), record.data);
    return JSON.parse(decodeUtf8(plaintext));
  } finally {
    key.fill(0);
    plaintext?.fill(0);
  }
}

// A JSON array of strings and a number has one reading only.
function aadOf({ vault, name, version }: Pick<SealedRecord, 'vault' | 'name' | 'version'>): Bytes {
  return encodeUtf8(JSON.stringify([FORMAT, vault, name, version]));
}

// A sigcli 1.x credential file is a JSON object with a numeric version, encrypted or not.
function isLegacy(text: string): boolean {
  try {
    const record: unknown = JSON.parse(text);
    if (typeof record !== 'object' || record === null || Object.hasOwn(record, 'format')) return false;
    return 'version' in record && typeof record.version === 'number';
  } catch {
    return false;
  }
}

function asText(bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    return '';
  }
}
