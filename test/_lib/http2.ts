/**
 * Clients of HTTP/2 for tests: through a tunnel of the proxy, with every field and every reset kept.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import http2, {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

/** Where a proxy is, and whom to trust behind it. */
export interface ProxyAddress {
  readonly port: number;
  readonly caPem: string;
}

/** What came of a request. */
export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn. */
  readonly raw: readonly string[];
  readonly interim: readonly IncomingHttpHeaders[];
  readonly trailers: IncomingHttpHeaders | undefined;
  readonly body: string;
  /** 0 when the stream ended as it should. */
  readonly rstCode: number;
  readonly failed: boolean;
}

/** CONNECT through a proxy, then TLS with these protocols. */
export async function openTunnel(
  proxy: ProxyAddress,
  authority: string,
  protocols: readonly string[] = ['h2'],
): Promise<TLSSocket> {
  const socket = connectTcp(proxy.port, '127.0.0.1');
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('close', () => reject(new Error('closed')));
  });
  if (!answer.toString('latin1').startsWith('HTTP/1.1 200')) throw new Error(answer.toString('latin1'));
  return await new Promise((resolve, reject) => {
    const tls = connectTls({
      socket,
      ca: proxy.caPem,
      servername: authority.replace(/:\d+$/, ''),
      ALPNProtocols: [...protocols],
    });
    tls.once('secureConnect', () => resolve(tls));
    tls.once('error', reject);
    tls.once('close', () => reject(new Error('closed')));
  });
}

/** A session of HTTP/2 through a proxy. */
export async function openSession(proxy: ProxyAddress, authority: string): Promise<ClientHttp2Session> {
  const socket = await openTunnel(proxy, authority);
  if (socket.alpnProtocol !== 'h2') throw new Error(`negotiated ${socket.alpnProtocol}`);
  const session = http2.connect(`https://${authority}`, { createConnection: () => socket });
  session.on('error', () => {});
  return session;
}

/**
 * Sends a request and collects all that comes.
 *
 * @param act gets the stream when it was made, which is open when it `writes`
 */
export function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders = {},
  options: {
    body?: string | Uint8Array;
    trailers?: OutgoingHttpHeaders;
    act?: (stream: ClientHttp2Stream) => void;
    writes?: boolean;
  } = {},
): Promise<Http2Answer> {
  const { body, trailers, act, writes = false } = options;
  return new Promise((resolve) => {
    const hasBody = body !== undefined || writes;
    const stream = session.request({ ':path': '/', ...headers }, {
      endStream: !hasBody,
      waitForTrailers: trailers !== undefined,
    });
    const interim: IncomingHttpHeaders[] = [];
    const pieces: Buffer[] = [];
    let got: IncomingHttpHeaders = {};
    let raw: readonly string[] = [];
    let its: IncomingHttpHeaders | undefined;
    let failed = false;
    stream.on('headers', (fields) => interim.push(fields));
    stream.on(
      'response',
      ((fields: IncomingHttpHeaders, _flags: number, pairs: string[]) => {
        got = fields;
        raw = pairs;
      }) as never,
    );
    stream.on('trailers', (fields) => its = fields);
    stream.on('data', (bytes: Buffer) => pieces.push(bytes));
    stream.on('error', () => failed = true);
    stream.on('close', () => {
      resolve({
        status: Number(got[':status'] ?? 0),
        headers: got,
        raw,
        interim,
        trailers: its,
        body: Buffer.concat(pieces).toString(),
        rstCode: stream.rstCode,
        failed,
      });
    });
    if (trailers) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    if (body !== undefined) stream.end(body);
    act?.(stream);
  });
}
