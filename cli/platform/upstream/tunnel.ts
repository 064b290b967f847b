import type { Duplex } from 'node:stream';

/** The bytes of a connection that no longer carries HTTP. */
export interface Tunnel {
  /** Written to directly; listened to through `data`, `end`, `error`, `close`. */
  readonly socket: Duplex;
  /** What came already. */
  readonly rest: Uint8Array;
  /** Stops reading. */
  pause(): void;
  /** Reads on. */
  resume(): void;
}

/**
 * Hands over a connection.
 *
 * @param gate is paused and resumed together with the socket, where there is one
 */
export function createTunnel(socket: Duplex, gate: Duplex | undefined, rest: Uint8Array): Tunnel {
  return {
    socket,
    rest,
    pause() {
      socket.pause();
      gate?.pause();
    },
    resume() {
      gate?.resume();
      socket.resume();
    },
  };
}
