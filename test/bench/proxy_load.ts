/**
 * The two ends of the proxy's benchmark, each a process of its own: a server that answers as cheaply as it can,
 * and a load generator that speaks CONNECT.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { connect as connectTcp, type Socket } from 'node:net';
import process from 'node:process';
import { connect as connectTls, createSecureContext, createServer, type SecureContext, type TLSSocket } from 'node:tls';
import { makeIdentity, testAuthority } from '../_lib/test_ca.ts';

/** What is driven through a proxy, or at the server itself. */
export interface LoadOptions {
  /** Of the server. */
  readonly port: number;
  /** Of the proxy; none for a direct connection. */
  readonly proxy?: number;
  /** PEM that the client trusts. */
  readonly ca: string;
  readonly connections: number;
  readonly seconds: number;
  /** Seconds before it counts: a runtime that compiles while it runs is done with that then. */
  readonly warmUpSeconds: number;
  /**
   * `requests` on connections that stay; `connections` with one request each; `transfer` of large answers;
   * `tunnels` that do nothing after their handshake; those that are `kept` after one request.
   */
  readonly kind: 'requests' | 'connections' | 'transfer' | 'tunnels' | 'kept';
}

/** What the generator prints as JSON when it is done; `begin` before on a line of its own. */
export interface LoadResult {
  /** Requests, connections or MiB. */
  readonly count: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU time of the generator, microseconds. */
  readonly cpuUs: number;
}

const SMALL = Buffer.alloc(1024, 'x');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const PIECE = Buffer.alloc(65_536, 'The quick brown fox jumps over the lazy dog. ');
/** Bytes of a large answer. */
const LARGE_BYTES = 64 * 1024 * 1024;

/** Answers `/large` with 64 MiB of text and all else with 1 KB. Prints its port and its CA. */
export async function serve(): Promise<void> {
  const head = (length: number) => `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n`;
  const small = Buffer.concat([Buffer.from(head(SMALL.length)), SMALL]);
  const server = createServer({ ...await makeIdentity(['localhost']), noDelay: true }, (socket) => {
    let tail = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      tail += bytes.toString('latin1');
      const heads = tail.split('\r\n\r\n');
      tail = heads.pop()!;
      for (const text of heads) {
        if (text.startsWith('GET /large ')) sendLarge(socket, head(LARGE_BYTES));
        else socket.write(small);
      }
    });
  });
  server.listen(0, '127.0.0.1', 1024, async () => {
    const { certificatePem } = await testAuthority();
    console.log(JSON.stringify({ port: (server.address() as { port: number }).port, certificatePem }));
  });
}

function sendLarge(socket: TLSSocket, head: string): void {
  let left = LARGE_BYTES;
  socket.write(head);
  const send = () => {
    while (left > 0 && !socket.destroyed) {
      left -= PIECE.length;
      if (!socket.write(PIECE)) return void socket.once('drain', send);
    }
  };
  send();
}

/** Drives load, and ends the process. */
export async function load(options: LoadOptions): Promise<void> {
  const { port, connections, seconds, kind } = options;
  const path = kind === 'transfer' ? '/large' : '/bench';
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nAccept: */*\r\n\r\n`);
  const context = createSecureContext({ ca: options.ca });
  const latencies: number[] = [];
  let bytes = 0;
  let endAt = Infinity;
  let isCounting = false;

  /** Asks, again and again while `goesOn`. Nothing is made for each request: this must not be the bottleneck. */
  function ask(socket: Socket, goesOn: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let left = -1;
      let startedAt = 0;
      const send = () => {
        left = -1;
        startedAt = performance.now();
        socket.write(request);
      };
      socket.on('data', (piece: Buffer) => {
        if (isCounting) bytes += piece.length;
        if (left < 0) {
          const text = piece.toString('latin1', 0, 2048);
          const end = text.indexOf('\r\n\r\n');
          if (end < 0 || !text.startsWith('HTTP/1.1 200')) return reject(new Error(text));
          const length = /content-length: (\d+)/i.exec(text)?.[1];
          // Nothing in our answers looks like the last chunk.
          left = length === undefined ? Infinity : Number(length);
          left -= piece.length - end - 4;
        } else left -= piece.length;
        if (left > 0 && !(left === Infinity && piece.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK))) return;
        if (isCounting) latencies.push(performance.now() - startedAt);
        if (goesOn()) send();
        else resolve();
      });
      socket.once('error', reject);
      send();
    });
  }

  const isTimeLeft = () => performance.now() < endAt;
  const never = () => false;
  const drivers = {
    requests: (socket: Socket) => ask(socket, isTimeLeft),
    transfer: (socket: Socket) => ask(socket, isTimeLeft),
    tunnels: async () => {},
    kept: (socket: Socket) => ask(socket, never),
    async connections(first: Socket): Promise<void> {
      first.destroy();
      while (isTimeLeft()) {
        const startedAt = performance.now();
        const socket = await open(options, context);
        await ask(socket, never);
        socket.destroy();
        if (!isCounting) continue;
        latencies.pop();
        latencies.push(performance.now() - startedAt);
      }
    },
  };

  const sockets: Socket[] = [];
  // A few at a time: a thousand at once would wait in the queue of the kernel.
  while (sockets.length < connections) {
    const missing = Math.min(32, connections - sockets.length);
    sockets.push(...await Promise.all(Array.from({ length: missing }, () => open(options, context))));
  }
  const done = Promise.all(sockets.map(drivers[kind]));
  if (kind === 'tunnels' || kind === 'kept') await done;
  await new Promise((resolve) => setTimeout(resolve, options.warmUpSeconds * 1_000));
  isCounting = true;
  console.log('begin');
  const before = process.cpuUsage();
  endAt = performance.now() + seconds * 1_000;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  isCounting = false;
  const cpu = process.cpuUsage(before);
  latencies.sort((a, b) => a - b);
  const at = (share: number) => Math.round(1_000 * (latencies[Math.floor(latencies.length * share)] ?? 0));
  const count = kind === 'transfer' ? bytes / 2 ** 20 : latencies.length;
  const result: LoadResult = { count, p50Us: at(0.5), p99Us: at(0.99), cpuUs: cpu.user + cpu.system };
  console.log(JSON.stringify(result));
  process.exit(0);
}

async function open({ port, proxy }: LoadOptions, secureContext: SecureContext): Promise<Socket> {
  const tcp = connectTcp({ port: proxy ?? port, host: '127.0.0.1', noDelay: true });
  if (proxy !== undefined) {
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject);
      tcp.write(`CONNECT localhost:${port} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
      tcp.once('data', (bytes) => {
        if (/^HTTP\/1\.[01] 200/.test(bytes.toString())) resolve();
        else reject(new Error(bytes.toString()));
      });
    });
  }
  return await new Promise((resolve, reject) => {
    const socket = connectTls({ socket: tcp, secureContext, servername: 'localhost' }, () => resolve(socket));
    socket.once('error', reject);
  });
}
