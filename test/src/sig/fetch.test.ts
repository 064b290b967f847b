import { createServer } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { readAll } from '../../../src/encoding/read_all.ts';
import { fetchThrough, sendByFetch, toResponse } from '../../../src/sig/fetch.ts';
import { answer, headOf } from '../../_lib/fixture.ts';
import type { Body } from '../../../src/ports.ts';
import type { RequestHead } from '../../../src/target/head.ts';

function catchRequest() {
  const seen: { head: RequestHead; body: Body | null }[] = [];
  const request = (head: RequestHead, body: Body | null) => {
    seen.push({ head, body });
    return Promise.resolve({ response: answer(200, 'ok'), head, providers: [] });
  };
  return { seen, request };
}

test('fetchThrough() holds a small body, so that it can be replayed, and states its length', async () => {
  const { seen, request } = catchRequest();
  await fetchThrough(
    request,
    new Request('https://a.example/p?q#f', { method: 'POST', body: 'hello', headers: { 'x-a': '1' } }),
  );
  expect(seen[0]!.head).toMatchObject({ method: 'POST', path: '/p?q', target: { host: 'a.example' } });
  expect(seen[0]!.head.headers).toContainEqual(['content-length', '5']);
  expect(Array.isArray(seen[0]!.body)).toBe(true);
});

test('fetchThrough() streams a large body whole', async () => {
  const { seen, request } = catchRequest();
  const big = new Uint8Array(3 * 1024 * 1024).fill(7);
  await fetchThrough(request, new Request('https://a.example/', { method: 'PUT', body: big }));
  expect(Array.isArray(seen[0]!.body)).toBe(false);
  let size = 0;
  for await (const chunk of seen[0]!.body!) size += chunk.length;
  expect(size).toBe(big.length);
});

test('toResponse() streams, keeps every Set-Cookie, and ends the source when nobody reads', async () => {
  let isEnded = false;
  const body = (async function* () {
    try {
      yield encodeUtf8('a');
      yield encodeUtf8('b');
    } finally {
      isEnded = true;
    }
  })();
  const response = toResponse({
    status: 200,
    reason: 'Fine',
    headers: [['Set-Cookie', 'a=1'], ['Set-Cookie', 'b=2']],
    body,
  });
  expect(response.statusText).toBe('Fine');
  expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  const reader = response.body!.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('a');
  await reader.cancel();
  expect(isEnded).toBe(true);
});

test.each([204, 304])('toResponse() of %i has no body', (status) => {
  expect(toResponse(answer(status)).body).toBeNull();
});

test('sendByFetch() follows nothing and leaves framing to the platform', async () => {
  const calls: [string, RequestInit][] = [];
  const send = sendByFetch((url, init) => {
    calls.push([url, init]);
    return Promise.resolve(
      new Response('hi', { status: 201, headers: [['set-cookie', 'a=1'], ['set-cookie', 'b=2'], ['x', 'y']] }),
    );
  });
  const response = await send(headOf('https://a.example/p', 'POST', [['X-A', '1'], ['Content-Length', '9']]), [
    encodeUtf8('body'),
  ]);
  expect(calls[0]![0]).toBe('https://a.example/p');
  expect(calls[0]![1]).toMatchObject({ method: 'POST', redirect: 'manual' });
  expect([...(calls[0]![1].headers as Headers).keys()]).toEqual(['x-a']);
  expect(response.status).toBe(201);
  expect(response.headers.filter(([name]) => name === 'set-cookie')).toEqual([['set-cookie', 'a=1'], [
    'set-cookie',
    'b=2',
  ]]);
});

test.each([['gzip', gzipSync], ['br', brotliCompressSync]] as const)(
  'sendByFetch() hands on what the platform decoded from %s, and no field about the coded bytes',
  async (coding, compress) => {
    const server = createServer((_, response) => {
      const coded = compress('hello');
      response.writeHead(200, { 'content-encoding': coding, 'content-length': coded.length }).end(coded);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const send = sendByFetch((url, init) => fetch(url, init));
    const head = headOf(`http://127.0.0.1:${port}/`, 'GET', [['Accept-Encoding', 'identity']]);
    const { headers, body } = await send(head, null);
    expect(new TextDecoder().decode(await readAll(body, 100))).toBe('hello');
    expect(headers.filter(([name]) => /^content-(?:encoding|length)$/.test(name))).toEqual([]);
  },
);
