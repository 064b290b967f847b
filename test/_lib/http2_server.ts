/**
 * A loopback server of HTTP/2 under the test's control, with a certificate of the private CA.
 *
 * @module
 */

import http2, { type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { type Defect, makeIdentity, testAuthority } from './test_ca.ts';
import { makeTempFolder } from './temp_folder.ts';

/** One request as it came. */
export interface Http2Received {
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn. */
  readonly raw: readonly string[];
  readonly stream: ServerHttp2Stream;
  /** Number of the connection, from 0. */
  readonly connection: number;
}

/** A running server. */
export interface Http2Server {
  readonly port: number;
  readonly origin: string;
  readonly caFile: string;
  readonly requests: readonly Http2Received[];
  readonly connections: number;
}

/** How to serve. */
export interface Http2ServerOptions {
  readonly onRequest?: (received: Http2Received) => void;
  /** Whether HTTP/1.1 is spoken too; answered with `one`. */
  readonly allowHTTP1?: boolean;
  readonly defect?: Defect;
}

/** Starts a server that ends with the test. */
export async function useHttp2Server(options: Http2ServerOptions = {}): Promise<Http2Server> {
  const { onRequest = ({ stream }) => stream.end('ok'), allowHTTP1 = false, defect } = options;
  const authority = await testAuthority();
  const folder = await makeTempFolder();
  const caFile = join(folder.path, 'ca.pem');
  await writeFile(caFile, authority.certificatePem);
  const requests: Http2Received[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = http2.createSecureServer({ ...await makeIdentity(['localhost', '127.0.0.1'], defect), allowHTTP1 });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    const connection = connections++;
    session.on('error', () => {});
    session.on(
      'stream',
      ((stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
        stream.on('error', () => {});
        const received = { headers, raw, stream, connection };
        requests.push(received);
        onRequest(received);
      }) as never,
    );
  });
  if (allowHTTP1) {
    server.on('request', (request, response) => {
      if (request.httpVersionMajor === 1) response.end('one');
    });
  }
  server.on('tlsClientError', () => {});
  server.on('sessionError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
    await folder.remove();
  });
  const { port } = server.address() as { port: number };
  return {
    port,
    origin: `https://localhost:${port}`,
    caFile,
    requests,
    get connections() {
      return connections;
    },
  };
}
