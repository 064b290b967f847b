import { connect, createServer, Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createGate, NEEDS_GATE } from '../../../../cli/platform/upstream/gate.ts';

test('NEEDS_GATE is for Deno', () => {
  expect(NEEDS_GATE).toBe('Deno' in globalThis);
});

test('createGate() passes bytes and the end both ways', async () => {
  const server = createServer((socket) => socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const gate = createGate(connect((server.address() as { port: number }).port, '127.0.0.1'));
  let text = '';
  gate.on('data', (bytes) => text += bytes);
  const ended = new Promise((resolve) => gate.on('end', resolve));
  gate.write('hello ');
  gate.end('world');
  await ended;
  expect(text).toBe('hello world');
  gate.destroy();
});

test('a paused gate stops the sender', async () => {
  let sent = 0;
  const piece = new Uint8Array(65_536);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const send = () => {
      while (socket.write(piece)) sent += piece.length;
      sent += piece.length;
    };
    socket.on('drain', send);
    send();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gate = createGate(connect((server.address() as { port: number }).port, '127.0.0.1'));
  onTestFinished(() => {
    gate.destroy();
    server.close();
  });
  gate.on('data', () => {});
  await new Promise((resolve) => gate.once('data', resolve));
  gate.pause();
  // The network's own buffers fill, and then nothing moves.
  await settle(() => sent);
  const before = sent;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(sent).toBe(before);
  expect(sent).toBeLessThan(64 << 20);
});

async function settle(read: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 5;) {
    const value = read();
    same = value === last ? same + 1 : 0;
    last = value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('createGate() keeps the process alive as long as it is told to', async () => {
  const calls: string[] = [];
  const socket = Object.assign(new Socket(), {
    ref: () => (calls.push('ref'), socket),
    unref: () => (calls.push('unref'), socket),
  });
  const gate = createGate(socket);
  gate.hold(false);
  gate.hold(true);
  expect(calls).toEqual(['unref', 'ref']);
  gate.destroy();
});
