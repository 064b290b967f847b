import { expect, test } from 'vitest';
import { useHttp2Server } from '../../../_lib/http2_server.ts';
import { useServer } from '../../../_lib/lab.ts';
import { currentRuntime } from '../../../_lib/run_child.ts';
import { DEFECTS } from '../../../_lib/test_ca.ts';
import { exchange, targetOf, useUpstream } from '../../../_lib/upstream.ts';

const GRPC = {
  method: 'POST',
  fields: [['Host', 'localhost'], ['Content-Type', 'application/grpc'], ['TE', 'trailers'], ['Content-Length', '2']],
  hasBody: true,
} as const;

function needHttp2(skip: (note?: string) => never): void {
  if (currentRuntime === 'deno') skip('HTTP/2 is not spoken on Deno');
}

const write = (text: string) => (started: { write(bytes: Uint8Array): boolean; finish(): void }) => {
  started.write(new TextEncoder().encode(text));
  started.finish();
};

test('a server that speaks only HTTP/2 is spoken to so, on one connection', async ({ skip }) => {
  needHttp2(skip);
  const server = await useHttp2Server();
  const upstream = useUpstream();
  const route = { target: targetOf(server.origin), owner: 'a', allowPrivate: true, caFile: server.caFile };
  for (let i = 0; i < 3; i++) expect(await exchange(upstream, route)).toMatchObject({ body: 'ok', error: undefined });
  const many = await Promise.all(Array.from({ length: 20 }, () => exchange(upstream, route)));
  expect(many.map(({ body }) => body)).toEqual(many.map(() => 'ok'));
  expect(server.connections).toBe(1);
  expect(upstream.connections.open).toBe(1);
});

test('gRPC asks for HTTP/2 at once, everything else of the same server for HTTP/1.1', async ({ skip }) => {
  needHttp2(skip);
  const server = await useHttp2Server({ allowHTTP1: true, onRequest: ({ stream }) => stream.end('two') });
  const upstream = useUpstream();
  const route = { target: targetOf(server.origin), owner: 'a', allowPrivate: true, caFile: server.caFile };
  expect((await exchange(upstream, route)).body).toBe('one');
  expect((await exchange(upstream, route, GRPC, write('hi'))).body).toBe('two');
  expect((await exchange(upstream, route)).body).toBe('one');
});

test('a server that does not speak HTTP/2 gets gRPC as it is', async ({ skip }) => {
  needHttp2(skip);
  const server = await useServer({ handler: (request) => ({ body: `one ${request.body}` }) });
  const upstream = useUpstream();
  const route = { target: targetOf(server.origin), owner: 'a', allowPrivate: true, caFile: server.caFile };
  const all = await Promise.all([1, 2, 3].map(() => exchange(upstream, route, GRPC, write('hi'))));
  expect(all.map(({ body }) => body)).toEqual(['one hi', 'one hi', 'one hi']);
});

test('X5: sessions are never shared between owners', async ({ skip }) => {
  needHttp2(skip);
  const server = await useHttp2Server();
  const upstream = useUpstream();
  const route = { target: targetOf(server.origin), allowPrivate: true, caFile: server.caFile };
  for (const owner of ['alice', 'mallory', 'alice', 'mallory']) await exchange(upstream, { ...route, owner });
  expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1, 0, 1]);
  upstream.close('mallory');
  await exchange(upstream, { ...route, owner: 'alice' });
  await exchange(upstream, { ...route, owner: 'mallory' });
  expect(server.requests.slice(4).map(({ connection }) => connection)).toEqual([0, 2]);
});

test.each(DEFECTS)('T1: HTTP/2 begins with nobody whose certificate is %s', async (defect) => {
  const server = await useHttp2Server({ defect });
  const route = { target: targetOf(server.origin), owner: 'a', allowPrivate: true, caFile: server.caFile };
  const { error } = await exchange(useUpstream(), route, GRPC, write('hi'));
  expect(error?.code).toBe('E_UPSTREAM_TLS');
  expect(server.requests).toEqual([]);
});

test('H15: a private address is refused for HTTP/2 too', async () => {
  const server = await useHttp2Server();
  const route = { target: targetOf(server.origin), owner: 'a', caFile: server.caFile };
  expect((await exchange(useUpstream(), route, GRPC, write('hi'))).error?.code).toBe('E_PRIVATE_ADDRESS');
});
