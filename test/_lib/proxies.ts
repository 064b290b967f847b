/**
 * Proxies of other people, as a user may have to go through: SOCKS5 and CONNECT, with and without
 * a password. They lead every name to loopback ports.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { makeIdentity } from './test_ca.ts';

/** What a proxy is asked and how it answers. */
export interface ProxyOptions {
  readonly kind: 'socks5' | 'http' | 'https';
  readonly user?: string;
  readonly password?: string;
  /** The loopback port that stands for a host, or `undefined` to refuse. */
  readonly route: (host: string, port: number) => number | undefined;
}

/** A running proxy. */
export interface TestProxy {
  readonly port: number;
  /** URL with the password in it. */
  readonly url: string;
  /** `host:port` of every connection it was asked for. */
  readonly asked: readonly string[];
  readonly close: () => Promise<void>;
}

/** Starts a proxy on loopback. */
export async function startProxy(options: ProxyOptions): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const serve = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket));
    const reader = readBytes(socket);
    const work = options.kind === 'socks5'
      ? serveSocks(socket, reader, options, asked)
      : serveConnect(socket, reader, options, asked);
    work.catch(() => socket.destroy());
  };
  const server: Server = options.kind === 'https'
    ? createTlsServer({ ...await makeIdentity(['localhost', '127.0.0.1']), ALPNProtocols: ['http/1.1'] }, serve)
    : createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as { port: number }).port;
  const login = options.user === undefined
    ? ''
    : `${encodeURIComponent(options.user)}:${encodeURIComponent(options.password ?? '')}@`;
  return {
    port,
    url: `${options.kind}://${login}127.0.0.1:${port}`,
    asked,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

interface ByteReader {
  take(length: number): Promise<Buffer>;
  head(): Promise<string>;
  rest(): Buffer;
}

function readBytes(socket: Socket): ByteReader {
  let held: Buffer = Buffer.alloc(0);
  let wake = () => {};
  let isOver = false;
  const onData = (chunk: Buffer) => (held = Buffer.concat([held, chunk]), wake());
  socket.on('data', onData).on('close', () => (isOver = true, wake()));
  const until = async (length: () => number | undefined): Promise<Buffer> => {
    for (;;) {
      const found = length();
      if (found !== undefined) {
        const piece = held.subarray(0, found);
        held = held.subarray(found);
        return piece;
      }
      if (isOver) throw new Error('closed');
      await new Promise<void>((resolve) => wake = resolve);
    }
  };
  return {
    take: (length) => until(() => (held.length >= length ? length : undefined)),
    head: async () =>
      (await until(() => (held.includes('\r\n\r\n') ? held.indexOf('\r\n\r\n') + 4 : undefined))).toString('latin1'),
    rest() {
      socket.off('data', onData);
      return held;
    },
  };
}

async function serveSocks(socket: Socket, reader: ByteReader, options: ProxyOptions, asked: string[]): Promise<void> {
  const [, count = 0] = await reader.take(2);
  const methods = [...await reader.take(count)];
  const wanted = options.user === undefined ? 0 : 2;
  if (!methods.includes(wanted)) return void socket.end(Buffer.from([5, 255]));
  socket.write(Buffer.from([5, wanted]));
  if (wanted === 2) {
    const user = await reader.take((await reader.take(2))[1]!);
    const password = await reader.take((await reader.take(1))[0]!);
    const isGood = user.toString() === options.user && password.toString() === options.password;
    socket.write(Buffer.from([1, isGood ? 0 : 1]));
    if (!isGood) return void socket.end();
  }
  const [, , , kind] = await reader.take(4);
  const host = kind === 3
    ? (await reader.take((await reader.take(1))[0]!)).toString()
    : kind === 1
    ? [...await reader.take(4)].join('.')
    : `[${(await reader.take(16)).toString('hex')}]`;
  const port = (await reader.take(2)).readUInt16BE();
  asked.push(`${host}:${port}`);
  const to = options.route(host, port);
  socket.write(Buffer.from([5, to === undefined ? 4 : 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  if (to === undefined) socket.end();
  else join(socket, to, reader.rest());
}

async function serveConnect(socket: Socket, reader: ByteReader, options: ProxyOptions, asked: string[]): Promise<void> {
  const head = await reader.head();
  const expected = `Basic ${Buffer.from(`${options.user}:${options.password}`).toString('base64')}`;
  const given = /^proxy-authorization: *(.*)\r$/im.exec(head)?.[1];
  if (options.user !== undefined && given !== expected) {
    return void socket.end('HTTP/1.1 407 Sign in\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n');
  }
  const authority = /^CONNECT (\S+) HTTP/.exec(head)?.[1] ?? '';
  asked.push(authority);
  const to = options.route(authority.replace(/:\d+$/, ''), Number(/\d+$/.exec(authority)?.[0]));
  if (to === undefined) return void socket.end('HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n');
  socket.write('HTTP/1.1 200 Connected\r\n\r\n');
  join(socket, to, reader.rest());
}

function join(client: Socket, port: number, early: Buffer): void {
  const upstream = connect(port, '127.0.0.1');
  upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
  client.on('close', () => upstream.destroy());
  if (early.length > 0) upstream.write(early);
  client.pipe(upstream).pipe(client);
}
