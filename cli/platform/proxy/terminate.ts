import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import { isSigError } from '../../../src/errors.ts';
import { canonicalHost } from '../../../src/target/host.ts';
import { BOTH_VERSIONS } from '../http2/support.ts';
import { createGate, NEEDS_GATE } from '../upstream/gate.ts';

/** A client's connection without its TLS. */
export interface Terminated {
  readonly socket: TLSSocket;
  /** Is paused and resumed together with the socket, where there is one. */
  readonly gate: Duplex | undefined;
  /** Whether the client chose HTTP/2. */
  readonly isHttp2: boolean;
}

/**
 * Answers a client's TLS in the place of a host.
 *
 * @param rest what the client sent already
 * @returns `undefined` when the client gave up, or asked for another host by SNI than by CONNECT
 */
export function terminateTls(
  raw: Socket,
  rest: Uint8Array,
  host: string,
  secureContext: SecureContext,
): Promise<Terminated | undefined> {
  if (rest.length > 0) raw.unshift(rest);
  const gate = NEEDS_GATE ? createGate(raw) : undefined;
  return new Promise((resolve) => {
    const socket = new TLSSocket((gate ?? raw) as Socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: [...BOTH_VERSIONS],
    });
    const giveUp = () => {
      socket.destroy();
      raw.destroy();
      resolve(undefined);
    };
    socket.on('error', giveUp);
    socket.once('close', giveUp);
    raw.once('close', giveUp);
    socket.once('secure', () => {
      // Security case H5: nothing is answered for a name that was not CONNECTed to.
      if (!isNameOf(socket.servername, host)) return giveUp();
      socket.off('close', giveUp);
      socket.off('error', giveUp);
      // A later error is followed by "close", which whoever serves the connection listens to.
      socket.on('error', () => {});
      raw.off('close', giveUp);
      raw.once('close', () => socket.destroy());
      resolve({ socket, gate, isHttp2: socket.alpnProtocol === 'h2' });
    });
    gate?.resume();
  });
}

function isNameOf(serverName: unknown, host: string): boolean {
  if (typeof serverName !== 'string' || serverName === '') return true;
  try {
    return canonicalHost(serverName) === host;
  } catch (error) {
    if (isSigError(error)) return false;
    throw error;
  }
}
