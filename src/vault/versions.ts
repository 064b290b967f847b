/**
 * The last version of each record, under a MAC: what tells that one record was put back to an older
 * copy.
 *
 * @module
 */

import { type Bytes, decodeUtf8, encodeUtf8 } from '../encoding/bytes.ts';
import { decodeBase64url, encodeBase64url } from '../encoding/base64url.ts';
import { SigError } from '../errors.ts';
import { deriveKey, type RootKey } from './derive.ts';

/** Record name → last version that was written, or one more than that when it was removed. */
export type Versions = ReadonlyMap<string, number>;

const GRAMMAR =
  /^(\{"format":"sig-versions-1","vault":"([A-Za-z0-9_-]{22})","versions":\{[^{}]*\}),"mac":"([A-Za-z0-9_-]{43})"\}\n$/;

/** The key of the MAC, for the two functions below. */
export async function deriveMacKey(root: RootKey): Promise<CryptoKey> {
  const raw = await deriveKey(root, 'versions');
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
  raw.fill(0);
  return key;
}

/** Writes the index of a vault. */
export async function encodeVersions(macKey: CryptoKey, vault: string, versions: Versions): Promise<Bytes> {
  const sorted = Object.fromEntries([...versions].sort(([a], [b]) => a < b ? -1 : 1));
  const body = JSON.stringify({ format: 'sig-versions-1', vault, versions: sorted }).slice(0, -1);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', macKey, encodeUtf8(body)));
  return encodeUtf8(`${body},"mac":"${encodeBase64url(mac)}"}\n`);
}

/**
 * Reads the index of a vault. Nothing but the vault id is looked at before the MAC is found right.
 *
 * @throws {SigError} E_CORRUPT when it is not an index, E_TAMPER when it was changed, E_KEY_MISSING
 * when it belongs to another vault than the key
 */
export async function decodeVersions(macKey: CryptoKey, vault: string, bytes: Bytes): Promise<Versions> {
  const { body, owner, mac } = split(bytes);
  if (owner !== vault) {
    throw new SigError('E_KEY_MISSING', `The records belong to vault "${owner}", the key to vault "${vault}"`, {
      hint: 'restore "vault/header.json" of these records from a backup',
    });
  }
  if (!await crypto.subtle.verify('HMAC', macKey, mac, encodeUtf8(body))) {
    throw new SigError('E_TAMPER', 'The version index was changed');
  }
  const index: { versions: Record<string, number> } = JSON.parse(`${body}}`);
  return new Map(Object.entries(index.versions));
}

function split(bytes: Bytes): { body: string; owner: string; mac: Bytes } {
  try {
    const [, body, owner, mac] = GRAMMAR.exec(decodeUtf8(bytes))!;
    return { body: body!, owner: owner!, mac: decodeBase64url(mac!) };
  } catch (cause) {
    throw new SigError('E_CORRUPT', 'The version index is damaged', { cause });
  }
}
