import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Whether this runtime's TLS sockets read on while paused (Deno 2.9.6, denoland/deno#33524; 2026-11-21). */
export const NEEDS_GATE: boolean = 'Deno' in globalThis;

/** A stream in front of a socket. */
export interface Gate extends Duplex {
  /** Whether the socket behind it keeps the process alive: TLS on a stream cannot say so to it. */
  hold(alive: boolean): void;
}

/**
 * Puts a stream between a socket and the TLS on top of it. On Deno a paused TLS socket goes on reading
 * from its socket, so a slow reader would fill the memory; a paused gate stops that. It is to be
 * paused and resumed together with the TLS socket.
 */
export function createGate(socket: Socket): Gate {
  const gate = new Duplex({
    read: () => {
      socket.resume();
    },
    write: (bytes, _encoding, done) => {
      socket.write(bytes, done);
    },
    final: (done) => {
      socket.end(done);
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (bytes) => {
    if (!gate.push(bytes)) socket.pause();
  });
  socket.on('end', () => gate.push(null));
  socket.on('error', (error) => gate.destroy(error));
  socket.on('close', () => gate.destroy());
  return Object.assign(gate, { hold: (alive: boolean) => void (alive ? socket.ref() : socket.unref()) });
}
