/**
 * What the proxy of every form does with messages and connections, byte for byte: each case plays the
 * client and the server, and says all that either of them sees.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Wire } from '../_lib/wire.ts';
import { chunk, get, ok, post, type ProxyCase, type ProxyWorld } from './proxy_lab.ts';

const ESTABLISHED = 'HTTP/1.1 200 Connection Established\r\n\r\n';

/** The cases, by what they show. */
export const MESSAGE_CASES: Readonly<Record<string, ProxyCase>> = {
  'fields keep order, case and duplicates both ways, and the credential is one of them': async (world) => {
    const { authority, token } = world;
    const client = await world.tunnel();
    client.write(
      `GET /fields?a=b%20c HTTP/1.1\r\nx-b: 1\r\nHOST: ${authority}\r\nauthorization: mine\r\nX-a: \t 2\r\nx-B: 3\r\n` +
        'Connection: x-hop, keep-alive\r\nX-Hop: 1\r\nProxy-X: 1\r\nCookie: a=1\r\ncookie: b=2\r\n\r\n',
    );
    const far = await world.serve('/fields?a=b%20c');
    expect(await far.takeHead()).toEqual([
      'GET /fields?a=b%20c HTTP/1.1',
      'x-b: 1',
      `HOST: ${authority}`,
      'X-a: 2',
      'x-B: 3',
      'Cookie: a=1',
      'cookie: b=2',
      `Authorization: Bearer ${token}`,
    ]);
    far.write('HTTP/1.1 299 Fine By Me\r\nb: 1\r\nA: 2\r\nCONTENT-length: 2\r\nb:3\r\nB: \xe9\r\n\r\nok');
    expect(await client.take(/ok$/)).toBe(
      'HTTP/1.1 299 Fine By Me\r\nb: 1\r\nA: 2\r\nCONTENT-length: 2\r\nb: 3\r\nB: \xe9\r\n\r\nok',
    );
    client.socket.destroy();
  },

  'pipelined requests go out one after the other, on one connection, and come back in order': async (world) => {
    const client = await world.tunnel();
    client.write(['/one', '/two', '/three'].map((path) => get(world, path)).join(''));
    const far = await world.serve('/one');
    for (const path of ['/one', '/two', '/three']) {
      expect((await far.takeHead())[0]).toBe(`GET ${path} HTTP/1.1`);
      expect(far.pending).toBe('');
      far.write(ok(path));
    }
    expect(await client.take(/\/three$/)).toBe(['/one', '/two', '/three'].map(ok).join(''));
    client.socket.destroy();
  },

  'each chunk of a request arrives before the next is sent, and so do its trailers': async (world) => {
    const client = await world.tunnel();
    client.write(post(world, '/up', 'Transfer-Encoding: chunked', 'Trailer: X-Sum'));
    const far = await world.serve('/up');
    expect(await far.takeHead()).toEqual(expect.arrayContaining(['Transfer-Encoding: chunked', 'Trailer: X-Sum']));
    for (const piece of [chunk('first'), '6;note=1\r\nsecond\r\n', '0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n']) {
      client.write(piece);
      expect((await far.takeBytes(piece.length)).toString('latin1')).toBe(piece);
    }
    far.write(ok('got it'));
    expect(await client.take(/got it$/)).toBe(ok('got it'));
    client.socket.destroy();
  },

  'each chunk of an answer arrives before the next is sent, and so do its trailers': async (world) => {
    const client = await world.tunnel();
    client.write(get(world, '/down', 'TE: trailers'));
    const far = await world.serve('/down');
    expect(await far.takeHead()).toEqual(expect.arrayContaining(['TE: trailers', 'Connection: TE']));
    far.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n');
    expect(await client.takeHead()).toEqual(['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-Sum']);
    for (const piece of [chunk('{1}\n'), chunk('{2}\n'), `0\r\nX-Sum: 1\r\nX-Echo: ${world.token}\r\n\r\n`]) {
      far.write(piece);
      expect(await client.take(/\n\r\n$/)).toBe(piece.replace(world.token, '[sig:redacted:api]'));
    }
    // The connection is as good as new.
    expect(await again(world, client, far)).toBe(ok('again'));
  },

  'a body waits for 100 Continue where the client does': async (world) => {
    const client = await world.tunnel();
    client.write(post(world, '/continue', 'Expect: 100-continue', 'Content-Length: 4'));
    const far = await world.serve('/continue');
    expect(await far.takeHead()).toContain('Expect: 100-continue');
    expect(client.pending + far.pending).toBe('');
    far.write('HTTP/1.1 100 Continue\r\n\r\n');
    expect(await client.take(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.write('body');
    expect(await far.take(/body/)).toBe('body');
    far.write(ok('thanks'));
    expect(await client.take(/thanks$/)).toBe(ok('thanks'));
    client.socket.destroy();
  },

  '417 ends a request whose body was not sent': async (world) => {
    const client = await world.tunnel();
    client.write(post(world, '/417', 'Expect: 100-continue', 'Content-Length: 4'));
    const far = await world.serve('/417');
    await far.takeHead();
    far.write('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n');
    // Whether the body still comes nobody knows: no other request can follow it.
    expect(await client.takeRest()).toBe(
      'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
    await far.closed;
    expect(far.pending).toBe('');
  },

  'an answer that comes before the body is whole reaches the client': async (world) => {
    const client = await world.tunnel();
    client.write(`${post(world, '/early', 'Content-Length: 1000000')}${'x'.repeat(1000)}`);
    const far = await world.serve('/early');
    await far.takeHead();
    await far.takeBytes(1000);
    far.write('HTTP/1.1 413 Too Much\r\nContent-Length: 4\r\nConnection: close\r\n\r\nstop');
    far.socket.end();
    expect(await client.takeRest()).toBe(
      'HTTP/1.1 413 Too Much\r\nContent-Length: 4\r\nConnection: close\r\n\r\nstop',
    );
  },

  'early hints come before the answer, each by itself': async (world) => {
    const client = await world.tunnel();
    client.write(get(world, '/hints'));
    const far = await world.serve('/hints');
    await far.takeHead();
    for (const hint of ['</a.css>; rel=preload', '</b.js>; rel=preload']) {
      far.write(`HTTP/1.1 103 Early Hints\r\nLink: ${hint}\r\n\r\n`);
      expect(await client.takeHead()).toEqual(['HTTP/1.1 103 Early Hints', `Link: ${hint}`]);
    }
    far.write(ok('at last'));
    expect(await client.take(/at last$/)).toBe(ok('at last'));
    client.socket.destroy();
  },

  'an answer to HEAD, 204 and 304 have no body, whatever their fields say': async (world) => {
    const client = await world.tunnel();
    client.write(get(world, '/none').replace('GET', 'HEAD'));
    const far = await world.serve('/none');
    for (
      const head of [
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
        'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 99\r\n\r\n',
        'HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n',
      ]
    ) {
      await far.takeHead();
      far.write(head);
      expect(await client.take(/\r\n\r\n/)).toBe(head);
      client.write(get(world, '/none'));
    }
    await far.takeHead();
    far.write(ok('a body'));
    expect(await client.take(/a body$/)).toBe(ok('a body'));
    client.socket.destroy();
  },

  'either side may end its connection, and the other side goes on': async (world) => {
    const client = await world.tunnel();
    client.write(get(world, '/bye'));
    const far = await world.serve('/bye');
    await far.takeHead();
    far.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbye');
    expect(await client.take(/bye$/)).toBe(ok('bye'));
    await far.closed;
    client.write(get(world, '/hello', 'Connection: close'));
    const next = await world.serve('/hello');
    expect(await next.takeHead()).not.toContain('Connection: close');
    next.write(ok('hello'));
    expect(await client.takeRest()).toBe('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello');
  },

  'a body that only the end of the connection ends, and a client of HTTP/1.0': async (world) => {
    const client = await world.tunnel();
    client.write(get(world, '/until-end'));
    const far = await world.serve('/until-end');
    await far.takeHead();
    far.write('HTTP/1.1 200 OK\r\nX: 1\r\n\r\n{all of it}\n');
    expect(await client.takeHead()).toEqual(['HTTP/1.1 200 OK', 'X: 1', 'Transfer-Encoding: chunked']);
    far.socket.end();
    expect(await client.take(/0\r\n\r\n$/)).toBe(`${chunk('{all of it}\n')}0\r\n\r\n`);
    client.write(`GET /old HTTP/1.0\r\nHost: ${world.authority}\r\n\r\n`);
    const old = await world.serve('/old');
    expect((await old.takeHead())[0]).toBe('GET /old HTTP/1.1');
    old.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('{no}\n')}${chunk('{chunks}\n')}0\r\n\r\n`);
    expect(await client.takeRest()).toBe('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{no}\n{chunks}\n');
  },

  'a client that goes away is gone for the server: waiting, reading or writing': async (world) => {
    for (const [path, more] of [['/gone-waiting', ''], ['/gone-reading', 'HTTP/1.1 200 OK\r\nX: 1\r\n\r\n{1}\n']]) {
      const client = await world.tunnel();
      client.write(get(world, path!));
      const far = await world.serve(path!);
      far.write(more!);
      if (more) await client.take(/\{1\}/);
      client.socket.destroy();
      await far.closed;
    }
    const client = await world.tunnel();
    client.write(`${post(world, '/gone-writing', 'Content-Length: 100')}part`);
    const far = await world.serve('/gone-writing');
    await far.take(/part/);
    client.socket.destroy();
    await far.closed;
    expect(far.pending).toBe('');
  },

  'an answer that is cut is cut for the client too': async (world) => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    for (const [path, sent] of [['/cut-between', chunk('{1}\n')], ['/cut-within', '100\r\n{1}\n']]) {
      const client = await world.tunnel();
      client.write(get(world, path!));
      const far = await world.serve(path!);
      far.write(`${head}${sent}`);
      await client.take(/\{1\}/);
      far.socket.destroy();
      expect(await client.takeRest()).not.toContain('0\r\n\r\n');
    }
  },

  'a tunnel to a host that nobody claims carries any bytes, both ways': async (world) => {
    const client = await world.dial();
    client.write('CONNECT public.example:8443 HTTP/1.1\r\nHost: public.example:8443\r\n\r\n');
    const far = await world.serve('public.example:8443');
    await far.takeHead();
    far.write(ESTABLISHED);
    expect(await client.take(/\r\n\r\n/)).toBe(ESTABLISHED);
    for (const [from, to] of [[client, far], [far, client]] as const) {
      const bytes = randomBytes(100_000);
      from.write(bytes);
      expect((await to.takeBytes(bytes.length)).equals(bytes)).toBe(true);
    }
    client.write('last words');
    client.socket.end();
    expect(await far.take(/words/)).toBe('last words');
    await Promise.all([far.closed, client.closed]);
  },

  'a request for an https:// URL outside of a tunnel goes out over TLS': async (world) => {
    const client = await world.dial();
    client.write(`GET https://${world.authority}/absolute HTTP/1.1\r\nHost: evil.example\r\n\r\n`);
    const far = await world.serve('/absolute');
    expect(await far.takeHead()).toEqual([
      'GET /absolute HTTP/1.1',
      `Host: ${world.authority}`,
      `Authorization: Bearer ${world.token}`,
    ]);
    far.write(ok('absolute'));
    expect(await client.take(/absolute$/)).toBe(ok('absolute'));
    client.socket.destroy();
  },
};

/** One more request on two connections that are open. */
async function again(world: ProxyWorld, client: Wire, far: Wire): Promise<string> {
  client.write(get(world, '/again'));
  expect((await far.takeHead())[0]).toBe('GET /again HTTP/1.1');
  far.write(ok('again'));
  const answer = await client.take(/again$/);
  client.socket.destroy();
  return answer;
}
