import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { discard, passOn } from '../../../../cli/platform/upstream/pass_on.ts';

/** A socket that takes its time. */
function makeSocket(hasRoom = true) {
  const written: string[] = [];
  const callbacks: (() => void)[] = [];
  const write = (bytes: Uint8Array, done?: () => void) => {
    written.push(Buffer.from(bytes).toString());
    if (done) callbacks.push(done);
    return hasRoom;
  };
  return { socket: { write } as never, written, flush: () => callbacks.splice(0).forEach((done) => done()) };
}

test('passOn() writes, and keeps the bytes until they are out', () => {
  const { socket, written, flush } = makeSocket();
  const bytes = new Uint8Array(10_000).fill(0x61);
  expect(passOn(socket, bytes)).toBe(true);
  expect([written, bytes.length]).toEqual([['a'.repeat(10_000)], 10_000]);
  flush();
  // Gone where the runtime can do that, whole where it cannot.
  expect([0, 10_000]).toContain(bytes.length);
});

test('passOn() leaves a part of something larger alone, and what is small', () => {
  for (const bytes of [new Uint8Array(20_000).subarray(0, 10_000), new Uint8Array(10)]) {
    const { length } = bytes;
    const { socket, flush } = makeSocket();
    passOn(socket, bytes);
    flush();
    expect([bytes.length, bytes[0]]).toEqual([length, 0]);
  }
});

test('passOn() says when the socket is full', () => {
  expect(passOn(makeSocket(false).socket, new Uint8Array(10_000))).toBe(false);
});

test('discard() gives back what is whole, and nothing else', () => {
  const whole = new Uint8Array(10_000);
  discard(whole);
  expect([0, 10_000]).toContain(whole.length);
  const part = new Uint8Array(20_000).subarray(0, 10_000);
  discard(part);
  expect(part.length).toBe(10_000);
});
