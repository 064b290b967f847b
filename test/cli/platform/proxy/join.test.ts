import { Buffer } from 'node:buffer';
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers';
import { expect, test, vi } from 'vitest';
import { joinTunnel } from '../../../../cli/platform/proxy/join.ts';
import type { Tunnel } from '../../../../cli/platform/upstream/tunnel.ts';
import type { FrameRedaction } from '../../../../src/websocket/redact_frames.ts';

function makeEnd(rest = ''): { end: Tunnel; socket: Duplex; written: string[] } {
  const written: string[] = [];
  const socket = new Duplex({
    read() {},
    write(bytes, _, done) {
      written.push(String(bytes));
      done();
    },
  });
  return {
    socket,
    written,
    end: {
      socket,
      rest: new TextEncoder().encode(rest),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
    },
  };
}
const deadline = { set() {}, clear() {} };

test('joinTunnel() passes bytes both ways, those that came early first', async () => {
  const [a, b] = [makeEnd('early '), makeEnd()];
  joinTunnel(a.end, b.end, deadline, 1000, () => {});
  a.socket.push('late');
  b.socket.push('back');
  await expect.poll(() => [b.written.join(''), a.written.join('')]).toEqual(['early late', 'back']);
});

test('joinTunnel() closes both when one closes, once', async () => {
  const [a, b] = [makeEnd(), makeEnd()];
  const onClose = vi.fn();
  joinTunnel(a.end, b.end, deadline, 1000, onClose);
  a.socket.destroy(new Error('reset'));
  await expect.poll(() => [b.socket.destroyed, onClose.mock.calls.length]).toEqual([true, 1]);
});

/** Frames that are upper case, until one says `wrong`; `defect` is a failure of ours. */
function shouting(): FrameRedaction {
  let isBroken = false;
  return {
    push(bytes) {
      const text = String(Buffer.from(bytes));
      if (text === 'defect') throw new Error('a secret of ours');
      isBroken = text === 'wrong';
      return [...text.toUpperCase()].map((letter) => Buffer.from(letter));
    },
    isBroken: () => isBroken,
  };
}

test('R1: joinTunnel() sends what the server says through frames, the early bytes too, and the client not', async () => {
  const [client, server] = [makeEnd('early '), makeEnd('first ')];
  joinTunnel(client.end, server.end, deadline, 1000, () => {}, shouting());
  client.socket.push('as it is');
  server.socket.push('then');
  await expect.poll(() => [server.written.join(''), client.written.join('')]).toEqual(['early as it is', 'FIRST THEN']);
});

test('joinTunnel() ends both when frames are broken, after the client was told', async () => {
  const [client, server] = [makeEnd(), makeEnd()];
  const onClose = vi.fn();
  joinTunnel(client.end, server.end, deadline, 1000, onClose, shouting());
  server.socket.push('wrong');
  await expect.poll(() => onClose.mock.calls.length).toBe(1);
  expect(client.written.join('')).toBe('WRONG');
  expect([server.socket.destroyed, client.socket.writableFinished]).toEqual([true, true]);
});

test('P8: joinTunnel() ends both at a defect of ours, which nobody sees', async () => {
  const [client, server] = [makeEnd(), makeEnd()];
  const onClose = vi.fn();
  joinTunnel(client.end, server.end, deadline, 1000, onClose, shouting());
  server.socket.push('fine');
  server.socket.push('defect');
  await expect.poll(() => [server.socket.destroyed, client.socket.destroyed, onClose.mock.calls.length]).toEqual([
    true,
    true,
    1,
  ]);
  expect(client.written.join('')).toBe('FINE');
});

test('joinTunnel() reads no more from a server than its client takes', async () => {
  const [client, server] = [makeEnd(), makeEnd()];
  let take: (() => void) | undefined;
  client.socket._write = (_bytes, _encoding, done) => void (take = () => done());
  client.socket._writev = (_chunks, done) => void (take = () => done());
  joinTunnel(client.end, server.end, deadline, 1000, () => {}, shouting());
  server.socket.push('x'.repeat(100_000));
  await expect.poll(() => server.socket.isPaused()).toBe(true);
  for (let i = 0; i < 10 && server.socket.isPaused(); i++) {
    take!();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(server.socket.isPaused()).toBe(false);
});
