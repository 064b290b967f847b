/**
 * Very many connections that begin and do not go on (security case P9), while somebody else is served.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { get, ok, type ProxyWorld } from '../runtime/proxy_lab.ts';
import type { Wire } from '../_lib/wire.ts';
import { forgetPeak, peakMiB, residentMiB } from './memory.ts';

/** What came of it. */
export interface HalfOpen {
  /** Connections that were made. */
  readonly made: number;
  /** Of these, how many were open at the end. */
  readonly held: number;
  /** Slowest of the requests that were made meanwhile, each on a connection of its own, in milliseconds. */
  readonly worstMs: number;
  readonly medianMs: number;
  /** Whether a connection from before is still served. */
  readonly isKept: boolean;
  readonly idleMiB: number;
  readonly peakMiB: number;
}

/** How many are made at the same time: the queue of a listening socket is short. */
const BURST = 100;
const REQUESTS = 20;

/** Makes the connections and holds them. */
export async function holdHalfOpen(world: ProxyWorld, count: number): Promise<HalfOpen> {
  const { pid } = world.running;
  const kept = await openServed(world, '/kept');
  const idleMiB = residentMiB(pid);
  forgetPeak(pid);
  const connectHead = `CONNECT ${world.authority} HTTP/1.1\r\nHost: ${world.authority}\r\n\r\n`;
  const beginnings: readonly (string | Buffer)[] = [
    '',
    'GET http://public.exam',
    `GET http://public.example/ HTTP/1.1\r\nHost: public.example\r\nX: ${'x'.repeat(1_000)}`,
    connectHead,
    // The head of a TLS record and of a ClientHello that does not come.
    Buffer.concat([Buffer.from(connectHead), Buffer.from('1603010200010001fc0303', 'hex')]),
  ];
  const sockets: Socket[] = [];
  const times: number[] = [];
  try {
    for (let at = 0; at < count; at += BURST) {
      const burst = Math.min(BURST, count - at);
      sockets.push(
        ...await Promise.all(Array.from({ length: burst }, (_, i) => begin(world.port, beginnings[i % 5]!))),
      );
      // Some requests while they come, the others when they are all there.
      if (times.length < REQUESTS / 2 && at / count * REQUESTS / 2 >= times.length) times.push(await timeOf(world));
    }
    while (times.length < REQUESTS) times.push(await timeOf(world));
    await delay(200);
    const held = sockets.filter((socket) => !socket.destroyed).length;
    const isKept = await isServed(world, kept);
    times.sort((a, b) => a - b);
    return {
      made: sockets.length,
      held,
      worstMs: times.at(-1)!,
      medianMs: times[times.length >> 1]!,
      isKept,
      idleMiB,
      peakMiB: peakMiB(pid),
    };
  } finally {
    for (const socket of sockets) socket.destroy();
    kept.client.socket.destroy();
  }
}

function begin(port: number, bytes: string | Buffer): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    // What the proxy closes is what is counted.
    socket.on('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => {});
      socket.resume();
      if (bytes.length > 0) socket.write(bytes);
      resolve(socket);
    });
  });
}

let count = 0;

async function timeOf(world: ProxyWorld): Promise<number> {
  const startMs = performance.now();
  const { client } = await openServed(world, `/half-open-${count++}`);
  client.socket.destroy();
  return performance.now() - startMs;
}

async function openServed(world: ProxyWorld, path: string): Promise<{ client: Wire; far: Wire }> {
  const client = await world.tunnel();
  client.write(get(world, path));
  const far = await world.serve(path);
  await far.takeHead();
  far.write(ok('served'));
  await client.take(/served$/);
  return { client, far };
}

/** The server's end may have been closed, since free connections are not kept long. */
async function isServed(world: ProxyWorld, { client, far }: { client: Wire; far: Wire }): Promise<boolean> {
  const anew = world.serve('/kept-still');
  client.write(get(world, '/kept-still'));
  const again = await Promise.race([far.take(/kept-still/).then(() => far, () => anew), anew]);
  again.write(ok('still'));
  return await client.take(/still$/).then(() => true, () => false);
}
