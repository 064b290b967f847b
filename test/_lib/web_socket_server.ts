/**
 * Both ends of a WebSocket as the package `ws` makes them: a server with a certificate of the private CA, and a
 * client that comes through a proxy.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws';
import { openTunnel, type ProxyAddress } from './http2.ts';
import { makeTempFolder } from './temp_folder.ts';
import { makeIdentity, testAuthority } from './test_ca.ts';

/** A running server. */
export interface SocketServer {
  readonly port: number;
  readonly caFile: string;
  /** Open connections. */
  readonly connections: number;
}

/**
 * Starts a server that ends with the test. It would compress, if the client did.
 *
 * @param onRequest answers what is no handshake
 */
export async function useSocketServer(
  onConnection: (socket: WebSocket, request: IncomingMessage) => void,
  onRequest?: RequestListener,
): Promise<SocketServer> {
  const authority = await testAuthority();
  const folder = await makeTempFolder();
  const caFile = join(folder.path, 'ca.pem');
  await writeFile(caFile, authority.certificatePem);
  const server = createServer(await makeIdentity(['localhost', '127.0.0.1']), onRequest);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const accepting = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } });
  accepting.on('connection', (socket, request) => {
    // Whoever breaks off is no failure of the test.
    socket.on('error', () => {});
    onConnection(socket, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
    await folder.remove();
  });
  return {
    port: (server.address() as { port: number }).port,
    caFile,
    get connections() {
      return sockets.size;
    },
  };
}

/** A client whose connection goes through a proxy, before it is open. It offers compression. */
export async function dialSocket(
  proxy: ProxyAddress,
  authority: string,
  options: ClientOptions = {},
): Promise<WebSocket> {
  const tunnel = await openTunnel(proxy, authority, ['http/1.1']);
  const socket = new WebSocket(`wss://${authority}/ws`, { ...options, createConnection: () => tunnel });
  socket.on('error', () => {});
  onTestFinished(() => socket.terminate());
  return socket;
}

/** All that a client has heard. */
export interface Heard {
  /** `text`, `binary`, `ping`, `pong` and `close`, each with what it held as latin-1. */
  readonly events: readonly (readonly [kind: string, text: string])[];
  /** The code of the close, when it has come. */
  readonly closed: Promise<number>;
}

/** Listens to a client from the beginning. */
export function hear(socket: WebSocket): Heard {
  const events: [string, string][] = [];
  socket.on('message', (data: Uint8Array, isBinary) => {
    events.push([isBinary ? 'binary' : 'text', latin1(data)]);
  });
  socket.on('ping', (data) => events.push(['ping', latin1(data)]));
  socket.on('pong', (data) => events.push(['pong', latin1(data)]));
  const closed = new Promise<number>((resolve) => {
    socket.on('close', (code, reason) => {
      events.push(['close', latin1(reason)]);
      resolve(code);
    });
  });
  return { events, closed };
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
