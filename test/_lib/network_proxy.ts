/**
 * Loopback proxies: HTTP (CONNECT and absolute-form) and SOCKS5, just enough to reach the lab's servers.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { makeIdentity } from './test_ca.ts';

/** A running proxy. */
export interface TestProxy {
  readonly port: number;
  /** What it was asked for: request heads of HTTP, `host:port` of SOCKS5. */
  readonly asked: readonly string[];
  /** Ends every connection and stops listening. */
  readonly close: () => Promise<void>;
}

/** How to proxy. */
export interface TestProxyOptions {
  /** `user:password` that it asks for. */
  readonly credentials?: string;
  /** Where every connection goes instead of where it asks to. */
  readonly port?: number;
  /** TLS to the proxy itself. */
  readonly secure?: boolean;
  /** Answers with this instead of working. */
  readonly reply?: string | Uint8Array;
}

/** Starts an HTTP proxy. */
export function startHttpProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const asked: string[] = [];
  return listen(options, asked, (socket) => {
    let held = '';
    const read = (bytes: Buffer) => {
      held += bytes.toString('latin1');
      const end = held.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', read);
      const head = held.slice(0, end);
      asked.push(head);
      if (options.reply !== undefined) return socket.end(options.reply);
      const wanted = `Basic ${Buffer.from(options.credentials ?? '').toString('base64')}`;
      if (options.credentials !== undefined && !head.includes(`Proxy-Authorization: ${wanted}`)) {
        return socket.end(
          'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="test"\r\nContent-Length: 0\r\n\r\n',
        );
      }
      const [, method, host, port] = /^(\S+) (?:https?:\/\/)?([^/ :]*)(?::(\d+))?/.exec(head)!;
      const upstream = connect({
        host: 'localhost' === host || options.port !== undefined ? '127.0.0.1' : host,
        port: options.port ?? Number(port ?? 80),
      });
      if (method === 'CONNECT') socket.write('HTTP/1.1 200 Connection established\r\nX-Proxy: test\r\n\r\n');
      else upstream.write(Buffer.from(held, 'latin1'));
      join(socket, upstream);
    };
    socket.on('data', read);
  });
}

/** Starts a SOCKS5 proxy. */
export function startSocksProxy(options: TestProxyOptions = {}): Promise<TestProxy> {
  const asked: string[] = [];
  return listen(options, asked, (socket) => {
    let held = Buffer.alloc(0);
    let step: 'methods' | 'credentials' | 'request' = 'methods';
    const read = (bytes: Buffer) => {
      held = Buffer.concat([held, bytes]);
      if (options.reply !== undefined) return socket.end(options.reply);
      if (step === 'methods') {
        if (held.length < 2 || held.length < 2 + held[1]!) return;
        const methods = held.subarray(2, 2 + held[1]!);
        const method = options.credentials === undefined ? 0 : 2;
        held = Buffer.alloc(0);
        if (!methods.includes(method)) return socket.end(Buffer.from([5, 255]));
        step = method === 0 ? 'request' : 'credentials';
        // In two pieces, as networks do.
        socket.write(Buffer.from([5]));
        setTimeout(() => socket.write(Buffer.from([method])), 5);
      } else if (step === 'credentials') {
        const user = held.subarray(2, 2 + held[1]!);
        const password = held.subarray(3 + held[1]!);
        const isRight = `${user}:${password}` === options.credentials;
        held = Buffer.alloc(0);
        step = 'request';
        if (!isRight) return socket.end(Buffer.from([1, 1]));
        socket.write(Buffer.from([1, 0]));
      } else {
        const [host, used] = readAddress(held);
        asked.push(`${host}:${held.readUInt16BE(used)}`);
        socket.off('data', read);
        const upstream = connect({ host: '127.0.0.1', port: options.port ?? held.readUInt16BE(used) });
        upstream.on('connect', () => {
          // A name as the bound address, which is rare and legal.
          socket.write(Buffer.from([5, 0, 0, 3, 1, 0x61, 0, 80]));
          join(socket, upstream);
        });
        upstream.on('error', () => socket.end(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0])));
      }
    };
    socket.on('data', read);
  });
}

function readAddress(request: Buffer): [host: string, used: number] {
  if (request[3] === 1) return [request.subarray(4, 8).join('.'), 8];
  if (request[3] === 4) return [`[${request.subarray(4, 20).toString('hex')}]`, 20];
  const end = 5 + request[4]!;
  return [request.subarray(5, end).toString('latin1'), end];
}

function join(a: Socket, b: Socket): void {
  a.pipe(b);
  b.pipe(a);
  for (const [one, other] of [[a, b], [b, a]] as const) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
}

async function listen(options: TestProxyOptions, asked: string[], serve: (socket: Socket) => void): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  const accept = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  };
  const server: Server = options.secure
    ? createTlsServer(await makeIdentity(['localhost', '127.0.0.1']), accept)
    : createServer(accept);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    asked,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
