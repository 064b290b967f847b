/**
 * The proxy inside a test: real sockets and TLS, credentials and audit log in memory.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { type StartedProxy, startProxy, type TestProxyOptions } from './start_proxy.ts';
import type { TestServer } from './tls_server.ts';

/** A proxy under test. */
export interface TestProxy extends StartedProxy {
  /** Sends bytes on a connection of its own and collects all that comes until it ends or is silent. */
  raw(text: string | Uint8Array, until?: RegExp): Promise<string>;
  /** CONNECT, then TLS. */
  tunnel(authority: string, options?: { readonly servername?: string }): Promise<TLSSocket>;
  /** A request within a tunnel of its own. */
  request(text: string, until?: RegExp): Promise<string>;
}

/** Starts a proxy for a server that is closed when the test ends. */
export async function useProxy(server: TestServer, options: TestProxyOptions = {}): Promise<TestProxy> {
  const started = await startProxy(server, options);
  const authority = `localhost:${server.port}`;
  const { listener } = started;
  onTestFinished(() => listener.close());

  async function dial(): Promise<Socket> {
    const socket = connect(listener.port, '127.0.0.1');
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await new Promise((resolve) => socket.once('connect', resolve));
    return socket;
  }

  const proxy: TestProxy = {
    ...started,
    raw: async (text, until) => await converse(await dial(), text, until),
    async tunnel(to, { servername } = {}) {
      const socket = await dial();
      const answer = await converse(socket, `CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n\r\n`, /\r\n\r\n/);
      if (!answer.startsWith('HTTP/1.1 200')) throw new Error(answer);
      const host = to.replace(/:\d+$/, '').replace(/[[\]]/g, '');
      const isName = !/^[\d.:]+$/.test(host);
      return await new Promise((resolve, reject) => {
        const tls = connectTls({
          socket,
          ca: proxy.caPem,
          host,
          ...(servername !== undefined ? { servername } : isName ? { servername: host } : {}),
          checkServerIdentity: () => undefined,
          ALPNProtocols: ['http/1.1'],
        });
        tls.once('secureConnect', () => resolve(tls));
        tls.once('error', reject);
        tls.once('close', () => reject(new Error('closed')));
        onTestFinished(() => void tls.destroy());
      });
    },
    async request(text, until) {
      return await converse(await proxy.tunnel(authority), text, until);
    },
  };
  return proxy;
}

/** Whether a text is a whole response: by its Content-Length, its last chunk, or a status without a body. */
export function isWholeResponse(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0 || /^HTTP\/1\.1 1(?!01)\d\d/.test(text)) return false;
  const head = text.slice(0, end);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length !== undefined) return text.length - end - 4 >= Number(length);
  if (/\r\ntransfer-encoding: chunked/i.test(head)) return /\r\n0\r\n(?:.+\r\n)*\r\n$/.test(text.slice(end + 2));
  return /^HTTP\/1\.1 (?:101|204|304)/.test(text);
}

/** Writes a text, one byte a character, and reads until a whole response, the pattern, or the end. */
export function converse(socket: Socket, text: string | Uint8Array, until?: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const done = () => {
      socket.off('data', onData);
      socket.off('close', done);
      resolve(got);
    };
    const onData = (bytes: Buffer) => {
      got += bytes.toString('latin1');
      if (until ? until.test(got) : isWholeResponse(got)) done();
    };
    socket.on('data', onData);
    socket.on('close', done);
    socket.on('error', () => {});
    socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  });
}
