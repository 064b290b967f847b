/**
 * The handshake of a WebSocket (RFC 6455 §4), as somebody between the two sides sees it.
 *
 * @module
 */

import { encodeBase64 } from '../encoding/base64.ts';
import { encodeAscii } from '../encoding/bytes.ts';
import { SigError } from '../errors.ts';
import type { ParsedRequest, ParsedResponse } from '../http1/message.ts';
import type { HeaderPairs } from '../target/head.ts';

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** 16 bytes as base64. Which bits its last character leaves over is no matter here. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/**
 * What the server must answer a request with, to show that it has read it as a handshake (RFC 6455 §4.2.2).
 *
 * @param request one whose `upgrade` is `websocket`
 * @returns the value of `Sec-WebSocket-Accept`
 * @throws {SigError} E_HTTP when it is no handshake: a method other than GET, a body, another version than 13,
 * not one key of 16 bytes
 */
export async function expectAccept(request: ParsedRequest): Promise<string> {
  const { method, framing, fields } = request;
  if (method !== 'GET' || framing.kind !== 'none') throw noHandshake('is a GET without a body');
  const [version, ...versions] = valuesOf(fields, 'sec-websocket-version');
  if (version !== '13' || versions.length > 0) throw noHandshake('has version 13');
  const [key, ...keys] = valuesOf(fields, 'sec-websocket-key');
  if (key === undefined || keys.length > 0 || !KEY.test(key)) throw noHandshake('has one key of 16 bytes');
  return encodeBase64(new Uint8Array(await crypto.subtle.digest('SHA-1', encodeAscii(key + GUID))));
}

/**
 * The fields of a handshake without the extensions that the client would take: compressed frames could be read
 * by nobody in between.
 *
 * @returns the very same pairs when there are none
 */
export function withoutExtensions(fields: HeaderPairs): HeaderPairs {
  return fields.some(isExtensions) ? fields.filter((field) => !isExtensions(field)) : fields;
}

/**
 * Judges the answer that switches protocols (RFC 6455 §4.1). What an attacker can make a server say with a
 * status of his choice is no such answer: behind it the server would still read requests.
 *
 * @param accept from {@link expectAccept}
 * @throws {SigError} E_UPSTREAM when it is not the answer to this handshake; E_CODING when it takes an extension,
 * since none was offered
 */
export function checkSwitch(response: ParsedResponse, accept: string): void {
  const { fields } = response;
  const [protocol, ...protocols] = valuesOf(fields, 'upgrade');
  if (protocol?.toLowerCase() !== 'websocket' || protocols.length > 0) {
    throw new SigError('E_UPSTREAM', 'Cannot use the answer of the server: it switches to another protocol');
  }
  const [said, ...others] = valuesOf(fields, 'sec-websocket-accept');
  if (said !== accept || others.length > 0) {
    throw new SigError('E_UPSTREAM', 'Cannot use the answer of the server: its Sec-WebSocket-Accept is wrong');
  }
  if (fields.some((field) => isExtensions(field) && field[1].trim() !== '')) {
    throw new SigError('E_CODING', 'Cannot redact a WebSocket with an extension, which nobody offered');
  }
}

function valuesOf(fields: HeaderPairs, wanted: string): string[] {
  return fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value.trim());
}

function isExtensions([name]: readonly [string, string]): boolean {
  return name.toLowerCase() === 'sec-websocket-extensions';
}

function noHandshake(what: string): SigError {
  return new SigError('E_HTTP', `Cannot use the request: a handshake of a WebSocket ${what}`);
}
