import { Buffer } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openTunnel } from '../../../_lib/http2.ts';
import {
  collectFrames,
  END_HEADERS,
  END_STREAM,
  fieldBlock,
  fieldsOf,
  FRAME,
  frame,
  preface,
  requestFrame,
} from '../../../_lib/http2_frames.ts';
import { type ChildProxy, SPEAKERS, useChildProxy } from '../../../_lib/http2_proxy.ts';
import { createRandom } from '../../../_lib/http1.ts';
import { useServer } from '../../../_lib/lab.ts';
import type { Runtime } from '../../../_lib/run_child.ts';
import type { Handler, TestServer } from '../../../_lib/tls_server.ts';

const ENHANCE_YOUR_CALM = 11;

type FrameSocket = TLSSocket & ReturnType<typeof collectFrames>;

interface Lab {
  readonly server: TestServer;
  readonly proxy: ChildProxy;
  readonly authority: string;
  /** A connection on which HTTP/2 was negotiated and nothing was said. */
  open(): Promise<FrameSocket>;
  /** Fails unless somebody else is served as always. */
  expectAlive(): Promise<void>;
}

async function useLab(
  runtime: Runtime,
  handler: Handler = () => ({ body: 'ok' }),
  options: Parameters<typeof useChildProxy>[2] = {},
): Promise<Lab> {
  const server = await useServer({ handler });
  const proxy = await useChildProxy(runtime, server, options);
  const authority = `localhost:${server.port}`;
  return {
    server,
    proxy,
    authority,
    async open() {
      const socket = await openTunnel(proxy, authority);
      onTestFinished(() => void socket.destroy());
      return Object.assign(socket, collectFrames(socket));
    },
    async expectAlive() {
      const socket = await openTunnel(proxy, authority);
      const { frames, over } = collectFrames(socket);
      socket.write(Buffer.concat([preface(), requestFrame(1, fieldsOf(authority, 'GET', '/alive'))]));
      const isAnswered = () => frames.some(({ stream, flags }) => stream === 1 && flags & END_STREAM);
      for (let tries = 0; tries < 300 && !isAnswered() && !socket.destroyed; tries++) await delay(10);
      socket.destroy();
      await over;
      const answer = frames.filter(({ stream }) => stream === 1);
      // RFC 7541, appendix A: the eighth static field is ":status: 200".
      expect([answer[0]?.type, answer[0]?.payload[0]]).toEqual([FRAME.headers, 0x88]);
      expect(String(Buffer.concat(answer.slice(1).map(({ payload }) => payload)))).toBe('ok');
      expect(proxy.child.process.exitCode).toBeNull();
    },
  };
}

/** Writes until all is out, the other side has closed, or it no longer reads. */
async function flood(socket: FrameSocket, pieces: Iterable<Uint8Array>): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    if (socket.write(piece)) continue;
    const isOver = await Promise.race([
      new Promise<boolean>((resolve) => socket.once('drain', () => resolve(false))),
      socket.over.then(() => true),
      delay(1_000, true),
    ]);
    if (isOver) return;
  }
}

describe.each(SPEAKERS)('serveSession() on %s', (runtime) => {
  test('P8: what is no HTTP/2 ends its connection only', async () => {
    const { open, authority, expectAlive } = await useLab(runtime);
    const whole = Buffer.concat([preface(), requestFrame(1, fieldsOf(authority))]);
    const inputs = [
      Buffer.from(`GET / HTTP/1.1\r\nHost: ${authority}\r\n\r\n`),
      Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'),
      Buffer.alloc(20_000, 0xff),
      Buffer.concat([preface(), frame(FRAME.push, 4, 1, Buffer.alloc(8))]),
      Buffer.concat([preface(), frame(FRAME.headers, 5, 2, fieldBlock(fieldsOf(authority)))]),
      Buffer.concat([preface(), frame(FRAME.headers, 5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]))]),
      Buffer.concat([preface(), frame(FRAME.window, 0, 0, Buffer.alloc(4))]),
      Buffer.concat([preface(), frame(FRAME.data, 1, 5, Buffer.from('data'))]),
      ...Array.from({ length: 12 }, (_, i) => whole.subarray(0, Math.floor(whole.length * i / 12))),
    ];
    for (const input of inputs) {
      const socket = await open();
      socket.write(input);
      await delay(5);
      socket.destroy();
    }
    await expectAlive();
  });

  test('P8: frames of chance end nothing but their connection', async () => {
    const { open, authority, expectAlive } = await useLab(runtime);
    const random = createRandom(9113);
    for (let round = 0; round < 25; round++) {
      const socket = await open();
      const frames = Array.from({ length: 12 }, () => {
        const payload = Buffer.from(
          Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256)),
        );
        return frame(Math.floor(random() * 11), Math.floor(random() * 64), Math.floor(random() * 6), payload);
      });
      socket.write(Buffer.concat([preface(), requestFrame(1, fieldsOf(authority)), ...frames]));
      await delay(5);
      socket.destroy();
    }
    await expectAlive();
  });

  test('P8: a client that resets or goes at any moment ends nothing but its own requests', async () => {
    const { open, authority, expectAlive } = await useLab(
      runtime,
      (request) =>
        request.path === '/cut'
          ? { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', close: true }
          : { body: 'ok' },
    );
    for (let ms = 0; ms < 30; ms++) {
      const socket = await open();
      const ids = [1, 3, 5, 7];
      socket.write(Buffer.concat([
        preface(),
        ...ids.map((id) => requestFrame(id, fieldsOf(authority, 'GET', id === 5 ? '/cut' : '/'))),
        requestFrame(9, fieldsOf(authority, 'POST'), END_HEADERS),
        frame(FRAME.data, 0, 9, Buffer.from('half')),
      ]));
      await delay(ms);
      if (ms % 2) {
        socket.write(Buffer.concat([...ids, 9].map((id) => frame(FRAME.reset, 0, id, Buffer.alloc(4, ms % 9)))));
      }
      if (ms % 3) await delay(2);
      socket.destroy();
    }
    await expectAlive();
  });

  test('P9: rapid resets are cut off, and reach the server in small number (CVE-2023-44487)', async () => {
    const { open, server, authority, expectAlive } = await useLab(
      runtime,
      (request) => request.path === '/alive' ? { body: 'ok' } : undefined,
    );
    const socket = await open();
    socket.write(preface());
    const attack = function* () {
      for (let id = 1; id < 20_000; id += 2) {
        yield Buffer.concat([
          requestFrame(id, fieldsOf(authority)),
          frame(FRAME.reset, 0, id, Buffer.from([0, 0, 0, 8])),
        ]);
        if (id % 100 === 1) yield Buffer.alloc(0);
      }
    };
    const attacking = flood(socket, attack());
    await Promise.race([socket.over, delay(5_000)]);
    await attacking;
    expect(socket.destroyed).toBe(true);
    expect(server.requests.length).toBeLessThan(1_500);
    await expectAlive();
  }, 15_000);

  test('P9: who gives up too many requests is told so (RFC 9113 §10.5)', async () => {
    const { open, authority } = await useLab(runtime, () => undefined);
    const socket = await open();
    const pairs = Array.from({ length: 230 }, (_, i) => [
      requestFrame(2 * i + 1, fieldsOf(authority)),
      frame(FRAME.reset, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8])),
    ]);
    socket.write(Buffer.concat([preface(), ...pairs.flat()]));
    await socket.over;
    const goaway = socket.frames.find(({ type }) => type === FRAME.goaway);
    expect(goaway?.payload.readUInt32BE(4)).toBe(ENHANCE_YOUR_CALM);
  });

  test.each([
    ['CONTINUATION', (authority: string) => [
      requestFrame(1, fieldsOf(authority), END_STREAM),
      ...Array.from(
        { length: 20_000 },
        () => frame(FRAME.continuation, 0, 1, fieldBlock([['x-a', 'a'.repeat(1_000)]])),
      ),
    ]],
    ['empty CONTINUATION', (authority: string) => [
      requestFrame(1, fieldsOf(authority), END_STREAM),
      ...Array.from({ length: 100_000 }, () => frame(FRAME.continuation, 0, 1)),
    ]],
    ['PING', () => Array.from({ length: 200_000 }, () => frame(FRAME.ping, 0, 0, Buffer.alloc(8)))],
    ['SETTINGS', () => Array.from({ length: 200_000 }, () => frame(FRAME.settings, 0, 0))],
    ['empty DATA', (authority: string) => [
      requestFrame(1, fieldsOf(authority, 'POST'), END_HEADERS),
      ...Array.from({ length: 200_000 }, () => frame(FRAME.data, 0, 1)),
    ]],
  ])('P11: a flood of %s grows no memory', async (_, attack) => {
    const { open, proxy, authority, expectAlive } = await useLab(runtime);
    await expectAlive();
    const before = await proxy.memory();
    const socket = await open();
    // What is answered to it is not read.
    socket.pause();
    socket.write(preface());
    await flood(socket, attack(authority));
    await delay(100);
    expect(await proxy.memory() - before).toBeLessThan(64);
    await expectAlive();
  }, 30_000);

  test('P9: more than a hundred requests at once are refused', async () => {
    const { open, server, authority, expectAlive } = await useLab(
      runtime,
      (request) => request.path === '/alive' ? { body: 'ok' } : undefined,
    );
    const socket = await open();
    socket.write(Buffer.concat([
      preface(),
      ...Array.from({ length: 150 }, (_, i) => requestFrame(2 * i + 1, fieldsOf(authority))),
    ]));
    await delay(700);
    expect(server.requests.length).toBeLessThanOrEqual(100);
    await expectAlive();
  });

  test('X14: extended CONNECT (RFC 8441) is refused', async () => {
    const { open, server, authority, expectAlive } = await useLab(runtime);
    const socket = await open();
    socket.write(Buffer.concat([
      preface(),
      requestFrame(1, [[':protocol', 'websocket'], ...fieldsOf(authority, 'CONNECT')], END_HEADERS),
    ]));
    await delay(200);
    expect(server.requests).toEqual([]);
    await expectAlive();
  });

  test.each([['short', 9], ['long', 3]])(
    'X2: a body that is too %s for its Content-Length never passes',
    async (_, length) => {
      const { open, server, authority, expectAlive } = await useLab(runtime);
      const socket = await open();
      socket.write(Buffer.concat([
        preface(),
        requestFrame(1, [...fieldsOf(authority, 'POST'), ['content-length', String(length)]], END_HEADERS),
        frame(FRAME.data, END_STREAM, 1, Buffer.from('hello')),
      ]));
      await delay(200);
      expect(server.requests).toEqual([]);
      await expectAlive();
    },
  );

  test('P9: a connection without requests, and an upload that stands still, are closed', async () => {
    const times = { headMs: 100, idleMs: 100, stallMs: 100 };
    const { open, authority, proxy } = await useLab(runtime, undefined, { times });
    const silent = await open();
    await silent.over;
    const asked = await open();
    asked.write(Buffer.concat([preface(), requestFrame(1, fieldsOf(authority))]));
    await asked.over;
    expect(asked.frames.some(({ type, stream }) => type === FRAME.data && stream === 1)).toBe(true);
    const stalled = await open();
    stalled.write(Buffer.concat([
      preface(),
      requestFrame(1, fieldsOf(authority, 'POST'), END_HEADERS),
      frame(FRAME.data, 0, 1, Buffer.from('a')),
    ]));
    await stalled.over;
    expect(stalled.frames.some(({ type, stream }) => type === FRAME.reset && stream === 1)).toBe(true);
    expect(proxy.child.process.exitCode).toBeNull();
  }, 15_000);
});
