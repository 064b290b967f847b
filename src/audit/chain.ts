/**
 * The chain of audit records: each carries the MAC of the one before it, and its own over both.
 * Whoever lacks the key can neither change, remove, insert nor reorder a record unnoticed
 * (security case R16).
 *
 * What no chain in a file can show by itself is that both the log and its head were put back to an
 * earlier state; for that, keep a {@link ChainPosition} elsewhere and hand it to `verifyChain`.
 *
 * @module
 */

import { encodeBase64url } from '../encoding/base64url.ts';
import { type Bytes, encodeUtf8 } from '../encoding/bytes.ts';
import { type AuditRecord, type ChainPosition, formatRecord, openRecord, sealRecord } from './line.ts';

/** HMAC-SHA-256 under the audit key, over the UTF-8 bytes of a text. */
export interface Mac {
  (message: string): Bytes | Promise<Bytes>;
  /** The same as base64url, where that comes without the bytes. */
  readonly text?: (message: string) => string;
}

/**
 * The MAC by Web Crypto.
 *
 * @param key 32 bytes
 */
export async function createMac(key: Bytes): Promise<Mac> {
  if (key.length !== 32) throw new RangeError('key: 32 bytes are needed');
  const hmac = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return async (message) => new Uint8Array(await crypto.subtle.sign('HMAC', hmac, encodeUtf8(message)));
}

/** Before the first record. */
export const GENESIS: ChainPosition = { seq: 0, mac: encodeBase64url(new Uint8Array(32)) };

/** A record in its chain. */
export interface ChainLink {
  /** Without its line end. */
  readonly line: string;
  readonly position: ChainPosition;
}

/**
 * Makes the record that follows a position.
 *
 * @param fields from {@link formatFields}
 * @param nowMs milliseconds since 1970
 * @returns the record, at once when the MAC comes at once: this is on the way of each request
 */
export function appendRecord(
  mac: Mac,
  previous: ChainPosition,
  fields: string,
  nowMs: number,
): ChainLink | Promise<ChainLink> {
  const message = RECORD + formatRecord(fields, previous, nowMs);
  const tag = tagOf(mac, message);
  // Cut from the message: the text is put together in memory once only, for its MAC.
  const link = (made: string) => ({
    line: sealRecord(message.slice(RECORD.length), made),
    position: { seq: previous.seq + 1, mac: made },
  });
  return typeof tag === 'string' ? link(tag) : tag.then(link);
}

/** The record of a line, if it was made with this key and not a byte of it changed. */
export async function readRecord(mac: Mac, line: string): Promise<AuditRecord | undefined> {
  const opened = openRecord(line);
  if (!opened) return undefined;
  return (await tagOf(mac, RECORD + opened.body)) === opened.record.mac ? opened.record : undefined;
}

/** What is kept beside the log, so that a missing end shows. */
export interface ChainHead extends ChainPosition {
  /** The first record that is still kept. */
  readonly firstSeq: number;
}

const HEAD = 'sig audit head\n';
const RECORD = 'sig audit record\n';

/** The head as a line, without its line end; at once when the MAC comes at once. */
export function sealHead(mac: Mac, head: ChainHead): string | Promise<string> {
  const body = `{"seq":${head.seq},"last":"${head.mac}","firstSeq":${head.firstSeq}`;
  const tag = tagOf(mac, HEAD + body);
  return typeof tag === 'string' ? sealRecord(body, tag) : tag.then((made) => sealRecord(body, made));
}

/** The head of a line, if it was made with this key and not a byte of it changed. */
export async function openHead(mac: Mac, line: string): Promise<ChainHead | undefined> {
  const found =
    /^(\{"seq":(\d{1,15}),"last":"([A-Za-z0-9_-]{43})","firstSeq":(\d{1,15})),"mac":"([A-Za-z0-9_-]{43})"\}$/.exec(
      line,
    );
  if (!found || (await tagOf(mac, HEAD + found[1]!)) !== found[5]) return undefined;
  return { seq: Number(found[2]), mac: found[3]!, firstSeq: Number(found[4]) };
}

/** @param message the purpose goes in front, so that a head cannot pass for a record */
function tagOf(mac: Mac, message: string): string | Promise<string> {
  if (mac.text) return mac.text(message);
  const tag = mac(message);
  return tag instanceof Promise ? tag.then(encodeBase64url) : encodeBase64url(tag);
}
