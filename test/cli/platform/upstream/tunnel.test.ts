import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createTunnel } from '../../../../cli/platform/upstream/tunnel.ts';

test.each([true, false])('createTunnel() pauses and resumes all that it is made of (gate: %s)', (hasGate) => {
  const [socket, gate] = [new PassThrough(), hasGate ? new PassThrough() : undefined];
  const rest = new Uint8Array([1]);
  const tunnel = createTunnel(socket, gate, rest);
  expect([tunnel.socket, tunnel.rest]).toEqual([socket, rest]);
  tunnel.pause();
  expect([socket.isPaused(), gate?.isPaused()]).toEqual([true, hasGate ? true : undefined]);
  tunnel.resume();
  expect([socket.isPaused(), gate?.isPaused()]).toEqual([false, hasGate ? false : undefined]);
});
