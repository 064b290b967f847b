import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import {
  appendFrame,
  BINARY,
  CLOSE,
  closePayload,
  CONTINUATION,
  FrameError,
  type Opcode,
  PING,
  TEXT,
} from '../../../src/websocket/frame.ts';
import { readFrames } from '../../_lib/web_socket.ts';

function write(opcode: Opcode, isFinal: boolean, ...pieces: (string | Uint8Array)[]): Buffer {
  const out: Uint8Array[] = [];
  appendFrame(out, opcode, isFinal, pieces.map((piece) => Buffer.from(piece as string)));
  return Buffer.concat(out);
}

test('appendFrame() writes the unmasked examples of RFC 6455 §5.7', () => {
  expect(write(TEXT, true, 'Hello').toString('hex')).toBe('810548656c6c6f');
  expect(write(TEXT, false, 'Hel').toString('hex')).toBe('010348656c');
  expect(write(CONTINUATION, true, 'lo').toString('hex')).toBe('80026c6f');
  expect(write(PING, true, 'Hello').toString('hex')).toBe('890548656c6c6f');
  expect(write(BINARY, true, new Uint8Array(256)).subarray(0, 4).toString('hex')).toBe('827e0100');
  expect(write(BINARY, true, new Uint8Array(65_536)).subarray(0, 10).toString('hex')).toBe('827f0000000000010000');
});

test.each([0, 1, 125, 126, 127, 4_095, 4_096, 4_097, 65_535, 65_536, 100_000])(
  'appendFrame() writes %i bytes in the shortest form, whatever pieces they are in',
  (length) => {
    const payload = Buffer.alloc(length, 'abcdefg');
    const half = length >> 1;
    const bytes = write(BINARY, true, payload.subarray(0, half), payload.subarray(half));
    expect(bytes.length - length).toBe(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    const [found] = readFrames(bytes);
    expect([found!.opcode, found!.isFinal, found!.payload.equals(payload)]).toEqual([BINARY, true, true]);
  },
);

test('appendFrame() lets small frames grow together, and copies no large payload', () => {
  const out: Uint8Array[] = [];
  for (let i = 0; i < 100; i++) appendFrame(out, TEXT, true, [Buffer.from('some text')]);
  // A slab may end between two of them.
  expect(out.length).toBeLessThanOrEqual(2);
  expect(readFrames(Buffer.concat(out))).toHaveLength(100);
  const large = new Uint8Array(10_000);
  appendFrame(out, BINARY, true, [large]);
  expect(out.at(-1)).toBe(large);
});

test('closePayload() is the code and the reason', () => {
  expect(readFrames(write(CLOSE, true, closePayload(1002, 'why')))[0]!.payload.toString('latin1')).toBe('\x03\xeawhy');
});

test('FrameError says with which code the connection is closed: 1002 unless told', () => {
  expect(new FrameError('x').closeCode).toBe(1002);
  expect(new FrameError('x', 1009)).toMatchObject({ name: 'FrameError', message: 'x', closeCode: 1009 });
});
