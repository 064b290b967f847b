import { Buffer } from 'node:buffer';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import type { WebSocket } from 'ws';
import { findLeaks } from '../_lib/canary.ts';
import { startCommand } from '../_lib/command.ts';
import { openTunnel } from '../_lib/http2.ts';
import { useChildProxy } from '../_lib/http2_proxy.ts';
import { needBrowser, useFolder, useServer } from '../_lib/lab.ts';
import { converse } from '../_lib/proxy.ts';
import { createRandom } from '../_lib/redaction.ts';
import { currentRuntime, endChildren, runtimes } from '../_lib/run_child.ts';
import { accepting, frame, handshake } from '../_lib/web_socket.ts';
import { dialSocket, hear, useSocketServer } from '../_lib/web_socket_server.ts';

const MARK = '[sig:redacted:api]';
const MEBIBYTE = 1024 * 1024;

afterAll(endChildren);

const opened = (socket: WebSocket) => new Promise<void>((resolve) => socket.once('open', resolve));

// Each proxy is tried once: what the test itself runs on makes no difference to it.
describe.each(currentRuntime === 'node' ? runtimes : [currentRuntime])(
  'WebSocket through a proxy on %s, between both ends of "ws"',
  (runtime) => {
    test('R1: whatever way a server sends the credential back, the client does not see it', async () => {
      const server = await useSocketServer((socket, request) => {
        const token = request.headers.authorization!.slice('Bearer '.length);
        socket.send(`raw ${token}.`);
        socket.send(Buffer.concat([Uint8Array.of(0, 255), Buffer.from(token), Uint8Array.of(255)]));
        socket.send(`base64 ${Buffer.from(`x${token}`).toString('base64')}.`);
        socket.send(JSON.stringify({ hex: Buffer.from(token).toString('hex') }));
        for (let at = 1; at < token.length; at++) {
          socket.send(token.slice(0, at), { fin: false });
          if (at % 8 === 0) socket.ping('between');
          socket.send(token.slice(at), { fin: true });
        }
        socket.ping(token);
        socket.pong(`pong ${token}`);
        socket.close(4000, `bye ${token}`);
      });
      const proxy = await useChildProxy(runtime, server);
      const socket = await dialSocket(proxy, `localhost:${server.port}`);
      const { events, closed } = hear(socket);
      expect(await closed).toBe(4000);
      const texts = events.filter(([kind]) => kind === 'text').map(([, text]) => text);
      expect(texts[0]).toBe(`raw ${MARK}.`);
      expect(texts[1]).toMatch(/^base64 .{1,3}\[sig:redacted:api\].{0,4}\.$/);
      expect(texts[2]).toBe(`{"hex":"${MARK}"}`);
      expect(texts.slice(3)).toEqual(Array(proxy.canary.length - 1).fill(MARK));
      const others = events.filter(([kind, text]) => kind !== 'text' && text !== 'between');
      expect(others).toEqual([
        ['binary', `\0\xff${MARK}\xff`],
        ['ping', MARK],
        ['pong', `pong ${MARK}`],
        ['close', `bye ${MARK}`],
      ]);
      expect(events.filter(([, text]) => text === 'between')).toHaveLength(3);
      expect(findLeaks(proxy.canary, { events: JSON.stringify(events) })).toEqual([]);
      expect(socket.extensions).toBe('');
    });

    test('R2: what is no secret comes through as it was sent, both ways', async () => {
      const server = await useSocketServer((socket) => {
        socket.on('message', (data: Buffer, isBinary) => {
          // Back in random fragments, as the server likes.
          const random = createRandom(data.length + 1);
          let at = 0;
          for (let left = random(5); left > 0; left--) {
            const stop = at + random(data.length - at + 1);
            socket.send(data.subarray(at, stop), { binary: isBinary, fin: false });
            at = stop;
          }
          socket.send(data.subarray(at), { binary: isBinary });
        });
      });
      const proxy = await useChildProxy(runtime, server);
      const socket = await dialSocket(proxy, `localhost:${server.port}`);
      const { events } = hear(socket);
      await opened(socket);
      const random = createRandom(20261122);
      const sent = [0, 1, 125, 126, 4_096, 65_535, 65_536, 300_000].flatMap((length) => {
        const text = Array.from({ length }, () => 'abcXYZ019 {}"é☃\n%&='.charAt(random(20))).join('');
        const bytes = Buffer.from(Array.from({ length }, () => random(256)));
        socket.send(text);
        socket.send(bytes);
        return [['text', Buffer.from(text).toString('latin1')], ['binary', bytes.toString('latin1')]];
      });
      await expect.poll(() => events.length, { timeout: 20_000 }).toBe(sent.length);
      // Equal or not: what differs would be printed for minutes.
      expect(events.findIndex(([kind, text], i) => kind !== sent[i]![0] || text !== sent[i]![1])).toBe(-1);
    });

    // Deno takes its time to give memory back, so it is given more to pass than it may take.
    const [size, bound] = runtime === 'deno' ? [256, 160] : [64, 64];

    test(`P11: a message of ${size} MiB passes in bounded memory, its beginning before its end`, async () => {
      let finish!: () => void;
      const server = await useServer({
        handler(_request, socket) {
          socket.write(accepting());
          const head = Buffer.alloc(10);
          head.set([0x82, 127]);
          head.writeBigUInt64BE(BigInt(size * MEBIBYTE), 2);
          socket.write(head);
          const piece = Buffer.alloc(MEBIBYTE, '{}');
          let left = size;
          const more = () => {
            while (--left > 0) if (!socket.write(piece)) return void socket.once('drain', more);
            // The last one waits until the client has seen the first.
            finish = () => socket.write(piece);
          };
          more();
          return undefined;
        },
      });
      const proxy = await useChildProxy(runtime, server);
      const authority = `localhost:${server.port}`;
      const tunnel = await openTunnel(proxy, authority, ['http/1.1']);
      onTestFinished(() => void tunnel.destroy());
      const before = await proxy.memory();
      let got = 0;
      let isAsked = false;
      const whole = new Promise<void>((resolve) => {
        tunnel.on('data', (bytes: Buffer) => {
          got += bytes.length;
          if (got > (size - 1) * MEBIBYTE && !isAsked) {
            isAsked = true;
            finish();
          }
          if (got > size * MEBIBYTE) resolve();
        });
      });
      // The client does not read: the network waits, and the proxy does not fill up.
      tunnel.pause();
      tunnel.write(handshake(authority));
      let peak = 0;
      for (let i = 0; i < 10; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        peak = Math.max(peak, await proxy.memory());
      }
      const timer = setInterval(() => void proxy.memory().then((now) => peak = Math.max(peak, now)), 50);
      onTestFinished(() => clearInterval(timer));
      tunnel.resume();
      await whole;
      // Continuation frames have heads.
      expect(got / (size * MEBIBYTE)).toBeLessThan(1.01);
      if (before > 0) expect(peak - before).toBeLessThan(bound);
    });

    test('P8: a server that breaks the rules is cut off with 1002, random bytes end no process', async () => {
      const random = createRandom(20261122);
      let bytes = Buffer.from([0x83, 0]);
      let gone = 0;
      const server = await useServer({
        handler(request, socket) {
          if (request.path === '/plain') return { body: 'still here' };
          socket.once('close', () => gone++);
          socket.write(accepting());
          socket.write(bytes);
          return undefined;
        },
      });
      const proxy = await useChildProxy(runtime, server);
      const authority = `localhost:${server.port}`;
      const ask = async () => {
        const tunnel = await openTunnel(proxy, authority, ['http/1.1']);
        onTestFinished(() => void tunnel.destroy());
        return await converse(tunnel, handshake(authority), /\x88[^]\x03[\xea\xef\xf1]/);
      };
      const wrong = await ask();
      expect(wrong).toMatch(/\r\n\r\n\x88\x16\x03\xeaAn opcode is unknown$/);
      await expect.poll(() => gone).toBe(1);
      for (let i = 0; i < 20; i++) {
        bytes = Buffer.concat([
          frame(1, 'fine'),
          Buffer.from([0x80 | (3 + random(5))]),
          Buffer.from(Array.from({ length: 1 + random(300) }, () => random(256))),
        ]);
        expect(await ask()).toContain('\x81\x04fine\x88');
      }
      const tunnel = await openTunnel(proxy, authority, ['http/1.1']);
      onTestFinished(() => void tunnel.destroy());
      expect(await converse(tunnel, `GET /plain HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)).toContain('still here');
    });

    test('R4, H19: a switch to anything but a WebSocket without extensions is a 502', async () => {
      let answer = '';
      const server = await useServer({
        handler(_request, socket) {
          socket.write(answer);
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled');
          return undefined;
        },
      });
      const proxy = await useChildProxy(runtime, server);
      const authority = `localhost:${server.port}`;
      for (
        const [head, code] of [
          [accepting('Sec-WebSocket-Extensions: permessage-deflate'), 'E_CODING'],
          [accepting().replace('s3pPLM', 'S3pPLM'), 'E_UPSTREAM'],
          [accepting().replace(/Sec-WebSocket-Accept.*\r\n/, ''), 'E_UPSTREAM'],
          [accepting().replace('Upgrade: websocket', 'Upgrade: h2c'), 'E_UPSTREAM'],
        ] as const
      ) {
        answer = head;
        const tunnel = await openTunnel(proxy, authority, ['http/1.1']);
        onTestFinished(() => void tunnel.destroy());
        const got = await converse(tunnel, handshake(authority, '/', 'Sec-WebSocket-Extensions: permessage-deflate'));
        expect(got).toMatch(new RegExp(`^HTTP/1\\.1 502 [^]*"code":"${code}"`));
        expect(got).not.toContain('smuggled');
        expect(server.requests.at(-1)!.header('sec-websocket-extensions')).toBeUndefined();
      }
      const tunnel = await openTunnel(proxy, authority, ['http/1.1']);
      onTestFinished(() => void tunnel.destroy());
      const before = server.requests.length;
      const bare = `GET / HTTP/1.1\r\nHost: ${authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
      expect(await converse(tunnel, bare)).toMatch(/^HTTP\/1\.1 400 [^]*"code":"E_HTTP"/);
      expect(server.requests).toHaveLength(before);
    });
  },
);

// Once is enough for a browser that takes seconds to start.
test.for(currentRuntime === 'node' ? ['a page in a browser'] : [])(
  'R1: %s hears what a server sends, without the credential',
  { timeout: 60_000 },
  async (_name, { skip }) => {
    const browser = needBrowser(skip);
    let report!: (heard: unknown) => void;
    const heard = new Promise((resolve) => report = resolve);
    const page = `<script>
    const heard = [];
    const socket = new WebSocket('wss://' + location.host + '/ws', 'chat');
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => heard.push(typeof data === 'string' ? data : new TextDecoder('latin1').decode(data));
    socket.onopen = () => socket.send('hello from the page');
    socket.onclose = ({ code, reason, wasClean }) => {
      const body = JSON.stringify({ heard, code, reason, wasClean, extensions: socket.extensions, protocol: socket.protocol });
      fetch('/report', { method: 'POST', body });
    };
  </script>`;
    const server = await useSocketServer((socket, request) => {
      const token = request.headers.authorization!.slice('Bearer '.length);
      socket.on('message', (data: Buffer) => {
        socket.send(`${data} and ☃: ${token}`);
        socket.send('in pieces ☃', { fin: false });
        socket.ping(token);
        socket.send(`☃ ${token.slice(0, 20)}`, { fin: false });
        socket.send(`${token.slice(20)} ☃`, { fin: true });
        socket.send(Buffer.from(`bytes ${Buffer.from(token).toString('hex')}`));
        socket.once('pong', () => socket.close(4001, `bye ${token}`));
      });
    }, (request, response) => {
      if (request.url !== '/report') return void response.setHeader('Content-Type', 'text/html').end(page);
      let text = '';
      request.on('data', (bytes: Buffer) => text += bytes);
      request.on('end', () => {
        response.end();
        report(JSON.parse(text));
      });
    });
    const proxy = await useChildProxy('node', server);
    const child = startCommand(browser, [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--ignore-certificate-errors',
      `--user-data-dir=${await useFolder()}`,
      `--proxy-server=http://127.0.0.1:${proxy.port}`,
      '--proxy-bypass-list=<-loopback>',
      `https://localhost:${server.port}/`,
    ]);
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await child.done;
    });
    expect(await heard).toEqual({
      heard: [`hello from the page and ☃: ${MARK}`, `in pieces ☃☃ ${MARK} ☃`, `bytes ${MARK}`],
      code: 4001,
      reason: `bye ${MARK}`,
      wasClean: true,
      extensions: '',
      protocol: 'chat',
    });
  },
);
