/**
 * Very large bodies through a proxy, to a peer that reads nothing at first, then slowly, then as fast as
 * it can.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createRequestDecoder, createResponseDecoder } from '../../src/http1/decoder.ts';
import { get, post, type ProxyWorld } from '../runtime/proxy_lab.ts';
import { openSession } from '../_lib/http2.ts';
import { forgetPeak, peakMiB } from './memory.ts';

/** How a body goes. */
export type Way =
  /** From a server to a client, with a credential in the request and redaction of the answer. */
  | 'down'
  /** From a client to a server, with a credential. */
  | 'up'
  /** The same, by a client of HTTP/2. */
  | 'h2 down'
  | 'h2 up'
  /** Through a tunnel to a host that nobody claims. */
  | 'tunnel down'
  | 'tunnel up';

/** The ways that a form knows. */
export function waysOf(name: string): readonly Way[] {
  const ways: readonly Way[] = ['down', 'up', 'tunnel down', 'tunnel up'];
  return name.includes('Deno') ? ways : [...ways, 'h2 down', 'h2 up'];
}

/** What came of it. */
export interface Transfer {
  /** From the end of the slow time on. */
  readonly mibPerSec: number;
  /** The most memory that the proxy had. */
  readonly peakMiB: number;
  /** What the sender got rid of while the reader read nothing. */
  readonly aheadMiB: number;
  /** Whether every byte came, and was the right one. */
  readonly isWhole: boolean;
}

const MIB = 1024 * 1024;
const PAUSE_MS = 20;
const PIECE = Buffer.from(Array.from({ length: 65_536 }, (_, i) => (i * 7919 + (i >> 8)) & 0xff));
let count = 0;

/**
 * Sends a body of that size, and reads it at the other end.
 *
 * @param slowMs the reader reads nothing for so long, then a little at a time for as long again. Default 2,500
 */
export async function transfer(world: ProxyWorld, way: Way, sizeMiB: number, slowMs = 2_500): Promise<Transfer> {
  const [client, far, close] = way.startsWith('tunnel')
    ? await openTunnel(world)
    : way.startsWith('h2')
    ? await openStream(world, way, sizeMiB)
    : await openRequest(world, way, sizeMiB);
  const [source, sink] = way.endsWith('down') ? [far, client] : [client, far];
  const pieces = sizeMiB * MIB / PIECE.length;
  forgetPeak(world.running.pid);
  const reader = startReader(sink, readerOf(way), pieces * PIECE.length);
  let sent = 0;
  let wake = () => {};
  source.on('drain', () => wake()).on('close', () => wake());
  const sending = (async () => {
    for (let i = 0; i < pieces && !source.destroyed; i++) {
      sent += PIECE.length;
      if (!source.write(PIECE)) await new Promise<void>((resolve) => wake = resolve);
    }
  })();
  await delay(slowMs);
  const aheadMiB = sent / MIB;
  reader.readSlowly();
  await delay(slowMs);
  const startMs = performance.now();
  const left = reader.left();
  reader.readFast();
  const isWhole = await reader.done;
  const seconds = (performance.now() - startMs) / 1000;
  await sending;
  const result = { mibPerSec: left / MIB / seconds, peakMiB: peakMiB(world.running.pid), aheadMiB, isWhole };
  client.destroy();
  far.destroy();
  close?.();
  return result;
}

/** Both ends, and what else is to be closed. */
type Ends = [client: Duplex, far: Duplex, close?: () => void];

async function openRequest(world: ProxyWorld, way: Way, sizeMiB: number): Promise<Ends> {
  const client = await world.tunnel();
  const path = `/soak-${count++}`;
  const length = `Content-Length: ${sizeMiB * MIB}`;
  client.write(way === 'down' ? get(world, path) : post(world, path, length));
  const far = await world.serve(path);
  if (way === 'down') {
    await far.takeHead();
    far.write(`HTTP/1.1 200 OK\r\n${length}\r\n\r\n`);
  }
  return [client.release(), far.release()];
}

async function openStream(world: ProxyWorld, way: Way, sizeMiB: number): Promise<Ends> {
  const session = await openSession(world, world.authority);
  const path = `/soak-${count++}`;
  const length = sizeMiB * MIB;
  const stream = way === 'h2 down'
    ? session.request({ ':path': path })
    : session.request({ ':path': path, ':method': 'POST', 'content-length': length });
  stream.on('error', () => {});
  const far = await world.serve(path);
  if (way === 'h2 down') {
    await far.takeHead();
    far.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
    await once(stream, 'response');
  }
  return [stream, far.release(), () => session.destroy()];
}

async function openTunnel(world: ProxyWorld): Promise<Ends> {
  const client = await world.dial();
  const authority = `soak-${count++}.example:443`;
  client.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const far = await world.serve(authority);
  await far.takeHead();
  far.write('HTTP/1.1 200 OK\r\n\r\n');
  await client.takeHead();
  return [client.release(), far.release()];
}

/** Takes the content out of what a reader gets. */
function readerOf(way: Way): (bytes: Uint8Array, hash: Hash) => number {
  if (way.startsWith('tunnel') || way === 'h2 down') return (bytes, hash) => (hash.update(bytes), bytes.length);
  const response = createResponseDecoder();
  if (way === 'down') response.expect({ method: 'GET', upgrade: false });
  const decoder = way === 'down' ? response : createRequestDecoder();
  return (bytes, hash) => {
    let length = 0;
    decoder.push(bytes);
    for (let event = decoder.next(); event; event = decoder.next()) {
      if (event.kind === 'head') decoder.unframe();
      else if (event.kind === 'body') {
        hash.update(event.bytes);
        length += event.bytes.length;
      } else break;
    }
    return length;
  };
}

function startReader(socket: Duplex, read: (bytes: Uint8Array, hash: Hash) => number, size: number) {
  const hash = createHash('sha256');
  let got = 0;
  let isSlow = true;
  const done = new Promise<boolean>((resolve) => {
    const end = () => {
      // What comes behind is the end of the message.
      socket.off('close', end).off('data', onData);
      resolve(got === size && hash.digest('hex') === digestOf(size));
    };
    const onData = (bytes: Buffer) => {
      got += read(bytes, hash);
      if (got >= size) return end();
      if (!isSlow) return;
      socket.pause();
      setTimeout(() => socket.resume(), PAUSE_MS);
    };
    socket.on('data', onData);
    socket.on('close', end);
  });
  // Listening has set it going.
  socket.pause();
  return {
    done,
    left: () => size - got,
    readSlowly: () => void socket.resume(),
    readFast() {
      isSlow = false;
      socket.resume();
    },
  };
}

const digests = new Map<number, string>();

function digestOf(size: number): string {
  const known = digests.get(size);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += PIECE.length) hash.update(PIECE);
  const digest = hash.digest('hex');
  digests.set(size, digest);
  return digest;
}
