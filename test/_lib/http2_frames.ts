/**
 * HTTP/2 by the frame (RFC 9113 §4), for what no client library would send.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';

/** Types of frames. */
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;

export const END_STREAM = 1;
export const END_HEADERS = 4;

/** A frame that was received. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** What a client sends first: the preface and empty settings. */
export function preface(): Buffer {
  return Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.settings, 0, 0)]);
}

/** One frame. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A block of fields: each a literal, nothing of it kept (RFC 7541 §6.2.2). Texts shorter than 16 KiB. */
export function fieldBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string) => Buffer.concat([integer(value.length, 7), Buffer.from(value, 'latin1')]);
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function integer(value: number, bits: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.from([value]);
  const bytes = [most];
  for (let left = value - most;; left >>= 7) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left & 127) | 128);
  }
}

/** The pseudo-fields of a request. */
export function fieldsOf(authority: string, method = 'GET', path = '/'): [name: string, value: string][] {
  return [[':method', method], [':scheme', 'https'], [':authority', authority], [':path', path]];
}

/** HEADERS of a request, whole in one frame. */
export function requestFrame(
  stream: number,
  fields: readonly (readonly [name: string, value: string])[],
  flags: number = END_STREAM | END_HEADERS,
): Buffer {
  return frame(FRAME.headers, flags, stream, fieldBlock(fields));
}

/** Collects the frames that come on a socket. */
export function collectFrames(socket: Duplex): { readonly frames: Frame[]; readonly over: Promise<void> } {
  const frames: Frame[] = [];
  let pending: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    while (pending.length >= 9) {
      const length = pending.readUIntBE(0, 3);
      if (pending.length < 9 + length) return;
      frames.push({
        type: pending[3]!,
        flags: pending[4]!,
        stream: pending.readUInt32BE(5) & 0x7fffffff,
        payload: pending.subarray(9, 9 + length),
      });
      pending = pending.subarray(9 + length);
    }
  });
  socket.on('error', () => {});
  return { frames, over: new Promise((resolve) => socket.once('close', resolve)) };
}
