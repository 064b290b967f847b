import { Buffer } from 'node:buffer';
import type { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import * as ws from 'ws';
import { FrameError } from '../../../src/websocket/frame.ts';
import { createFrameReader, type FrameEvent } from '../../../src/websocket/frame_reader.ts';
import { createRandom, cut, type Random } from '../../_lib/redaction.ts';
import { frame } from '../../_lib/web_socket.ts';

const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** Messages and control frames in order, then the close code of the error, if there is one. */
function read(chunks: Iterable<Uint8Array>): (string | number)[] {
  const reader = createFrameReader();
  const found: (string | number)[] = [];
  let message = '';
  const take = ({ kind, opcode, payload, ...rest }: FrameEvent) => {
    const text = Buffer.from(payload).toString('latin1');
    if (kind === 'control') return void found.push(`${opcode}:${text}`);
    message += text;
    if (!('isEnd' in rest) || !rest.isEnd) return;
    found.push(`${opcode}:${message}`);
    message = '';
  };
  try {
    for (const chunk of chunks) {
      reader.push(chunk);
      for (let event = reader.next(); event; event = reader.next()) take(event);
    }
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    found.push(error.closeCode);
  }
  return found;
}

const GOOD: Record<string, [hex: string, found: string[]]> = {
  'an unmasked text': ['81 05 48 65 6c 6c 6f', ['1:Hello']],
  'a fragmented text': ['01 03 48 65 6c 80 02 6c 6f', ['1:Hello']],
  'a ping': ['89 05 48 65 6c 6c 6f', ['9:Hello']],
  'a ping between fragments': ['01 03 48 65 6c 89 01 21 80 02 6c 6f', ['9:!', '1:Hello']],
  '256 bytes': [`82 7e 0100 ${'61'.repeat(256)}`, [`2:${'a'.repeat(256)}`]],
  '64 KiB': [`82 7f 0000000000010000 ${'61'.repeat(65_536)}`, [`2:${'a'.repeat(65_536)}`]],
  'an empty text': ['81 00', ['1:']],
  'fragments, all of them empty': ['01 00 00 00 80 00', ['1:']],
  'an empty pong': ['8a 00', ['10:']],
  'a close without a code': ['88 00', ['8:']],
  'a close with a reason': ['88 05 03e8 627965', ['8:\x03\xe8bye']],
  'a close with a code of an application': ['88 02 0fa0', ['8:\x0f\xa0']],
  'nothing after a close': ['88 00 ff ff 81 01 41', ['8:']],
};

test.each(Object.entries(GOOD))('createFrameReader() reads %s, wherever it is cut', (_name, [hex, found]) => {
  const bytes = bytesOf(hex);
  expect(read([bytes])).toEqual(found);
  for (let at = 1; at < Math.min(bytes.length, 300); at++) {
    expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(found);
  }
  expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(found);
});

const BAD: Record<string, [hex: string, closeCode?: number]> = {
  'RSV1, as a compressed message has it': ['c1 01 41'],
  RSV2: ['a1 01 41'],
  RSV3: ['91 01 41'],
  'RSV1 on a continuation': ['01 01 41 c0 01 41'],
  'the masked text of the RFC': ['81 85 37 fa 21 3d 7f 9f 4d 51 58'],
  'an opcode of no data': ['83 01 41'],
  'the last opcode of no data': ['87 00'],
  'an opcode of no control': ['8b 00'],
  'the last opcode of no control': ['8f 00'],
  'a continuation of nothing': ['80 01 41'],
  'a continuation of a whole message': ['81 01 41 80 01 41'],
  'a text within a text': ['01 01 41 81 01 41'],
  'a binary within a text': ['01 01 41 82 01 41'],
  'a fragmented ping': ['09 01 41'],
  'a fragmented close': ['08 00'],
  'a long ping': [`89 7e 007e ${'61'.repeat(126)}`],
  'a long close': ['88 7f 0000000000000002 03e8'],
  'two bytes of length for 125': [`81 7e 007d ${'61'.repeat(125)}`],
  'eight bytes of length for 65,535': ['81 7f 000000000000ffff'],
  'eight bytes of length for 5': ['81 7f 0000000000000005 48656c6c6f'],
  'a negative length': ['81 7f 8000000000000000'],
  'the largest length': ['81 7f ffffffffffffffff'],
  'a length that no number holds': ['81 7f 0020000000000000', 1009],
  'a close of one byte': ['88 01 03'],
  'a close with code 999': ['88 02 03e7'],
  'a close with code 1004': ['88 02 03ec'],
  'a close with code 1005': ['88 02 03ed'],
  'a close with code 1006': ['88 02 03ee'],
  'a close with code 1015': ['88 02 03f7'],
  'a close with code 2000': ['88 02 07d0'],
  'a close with code 5000': ['88 02 1388'],
  'a close with a reason that is not UTF-8': ['88 04 03e8 c328', 1007],
};

test.each(Object.entries(BAD))('createFrameReader() refuses %s', (_name, [hex, closeCode = 1002]) => {
  const bytes = bytesOf(hex);
  expect(read([bytes]).at(-1)).toBe(closeCode);
  expect(read([...bytes].map((byte) => Uint8Array.of(byte))).at(-1)).toBe(closeCode);
});

test('createFrameReader() gives what has come of a message before the rest is there', () => {
  const reader = createFrameReader();
  reader.push(bytesOf('81 7f 0000000100000000 48 65'));
  expect(reader.next()).toEqual({ kind: 'data', opcode: 1, payload: bytesOf('4865'), isEnd: false });
  expect(reader.next()).toBeUndefined();
  reader.push(bytesOf('6c'));
  reader.push(bytesOf('6c'));
  expect(reader.next()).toEqual({ kind: 'data', opcode: 1, payload: Uint8Array.of(0x6c, 0x6c), isEnd: false });
});

/** The types of the package leave it out. */
const { Receiver } = ws as unknown as {
  readonly Receiver: new (options: Readonly<Record<string, boolean>>) => Writable;
};

/** What the package `ws` reads: the same list as {@link read}, by an independent hand. */
async function readByWs(bytes: Uint8Array): Promise<(string | number)[]> {
  const found: (string | number)[] = [];
  const receiver = new Receiver({ skipUTF8Validation: true, allowSynchronousEvents: true });
  await new Promise<void>((resolve) => {
    receiver.on('message', (data: Buffer, isBinary: boolean) => {
      found.push(`${isBinary ? 2 : 1}:${data.toString('latin1')}`);
    });
    receiver.on('ping', (data: Buffer) => found.push(`9:${data.toString('latin1')}`));
    receiver.on('pong', (data: Buffer) => found.push(`10:${data.toString('latin1')}`));
    receiver.on('conclude', (code: number, reason: Buffer) => {
      const head = code === 1005 ? '' : String.fromCharCode(code >> 8, code & 0xff);
      found.push(`8:${head}${reason.toString('latin1')}`);
      resolve();
    });
    receiver.on('error', (error: Error & Record<symbol, number>) => {
      const [status] = Object.getOwnPropertySymbols(error);
      found.push(error[status!]!);
      resolve();
    });
    receiver.end(bytes, () => resolve());
  });
  return found;
}

/** Frames as a server may send them, now and then with one byte that is another. */
function makeStream(random: Random): Buffer {
  const frames: Buffer[] = [];
  let isOpen = false;
  for (let i = random(8); i >= 0; i--) {
    const payload = Buffer.alloc([0, 1, 10, 125, 126, 300][random(6)]!, String(i));
    if (random(4) === 0) {
      const opcode = [9, 10, 8][random(10) === 0 ? 2 : random(2)]!;
      frames.push(frame(opcode, opcode === 8 ? Buffer.from('\x03\xe8end', 'latin1') : payload.subarray(0, 125)));
      continue;
    }
    const isFinal = random(2) === 0;
    frames.push(frame(isOpen ? 0 : 1 + random(2), payload, isFinal));
    isOpen = !isFinal;
  }
  const bytes = Buffer.concat(frames);
  if (random(2) === 0) bytes[random(Math.min(bytes.length, [3, 40][random(2)]!))] = random(256);
  return bytes;
}

test('createFrameReader() reads and refuses what the package "ws" does, however it is cut', async () => {
  const random = createRandom(20261122);
  let refused = 0;
  for (let i = 0; i < 1_000; i++) {
    const bytes = makeStream(random);
    const found = read(cut(bytes, random));
    const expected = await readByWs(bytes);
    const last = found.at(-1);
    // "ws" was told not to look for UTF-8, since we do so in reasons alone.
    if (last === 1007) continue;
    // It takes a length in any of its forms.
    if (last === 1002 && hasLongLength(bytes)) continue;
    // Of two reasons it may see the other one first.
    if (expected.at(-1) === 1009) expected[expected.length - 1] = last!;
    expect(found, bytes.subarray(0, 60).toString('hex')).toEqual(expected);
    if (typeof last === 'number') refused++;
  }
  expect(refused).toBeGreaterThan(100);
});

/** Whether a length stands there in a longer form than it needs. */
function hasLongLength(bytes: Buffer): boolean {
  for (let at = 0; at + 4 <= bytes.length; at++) {
    const [short, high] = [bytes[at + 1]!, bytes.readUInt16BE(at + 2)];
    if ((short === 126 && high < 126) || (short === 127 && high === 0)) return true;
  }
  return false;
}
