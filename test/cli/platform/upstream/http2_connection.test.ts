import { Buffer } from 'node:buffer';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { UpstreamRequest } from '../../../../cli/platform/upstream/exchange.ts';
import { writeChunk, writeLastChunk } from '../../../../src/http1/write.ts';
import { type Http2Received, useHttp2Server } from '../../../_lib/http2_server.ts';
import { currentRuntime } from '../../../_lib/run_child.ts';
import { exchange, targetOf, useUpstream } from '../../../_lib/upstream.ts';

function needHttp2(skip: (note?: string) => never): void {
  if (currentRuntime === 'deno') skip('HTTP/2 is not spoken on Deno');
}

async function useExchange(onRequest: (received: Http2Received) => void) {
  const server = await useHttp2Server({ onRequest });
  const upstream = useUpstream();
  const route = { target: targetOf(server.origin), owner: 'a', allowPrivate: true, caFile: server.caFile };
  const run = (request: Partial<UpstreamRequest> = {}, act?: Parameters<typeof exchange>[3]) =>
    exchange(
      upstream,
      route,
      { ...request, fields: [['Host', `localhost:${server.port}`], ...request.fields ?? []] },
      act,
    );
  return { server, run };
}

test('createStreamConnection() says a request in HTTP/2, trailers included', async ({ skip }) => {
  needHttp2(skip);
  let got = '';
  let trailers: unknown;
  const { server, run } = await useExchange(({ stream }) => {
    stream.on('data', (bytes: Buffer) => got += bytes);
    stream.on('trailers', (fields) => trailers = { ...fields });
    stream.on('end', () => {
      stream.additionalHeaders({ ':status': 103, link: '</a>' });
      stream.respond({ ':status': 201, 'x-a': ['1', '2'] }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': '1' }));
      stream.end('answer');
    });
  });
  const fields = [['X-Case', 'Kept'], ['Connection', 'TE'], ['TE', 'trailers'], [
    'Transfer-Encoding',
    'chunked',
  ]] as const;
  const outcome = await exchangeOf(run, { method: 'POST', path: '/p?q', fields, hasBody: true });
  expect(outcome.heads.map(({ status, reason }) => [status, reason])).toEqual([[103, ''], [201, '']]);
  expect(outcome).toMatchObject({ body: 'answer', trailers: [['x-end', '1']], error: undefined });
  expect([got, trailers]).toMatchObject(['hello', { 'x-sum': '7' }]);
  const { raw } = server.requests[0]!;
  expect(raw).toEqual([
    ...[':method', 'POST', ':scheme', 'https', ':authority', `localhost:${server.port}`, ':path', '/p?q'],
    ...['x-case', 'Kept', 'te', 'trailers'],
  ]);
});

function exchangeOf(run: Awaited<ReturnType<typeof useExchange>>['run'], request: Partial<UpstreamRequest>) {
  return run(request, (started) => {
    started.write(writeChunk(Buffer.from('hello')));
    started.write(writeLastChunk([['x-sum', '7']]));
    started.finish();
  });
}

test('createStreamConnection() frames answers with a length, without a body, and to HEAD', async ({ skip }) => {
  needHttp2(skip);
  const { run } = await useExchange(({ stream, headers }) => {
    if (headers[':path'] === '/204') return stream.respond({ ':status': 204 }, { endStream: true });
    if (headers[':path'] === '/none') return stream.respond({ ':status': 200 }, { endStream: true });
    stream.respond({ ':status': 200, 'content-length': 2 });
    stream.end(headers[':method'] === 'HEAD' ? undefined : 'ok');
  });
  expect(await run({ path: '/' })).toMatchObject({ body: 'ok', heads: [{ framing: { kind: 'length', length: 2 } }] });
  expect(await run({ path: '/204' })).toMatchObject({ body: '', heads: [{ status: 204 }], error: undefined });
  expect(await run({ path: '/none' })).toMatchObject({
    body: '',
    heads: [{ framing: { kind: 'none' } }],
    error: undefined,
  });
  expect(await run({ method: 'HEAD' })).toMatchObject({ body: '', error: undefined });
});

test('X17: createStreamConnection() reports a reset, never an end', async ({ skip }) => {
  needHttp2(skip);
  for (const path of ['/before', '/within', '/gone', '/short']) {
    const { run } = await useExchange(({ stream }) => {
      if (path === '/before') return stream.close(2);
      stream.respond({ ':status': 200, ...(path === '/short' ? { 'content-length': 9 } : {}) });
      stream.write('abc');
      setTimeout(() => {
        if (path === '/gone') stream.session!.destroy();
        else if (path === '/short') stream.end();
        else stream.destroy(new Error('cut'));
      }, 30);
    });
    const { error, heads } = await run({ path });
    expect([path, error?.code, heads.length]).toEqual([path, 'E_UPSTREAM', path === '/before' ? 0 : 1]);
  }
});

test('createStreamConnection() answers nothing for a server that is refused', async ({ skip }) => {
  needHttp2(skip);
  const { run } = await useExchange(({ stream }) => {
    stream.respond({ ':status': 200, 'x-a': 'a'.repeat(70_000) });
    stream.end('ok');
  });
  const { error } = await run();
  expect(error?.code).toBe('E_UPSTREAM');
});

test('X4: an upload that is given up is no whole one to the server', async ({ skip }) => {
  needHttp2(skip);
  let ended = false;
  let aborted: (() => void) | undefined;
  const gone = new Promise<void>((resolve) => aborted = resolve);
  let arrived: (() => void) | undefined;
  const { run } = await useExchange(({ stream }) => {
    stream.on('data', () => arrived!());
    stream.on('end', () => ended = true);
    stream.on('aborted', () => aborted!());
  });
  void run({ method: 'POST', fields: [['Transfer-Encoding', 'chunked']], hasBody: true }, (started) => {
    started.write(writeChunk(Buffer.from('half')));
    arrived = () => started.abort();
  });
  await gone;
  await delay(50);
  expect(ended).toBe(false);
});

test('P11: a paused answer stops the server', async ({ skip }) => {
  needHttp2(skip);
  const size = 8 * 1024 * 1024;
  let sent = 0;
  const { run } = await useExchange(({ stream }) => {
    stream.respond({ ':status': 200 });
    const piece = Buffer.alloc(65_536);
    const write = () => {
      while (sent < size) {
        sent += piece.length;
        if (!stream.write(piece)) return void stream.once('drain', write);
      }
      stream.end();
    };
    write();
  });
  const outcome = run({}, (started) => {
    started.pause();
    setTimeout(() => {
      expect(sent).toBeLessThan(4 * 1024 * 1024);
      started.resume();
    }, 400);
  });
  expect((await outcome).body.length).toBe(size);
});
