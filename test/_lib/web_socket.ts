/**
 * Frames of a WebSocket, written and read the plain way, for tests of what has to do with their bytes.
 *
 * @module
 */

import { Buffer } from 'node:buffer';

/** The key of the example in RFC 6455 §1.3, and the answer to it. */
export const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
/** What {@link SAMPLE_KEY} is answered with. */
export const SAMPLE_ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** The head of a handshake with {@link SAMPLE_KEY}. */
export function handshake(authority: string, path = '/ws', ...more: string[]): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${authority}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${SAMPLE_KEY}`,
    ...more,
    '\r\n',
  ].join('\r\n');
}

/** The head that accepts a handshake with {@link SAMPLE_KEY}. */
export function accepting(...more: string[]): string {
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Accept: ${SAMPLE_ACCEPT}`,
    ...more,
    '\r\n',
  ].join('\r\n');
}

/** One unmasked frame. */
export function frame(opcode: number, payload: string | Uint8Array = '', isFinal = true): Buffer {
  const bytes = Buffer.from(payload as string);
  const { length } = bytes;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = (isFinal ? 0x80 : 0) | opcode;
  head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, bytes]);
}

/** A frame as it stands on the wire. */
export interface RawFrame {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Buffer;
}

/** The whole frames at the beginning of some bytes, unmasked ones. */
export function readFrames(bytes: Uint8Array): RawFrame[] {
  const frames: RawFrame[] = [];
  const all = Buffer.from(bytes);
  for (let at = 0; at + 2 <= all.length;) {
    const short = all[at + 1]!;
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
    if (start > all.length) break;
    const length = short < 126 ? short : short === 126 ? all.readUInt16BE(at + 2) : Number(all.readBigUInt64BE(at + 2));
    if (start + length > all.length) break;
    frames.push({
      opcode: all[at]! & 0x0f,
      isFinal: all[at]! >= 0x80,
      payload: all.subarray(start, start + length),
    });
    at = start + length;
  }
  return frames;
}

/** The messages of frames, control frames among them: `[opcode, payload as latin-1]`. */
export function messagesOf(frames: readonly RawFrame[]): [opcode: number, text: string][] {
  const messages: [number, string][] = [];
  let open: { readonly opcode: number; readonly pieces: Buffer[] } | undefined;
  for (const { opcode, isFinal, payload } of frames) {
    if (opcode >= 8) {
      messages.push([opcode, payload.toString('latin1')]);
      continue;
    }
    if ((opcode === 0) !== (open !== undefined)) throw new Error('frames out of order');
    open ??= { opcode, pieces: [] };
    open.pieces.push(payload);
    if (!isFinal) continue;
    messages.push([open.opcode, Buffer.concat(open.pieces).toString('latin1')]);
    open = undefined;
  }
  return messages;
}
