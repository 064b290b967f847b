/**
 * A loopback server under the test's control: TLS with the private CA (or plain), a random port,
 * every byte recorded. It reads HTTP/1.1 by itself, so that a test sees header order, case and
 * duplicates as they were sent, and can answer with any bytes.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { createServer as createPlainServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { makeTempFolder } from './temp_folder.ts';
import { type Defect, makeIdentity, testAuthority } from './test_ca.ts';

/** One request as it came. */
export interface ReceivedRequest {
  readonly method: string;
  /** Request target, untouched. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The values of a header, joined as a list; `undefined` when it is absent. */
  header(name: string): string | undefined;
  readonly body: Buffer;
  /** Number of the connection, from 0. */
  readonly connection: number;
}

/** What to answer. */
export interface Answer {
  /** Default 200. */
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[] | Readonly<Record<string, string>>;
  /** A text or bytes with `Content-Length`, pieces as chunks, anything else as JSON. */
  readonly body?: string | Uint8Array | AsyncIterable<string | Uint8Array> | Record<string, unknown> | unknown[] | null;
  /** Bytes that are written instead of all the above. */
  readonly raw?: string | Uint8Array;
  /** Whether to close the connection after it. */
  readonly close?: boolean;
}

/** Answers a request; returns nothing when it has dealt with the socket itself. */
export type Handler = (
  request: ReceivedRequest,
  socket: Socket,
) => Answer | undefined | void | Promise<Answer | undefined | void>;

/** How to serve. */
export interface ServerOptions {
  readonly handler?: Handler;
  /** Takes over each connection before any byte is read as HTTP. */
  readonly onSocket?: (socket: Socket) => void;
  /** Whether `bytes()` is left empty, for very large bodies. */
  readonly forgetsBytes?: boolean;
  /** Plain TCP instead of TLS. */
  readonly plain?: boolean;
  /** Names in the certificate. Default `localhost`, `127.0.0.1` and `[::1]`. */
  readonly hosts?: readonly string[];
  readonly defect?: Defect;
  /** Whether to demand a client certificate of the private CA. */
  readonly wantsClientCertificate?: boolean;
  /** Whether to ask for a client certificate, without one being needed. */
  readonly asksClientCertificate?: boolean;
  /** Address to listen on. Default `127.0.0.1`. */
  readonly address?: '127.0.0.1' | '::1';
}

/** A running server. */
export interface TestServer {
  readonly port: number;
  /** Such as `https://localhost:40123`. */
  readonly origin: string;
  /** PEM of the CA to trust. */
  readonly caPem: string;
  /** File with that PEM. */
  readonly caFile: string;
  /** Requests that were read to their end, in order. */
  readonly requests: readonly ReceivedRequest[];
  /** How many connections were made; with TLS those whose handshake was done. */
  readonly connections: number;
  /** Everything received so far, decrypted. */
  bytes(): Buffer;
  /** Lets the next requests be answered by another handler. */
  handle(handler: Handler): void;
  /** Ends every connection and stops listening. */
  readonly close: () => Promise<void>;
}

const REASONS: Record<number, string> = { 200: 'OK', 204: 'No Content', 302: 'Found', 401: 'Unauthorized' };

/** Starts a server. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const authority = await testAuthority();
  const folder = await makeTempFolder();
  const caFile = join(folder.path, 'ca.pem');
  await writeFile(caFile, authority.certificatePem);
  const received: Buffer[] = [];
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  let handler: Handler = options.handler ?? (() => ({ body: 'ok' }));
  let connections = 0;

  const serve = (socket: Socket) => {
    const connection = connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A client may go away at any time; what it sent is what counts.
    socket.on('error', () => {});
    socket.setNoDelay(true);
    if (options.onSocket) {
      if (!options.forgetsBytes) socket.on('data', (chunk: Buffer) => received.push(chunk));
      options.onSocket(socket);
      return;
    }
    const reader = createReader(connection);
    let turn = Promise.resolve();
    socket.on('data', (chunk: Buffer) => {
      received.push(chunk);
      for (const request of reader(chunk)) {
        requests.push(request);
        turn = turn.then(async () => {
          const answer = await handler(request, socket);
          if (answer) await writeAnswer(socket, answer, request.method);
        }).catch(() => {
          socket.destroy();
        });
      }
    });
  };

  const server: Server = options.plain ? createPlainServer(serve) : createTlsServer({
    ...await makeIdentity(options.hosts ?? ['localhost', '127.0.0.1', '[::1]'], options.defect),
    ...(options.wantsClientCertificate
      ? { requestCert: true, rejectUnauthorized: true, ca: authority.certificatePem }
      : options.asksClientCertificate
      ? { requestCert: true, rejectUnauthorized: false }
      : {}),
    ALPNProtocols: ['http/1.1'],
  }, serve);
  // Handshakes that clients rightly break off.
  server.on('tlsClientError', () => {});
  const raw = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    raw.add(socket);
    socket.on('close', () => raw.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, options.address ?? '127.0.0.1', resolve);
  });
  const port = (server.address() as { port: number }).port;

  return {
    port,
    origin: `${options.plain ? 'http' : 'https'}://${options.address === '::1' ? '[::1]' : 'localhost'}:${port}`,
    caPem: authority.certificatePem,
    caFile,
    requests,
    get connections() {
      return connections;
    },
    bytes: () => Buffer.concat(received),
    handle(next) {
      handler = next;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of [...sockets, ...raw]) socket.destroy();
      await closed;
      await folder.remove();
    },
  };
}

/** Collects bytes and gives out each request that is complete. */
function createReader(connection: number): (chunk: Buffer) => ReceivedRequest[] {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    const complete: ReceivedRequest[] = [];
    for (;;) {
      const end = pending.indexOf('\r\n\r\n');
      if (end < 0) return complete;
      const [start = '', ...lines] = pending.subarray(0, end).toString('latin1').split('\r\n');
      const [method = '', path = ''] = start.split(' ');
      const headers = lines.map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
      });
      const header = (name: string) => {
        const values = headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
        return values.length === 0 ? undefined : values.join(', ');
      };
      const rest = pending.subarray(end + 4);
      const body = /chunked/i.test(header('transfer-encoding') ?? '')
        ? readChunked(rest)
        : readSized(rest, Number(header('content-length') ?? 0));
      if (!body) return complete;
      pending = rest.subarray(body.length);
      complete.push({ method, path, headers, header, body: body.content, connection });
    }
  };
}

function readSized(rest: Buffer, size: number): { content: Buffer; length: number } | undefined {
  return rest.length < size ? undefined : { content: rest.subarray(0, size), length: size };
}

function readChunked(rest: Buffer): { content: Buffer; length: number } | undefined {
  const pieces: Buffer[] = [];
  for (let at = 0;;) {
    const line = rest.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = parseInt(rest.subarray(at, line).toString('latin1'), 16);
    at = line + 2;
    if (size === 0) {
      // The trailer section ends with an empty line.
      const isPlain = rest.subarray(at, at + 2).toString() === '\r\n';
      const end = isPlain ? at + 2 : rest.indexOf('\r\n\r\n', at) + 4;
      return end < at + 2 || end > rest.length ? undefined : { content: Buffer.concat(pieces), length: end };
    }
    if (rest.length < at + size + 2) return undefined;
    pieces.push(rest.subarray(at, at + size));
    at += size + 2;
  }
}

async function writeAnswer(socket: Socket, answer: Answer, method: string): Promise<void> {
  if (answer.raw !== undefined) {
    socket.write(answer.raw);
  } else {
    const status = answer.status ?? 200;
    const pairs = Array.isArray(answer.headers) ? answer.headers : Object.entries(answer.headers ?? {});
    const has = (name: string) => pairs.some(([key]) => key.toLowerCase() === name);
    const isStream = isAsyncIterable(answer.body);
    const isBare = status === 204 || status === 304;
    const bytes = isStream ? undefined : bodyBytes(answer.body);
    const lines = [`HTTP/1.1 ${status} ${answer.reason ?? REASONS[status] ?? 'Status'}`];
    for (const [name, value] of pairs) lines.push(`${name}: ${value}`);
    if (isJson(answer.body) && !has('content-type')) lines.push('Content-Type: application/json');
    if (isStream) lines.push('Transfer-Encoding: chunked');
    else if (!has('content-length') && !isBare) lines.push(`Content-Length: ${bytes!.length}`);
    if (answer.close) lines.push('Connection: close');
    socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
    if (method !== 'HEAD' && !isBare) {
      if (isAsyncIterable(answer.body)) await writeChunks(socket, answer.body);
      else socket.write(bytes!);
    }
  }
  if (answer.close) socket.end();
}

async function writeChunks(socket: Socket, pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    if (socket.destroyed) return;
    const bytes = Buffer.from(piece as string);
    if (bytes.length === 0) continue;
    const isFull = !socket.write(Buffer.concat([
      Buffer.from(`${bytes.length.toString(16)}\r\n`),
      bytes,
      Buffer.from('\r\n'),
    ]));
    if (isFull) await drained(socket);
  }
  socket.write('0\r\n\r\n');
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

function bodyBytes(body: Answer['body']): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  return body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
}

function isJson(body: Answer['body']): boolean {
  return typeof body === 'object' && body !== null && !(body instanceof Uint8Array) && !isAsyncIterable(body);
}

function isAsyncIterable(body: unknown): body is AsyncIterable<string | Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}
