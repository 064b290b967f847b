import type { Tunnel } from '../upstream/tunnel.ts';
import type { Deadline } from './deadline.ts';

/**
 * Passes bytes between two sockets until either closes, as fast as the slower one reads.
 *
 * @param idleMs both are closed after so long without a byte
 * @param onClose called once
 */
export function joinTunnel(a: Tunnel, b: Tunnel, deadline: Deadline, idleMs: number, onClose: () => void): void {
  let isClosed = false;
  deadline.set(idleMs);

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    a.socket.destroy();
    b.socket.destroy();
    onClose();
  }

  function pipe(from: Tunnel, to: Tunnel): void {
    from.socket.on('data', (bytes: Uint8Array) => {
      deadline.set(idleMs);
      if (!to.socket.write(bytes)) from.pause();
    });
    to.socket.on('drain', () => {
      deadline.set(idleMs);
      from.resume();
    });
    // What is written still goes out.
    from.socket.on('end', () => to.socket.end());
    from.socket.on('error', close);
    from.socket.on('close', () => {
      if (to.socket.writableLength === 0) close();
      else to.socket.end();
      if (to.socket.destroyed || from.socket.destroyed && to.socket.writableFinished) close();
      else to.socket.once('finish', close);
    });
    if (from.rest.length > 0) to.socket.write(from.rest);
  }

  pipe(a, b);
  pipe(b, a);
  a.resume();
  b.resume();
}
