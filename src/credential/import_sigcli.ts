/**
 * Reads the credentials of a sigcli 1.x folder. Nothing is written, and one bad file does not keep
 * the others from being read.
 *
 * @module
 */

import type { Strategy } from '../config/config.ts';
import { decodeBase64 } from '../encoding/base64.ts';
import { type Bytes, concatBytes, decodeUtf8 } from '../encoding/bytes.ts';
import { isSigError, SigError } from '../errors.ts';
import { toProviderId } from '../provider_id.ts';
import { Secret } from '../secret.ts';

/** What sigcli kept for one provider. */
export interface SigcliCredential {
  /** The provider's id here; see {@link toProviderId}. */
  readonly id: string;
  readonly strategy: Strategy;
  /** By the `as` of its extract rules. Cookies are one text: `a=b; c=d`. Empty after a logout. */
  readonly values: Readonly<Record<string, Secret>>;
  readonly updatedAtSec: number;
  readonly expiresAtSec?: number;
  readonly oauth2?: { readonly clientId: string; readonly clientSecret: Secret };
}

/** A file of the `credentials` folder. */
export interface SigcliFile {
  /** Without its folder, such as `jira.json`. */
  readonly name: string;
  readonly content: string;
}

/** What could be read, and what could not. */
export interface SigcliCredentials {
  readonly credentials: readonly SigcliCredential[];
  /** E_IMPORT, one for each bad file. */
  readonly failures: readonly { readonly name: string; readonly error: SigError }[];
}

/**
 * Reads credential files.
 *
 * @param keyFile what `encryption.key` holds; not needed when no file is encrypted
 */
export async function importSigcliCredentials(
  files: readonly SigcliFile[],
  keyFile: string | undefined,
): Promise<SigcliCredentials> {
  const credentials: SigcliCredential[] = [];
  const failures: { name: string; error: SigError }[] = [];
  const from = new Map<string, string>();
  for (const file of files) {
    try {
      const credential = await readSigcliCredential(file, keyFile);
      const other = from.get(credential.id);
      if (other !== undefined) throw failure(file.name, `provider "${credential.id}" is that of "${other}" too`);
      from.set(credential.id, file.name);
      credentials.push(credential);
    } catch (error) {
      if (!isSigError(error)) throw error;
      failures.push({ name: file.name, error });
    }
  }
  return { credentials, failures };
}

/**
 * Reads one credential file, encrypted or not.
 *
 * @throws {SigError} E_IMPORT when it is not what sigcli 1.x writes, or the key does not open it
 */
export async function readSigcliCredential(
  file: SigcliFile,
  keyFile: string | undefined,
): Promise<SigcliCredential> {
  const outer = parseObject(file.name, file.content);
  if (outer.encrypted === undefined) return readRecord(file.name, outer);
  if (keyFile === undefined) {
    throw failure(file.name, 'it is encrypted and "encryption.key" is missing', 'bring the whole folder, with its key');
  }
  return readRecord(file.name, parseObject(file.name, await decrypt(file.name, outer, keyFile)));
}

type JsonObject = Readonly<Record<string, unknown>>;

const MAX_CHARACTERS = 1024 * 1024;
const MAX_VALUES = 256;

function parseObject(name: string, text: string): JsonObject {
  if (text.length > MAX_CHARACTERS) throw failure(name, 'it is larger than 1 MiB');
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // The parser's message quotes the text, which is a secret.
  }
  throw failure(name, 'it is not a JSON object');
}

async function decrypt(name: string, envelope: JsonObject, keyFile: string): Promise<string> {
  onlyMembers(name, envelope, ['version', 'encrypted', 'algorithm', 'iv', 'authTag', 'ciphertext']);
  if (envelope.version !== 1 || envelope.encrypted !== true || envelope.algorithm !== 'aes-256-gcm') {
    throw failure(name, 'its encryption is not that of sigcli 1.x');
  }
  const iv = bytesOf(name, envelope, 'iv', 12);
  const tag = bytesOf(name, envelope, 'authTag', 16);
  const sealed = concatBytes(bytesOf(name, envelope, 'ciphertext'), tag);
  const key = await crypto.subtle.importKey('raw', readKey(keyFile), 'AES-GCM', false, ['decrypt']);
  try {
    return decodeUtf8(
      new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, tagLength: 128 }, key, sealed)),
    );
  } catch (cause) {
    throw failure(name, '"encryption.key" does not open it', 'it was changed, or belongs to another folder', cause);
  }
}

function readKey(text: string): Bytes {
  const key = tryBase64(text.trim());
  if (key?.length === 32) return key;
  throw failure('encryption.key', 'it is not 32 bytes in base64');
}

function readRecord(name: string, record: JsonObject): SigcliCredential {
  onlyMembers(name, record, ['version', 'providerId', 'strategy', 'updatedAt', 'expiresAt', 'values', 'oauth2']);
  if (record.version !== 2) throw failure(name, 'it is not of version 2');
  const { providerId, values } = record;
  if (typeof providerId !== 'string') throw failure(name, '"providerId" is not text');
  // sigcli puts "_" for what it does not want in a file name. A file under another name was moved.
  if (name !== `${providerId.replace(/[^a-zA-Z0-9._-]/g, '_')}.json`) {
    throw failure(name, 'it holds the credential of another provider');
  }
  const id = toProviderId(providerId);
  if (id === undefined) throw failure(name, 'its "providerId" cannot be a provider id here');
  const expiresAtSec = record.expiresAt === undefined ? undefined : timeOf(name, record, 'expiresAt');
  const oauth2 = record.oauth2 === undefined ? undefined : readClient(name, record.oauth2);
  return {
    id,
    strategy: strategyOf(name, record.strategy),
    values: readValues(name, values),
    updatedAtSec: timeOf(name, record, 'updatedAt'),
    ...(expiresAtSec === undefined ? {} : { expiresAtSec }),
    ...(oauth2 === undefined ? {} : { oauth2 }),
  };
}

function readValues(name: string, values: unknown): Record<string, Secret> {
  if (!isObject(values)) throw failure(name, '"values" is not an object');
  const entries = Object.entries(values);
  if (entries.length > MAX_VALUES) throw failure(name, `it has more than ${MAX_VALUES} values`);
  return Object.fromEntries(entries.map(([key, value]) => {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/.test(key)) throw failure(name, 'the name of a value is not a key');
    if (typeof value !== 'string') throw failure(name, `value "${key}" is not text`);
    return [key, new Secret(value)];
  }));
}

function readClient(name: string, client: unknown): { clientId: string; clientSecret: Secret } {
  if (!isObject(client)) throw failure(name, '"oauth2" is not an object');
  onlyMembers(name, client, ['clientId', 'clientSecret']);
  const { clientId, clientSecret } = client;
  if (typeof clientId === 'string' && typeof clientSecret === 'string') {
    return { clientId, clientSecret: new Secret(clientSecret) };
  }
  throw failure(name, '"oauth2" needs "clientId" and "clientSecret"');
}

function strategyOf(name: string, strategy: unknown): Strategy {
  if (strategy === 'browser' || strategy === 'oauth2' || strategy === 'prompt') return strategy;
  throw failure(name, 'its strategy is not browser, oauth2 or prompt', 'log in again with: sig login');
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

function timeOf(name: string, record: JsonObject, member: string): number {
  const text = record[member];
  const timeMs = typeof text === 'string' && ISO_TIME.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(timeMs)) return Math.floor(timeMs / 1000);
  throw failure(name, `"${member}" is not a time`);
}

function bytesOf(name: string, envelope: JsonObject, member: string, length?: number): Bytes {
  const text = envelope[member];
  const bytes = typeof text === 'string' ? tryBase64(text) : undefined;
  if (bytes !== undefined && (length === undefined || bytes.length === length)) return bytes;
  throw failure(name, `"${member}" is not ${length === undefined ? '' : `${length} bytes in `}base64`);
}

function tryBase64(text: string): Bytes | undefined {
  try {
    return decodeBase64(text);
  } catch {
    // The caller says what should have been base64.
    return undefined;
  }
}

function onlyMembers(name: string, value: JsonObject, known: readonly string[]): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw failure(name, `it has a member ${JSON.stringify(unknown.slice(0, 80))}, which sigcli does not write`);
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function failure(name: string, why: string, hint?: string, cause?: unknown): SigError {
  return new SigError('E_IMPORT', `Cannot import ${JSON.stringify(name.slice(0, 255))}: ${why}`, { hint, cause });
}
