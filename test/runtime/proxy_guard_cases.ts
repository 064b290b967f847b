/**
 * What the proxy of every form keeps, refuses and survives: each case plays the client and the server.
 * The last one ends the proxy.
 *
 * @module
 */

import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { clearTimeout, setTimeout } from 'node:timers';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { findLeaks } from '../_lib/canary.ts';
import { ask, openSession, openTunnel } from '../_lib/http2.ts';
import type { Wire } from '../_lib/wire.ts';
import type { Form } from './forms_lab.ts';
import { chunk, get, ok, post, type ProxyCase } from './proxy_lab.ts';

/** The cases, by what they show. */
export const GUARD_CASES: Readonly<Record<string, ProxyCase>> = {
  'what a server echoes of the credential is not there, in any part of an answer': async (world) => {
    const client = await world.tunnel();
    client.write(get(world, '/echo'));
    const far = await world.serve('/echo');
    const { token } = world;
    const body = JSON.stringify({ token, basic: btoa(`me:${token}`), url: encodeURIComponent(`?t=${token}`) });
    await far.takeHead();
    far.write(
      `HTTP/1.1 200 ${token}\r\nX-Echo: ${token}\r\nLocation: /?t=${token}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const got = await client.take(/\}$/);
    expect(got).toMatch(
      /^HTTP\/1\.1 200 \[sig:redacted:api\]\r\nX-Echo: \[sig:redacted:api\]\r\nLocation: \/\?t=\[sig/,
    );
    expect(Number(/Content-Length: (\d+)/.exec(got)![1])).toBe(got.length - got.indexOf('\r\n\r\n') - 4);
    expect(findLeaks(token, { got })).toEqual([]);
    client.socket.destroy();
  },

  'long bodies are what they were, but for the credential in them': async (world) => {
    const client = await world.tunnel();
    // Every line ends with what may be the beginning of the secret.
    const line = (i: number) => `${i} ${world.token} ${'x'.repeat(i % 997)}${world.token.slice(0, i % 20)}\n`;
    const text = Array.from({ length: 4_000 }, (_, i) => line(i)).join('');
    client.write(post(world, '/long', `Content-Length: ${text.length}`));
    const far = await world.serve('/long');
    await far.takeHead();
    client.write(text);
    expect((await far.takeBytes(text.length)).toString() === text).toBe(true);
    far.write(`HTTP/1.0 200 OK\r\n\r\n${text}`);
    far.socket.end();
    const head = await client.takeHead();
    expect(head).toContain('Transfer-Encoding: chunked');
    const got = withoutChunks(await client.take(/\r\n0\r\n\r\n$/));
    expect(got === text.replaceAll(world.token, '[sig:redacted:api]')).toBe(true);
    client.socket.destroy();
  },

  'a coded answer that may hold the credential is read, and comes without the coding': async (world) => {
    const client = await world.tunnel();
    for (const [coding, compress] of [['gzip', gzipSync], ['br', brotliCompressSync]] as const) {
      client.write(get(world, `/${coding}`, 'Accept-Encoding: gzip, br, compress'));
      const far = await world.serve(`/${coding}`);
      expect(await far.takeHead()).toContain('Accept-Encoding: gzip, br');
      const body = compress(Buffer.from(`you sent ${world.token}.\n`));
      far.write(
        `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`,
      );
      far.write(body);
      const got = await client.take(/\r\n0\r\n\r\n$/);
      expect(got).not.toMatch(/content-encoding|content-length/i);
      expect(got).toContain('[sig:redacted:api]');
      expect(findLeaks(world.token, { got })).toEqual([]);
    }
    client.socket.destroy();
  },

  'where there is no credential, a body is not touched: not its coding, not its chunks': async (world) => {
    const client = await world.dial();
    const bytes = randomBytes(3_000);
    for (const coding of ['gzip', 'br']) {
      client.write(`GET http://public.example/${coding} HTTP/1.1\r\nHost: public.example\r\nRange: bytes=0-\r\n\r\n`);
      const far = await world.serve(`http://public.example/${coding}`);
      expect(await far.takeHead()).toContain('Range: bytes=0-');
      const head = `HTTP/1.1 206 Part\r\nContent-Encoding: ${coding}\r\nTransfer-Encoding: chunked\r\n\r\n`;
      const body = Buffer.concat([Buffer.from('7d0;x=y\r\n'), bytes.subarray(0, 2_000), Buffer.from('\r\n3E8\r\n')]);
      const all = Buffer.concat([Buffer.from(head), body, bytes.subarray(2_000), Buffer.from('\r\n0\r\nT: 1\r\n\r\n')]);
      far.write(all);
      expect((await client.takeBytes(all.length)).equals(all)).toBe(true);
      far.socket.end();
    }
    client.socket.destroy();
  },

  'TLS without SNI is answered, and one for another name than CONNECT said is not': async (world) => {
    const client = await world.tunnel({ servername: '' });
    client.write(get(world, '/no-sni'));
    const far = await world.serve('/no-sni');
    far.write(ok('here'));
    expect(await client.take(/here$/)).toBe(ok('here'));
    client.socket.destroy();
    const before = world.connections();
    // The name may be looked at before or after the end of the handshake: nothing is answered in either case.
    const other = await world.tunnel({ servername: 'other.example' }).catch(() => undefined);
    other?.write(get(world, '/other-sni'));
    expect(await other?.takeRest() ?? '').toBe('');
    expect(world.connections()).toBe(before);
  },

  'three requests without a login get three clear answers at once, and no browser opens': async (world) => {
    const before = world.connections();
    const start = performance.now();
    const answers = await Promise.all([1, 2, 3].map(async () => {
      const client = await world.tunnel({ authority: world.unknown });
      client.write(`GET / HTTP/1.1\r\nHost: ${world.unknown}\r\n\r\n`);
      const head = await client.takeHead();
      return { head, problem: JSON.parse(await client.take(/\}\n$/)) };
    }));
    expect(performance.now() - start).toBeLessThan(5_000);
    for (const { head, problem } of answers) {
      expect(head).toEqual(
        expect.arrayContaining(['HTTP/1.1 401 Unauthorized', 'Content-Type: application/problem+json']),
      );
      expect(problem).toMatchObject({ code: 'E_LOGIN_REQUIRED', provider: 'nobody', hint: 'sig login nobody' });
    }
    expect([world.connections() - before, world.hasOpenedBrowser()]).toEqual([0, false]);
  },

  'HTTP/2 is spoken where the runtime can, else HTTP/1.1': async (world, form) => {
    const expected = isDeno(form) ? 'http/1.1' : 'h2';
    const socket = await openTunnel(world, world.authority, ['h2', 'http/1.1']);
    socket.destroy();
    expect(socket.alpnProtocol).toBe(expected);
    if (expected !== 'h2') return;
    const session = await openSession(world, world.authority);
    const answers = ['/h2-a', '/h2-b'].map((path) => ask(session, { ':path': path, 'x-own': '1' }));
    for (const path of ['/h2-b', '/h2-a']) {
      const far = await world.serve(path);
      const head = await far.takeHead();
      expect(head).toEqual(expect.arrayContaining([`Authorization: Bearer ${world.token}`, 'x-own: 1']));
      far.write(ok(`${path} ${world.token}`));
    }
    const [a, b] = await Promise.all(answers);
    expect([a!.body, b!.body]).toEqual(['/h2-a [sig:redacted:api]', '/h2-b [sig:redacted:api]']);
    session.destroy();
  },

  'no input ends the proxy, and none of it reaches a server': async (world) => {
    const before = world.connections();
    const host = `Host: ${world.authority}`;
    const garbage: (string | Uint8Array)[] = [
      randomBytes(5_000),
      '\0\0\0\0\r\n\r\n',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      Buffer.from('16030100050100000100', 'hex'),
      `GET / HTTP/1.1\n${host}\n\n`,
      `GET / HTTP/1.1\r\n${host}\r\n X: folded\r\n\r\n`,
      `GET / HTTP/1.1\r\n${host}\r\n${host}\r\n\r\n`,
      `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 3, 4\r\n\r\nabc`,
      `POST / HTTP/1.1\r\n${host}\r\nContent-Length: -1\r\n\r\n`,
      `GET / HTTP/1.1\r\n${host}\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
      `GET / HTTP/3.7\r\n${host}\r\n\r\n`,
      `GET //// HTTP/1.1\r\nHost: [::1\r\n\r\n`,
      'CONNECT / HTTP/1.1\r\nHost: /\r\n\r\n',
      'CONNECT localhost:99999 HTTP/1.1\r\nHost: localhost:99999\r\n\r\n',
    ];
    for (const bytes of garbage) {
      for (const client of [await world.dial(), await world.tunnel()]) {
        client.write(bytes);
        const answer = await answerOf(client);
        expect([String(bytes).slice(0, 200), answer]).toEqual([
          expect.anything(),
          expect.stringMatching(/^$|^HTTP\/1\.1 [45]\d\d /),
        ]);
      }
    }
    // Instead of TLS, and in the middle of it.
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', Buffer.from('1603010200010001fc0303', 'hex'), '']) {
      const client = await world.dial();
      client.write(`CONNECT ${world.authority} HTTP/1.1\r\n${host}\r\n\r\n`);
      await client.takeHead();
      client.write(bytes);
      client.socket.end();
      await client.closed;
    }
    expect(world.connections()).toBe(before);
    const client = await world.tunnel();
    client.write(get(world, '/alive'));
    (await world.serve('/alive')).write(ok('alive'));
    expect(await client.take(/alive$/)).toBe(ok('alive'));
    client.socket.destroy();
    expect(world.running.stderr()).toBe('');
  },

  'SIGTERM lets an answer that is under way end, takes nothing new, and ends the rest': async (world, form) => {
    const [client, idle, late] = await Promise.all([world.tunnel(), world.tunnel(), world.tunnel()]);
    client.write(get(world, '/under-way'));
    const far = await world.serve('/under-way');
    late.write(get(world, '/not-begun'));
    const farLate = await world.serve('/not-begun');
    far.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    await client.takeHead();
    const session = isDeno(form) ? undefined : await openSession(world, world.authority);
    const stream = session && ask(session, { ':path': '/h2-under-way' });
    const farStream = session && await world.serve('/h2-under-way');
    world.running.kill('SIGTERM');
    expect(await idle.takeRest()).toBe('');
    await expect(world.dial()).rejects.toThrow(/ECONNREFUSED/);
    farLate.write(ok('late'));
    expect(await late.takeRest()).toBe(ok('late').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
    farStream?.write(ok('whole'));
    expect(await stream).toEqual(session && expect.objectContaining({ status: 200, body: 'whole', rstCode: 0 }));
    far.write(`${chunk('{the end}\n')}0\r\n\r\n`);
    expect(await client.takeRest()).toBe(`${chunk('{the end}\n')}0\r\n\r\n`);
    const ended = await world.running.done;
    expect([ended.code, ended.stderr]).toEqual([143, '']);
  },
};

/** The content of a body in chunks. */
function withoutChunks(body: string): string {
  const pieces: string[] = [];
  for (let at = 0;;) {
    const end = body.indexOf('\r\n', at);
    const size = parseInt(body.slice(at, end), 16);
    if (!(size > 0)) return pieces.join('');
    pieces.push(body.slice(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

function isDeno({ command }: Form): boolean {
  return command[0].endsWith('/deno');
}

/** The head of what comes within a moment, or all of it when the connection ends. */
async function answerOf(client: Wire): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const moment = new Promise<string>((resolve) => timer = setTimeout(() => resolve(client.pending), 300));
  const head = client.take(/\r\n\r\n/).catch(() => client.pending);
  const answer = await Promise.race([head, moment]);
  clearTimeout(timer);
  client.socket.destroy();
  return answer;
}
