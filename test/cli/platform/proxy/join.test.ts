import { Duplex } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { joinTunnel } from '../../../../cli/platform/proxy/join.ts';
import type { Tunnel } from '../../../../cli/platform/upstream/tunnel.ts';

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
