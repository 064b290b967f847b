import type { FrameRedaction } from '../../../src/websocket/redact_frames.ts';
import type { Tunnel } from '../upstream/tunnel.ts';
import type { Deadline } from './deadline.ts';
import { litterHeap } from './early_collection.ts';

/**
 * Passes bytes between two sockets until either closes, as fast as the slower one reads.
 *
 * @param a the client's
 * @param b the server's
 * @param idleMs both are closed after so long without a byte
 * @param onClose called once
 * @param frames what all bytes of the server go through
 */
export function joinTunnel(
  a: Tunnel,
  b: Tunnel,
  deadline: Deadline,
  idleMs: number,
  onClose: () => void,
  frames?: FrameRedaction,
): void {
  let isClosed = false;
  deadline.set(idleMs);

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    a.socket.destroy();
    b.socket.destroy();
    onClose();
  }

  /** Whether more can be written. */
  function writeFrames(redaction: FrameRedaction, bytes: Uint8Array): boolean {
    const { socket } = a;
    socket.cork();
    try {
      for (const piece of redaction.push(bytes)) socket.write(piece);
    } catch {
      // A defect of ours is the end of this connection, not of the process (security case P8), and shows nothing.
      close();
      return true;
    }
    socket.uncork();
    if (redaction.isBroken()) {
      // The client reads why, and then the end.
      socket.end();
      b.socket.destroy();
    }
    return !socket.writableNeedDrain;
  }

  function pipe(from: Tunnel, to: Tunnel, write: (bytes: Uint8Array) => boolean): void {
    from.socket.on('data', (bytes: Uint8Array) => {
      deadline.set(idleMs);
      litterHeap();
      if (!write(bytes)) from.pause();
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
    if (from.rest.length > 0) write(from.rest);
  }

  pipe(a, b, (bytes) => b.socket.write(bytes));
  pipe(b, a, frames ? (bytes) => writeFrames(frames, bytes) : (bytes) => a.socket.write(bytes));
  a.resume();
  b.resume();
}
