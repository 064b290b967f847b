import { expect, test } from 'vitest';
import type { Exchange } from '../../../../cli/platform/upstream/exchange.ts';
import { openRequestBody } from '../../../../cli/platform/upstream/request_body.ts';
import type { Body } from '../../../../src/ports.ts';
import type { RequestHead } from '../../../../src/target/head.ts';
import { fromLatin1, latin1 } from '../../../_lib/http1.ts';

const HEAD: RequestHead = {
  method: 'PUT',
  target: { scheme: 'https', host: 'a.test', port: 443 },
  path: '/',
  headers: [],
};

async function* pieces(texts: readonly string[], delayMs = 0): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    yield latin1(text);
  }
}

async function write(body: Body | null, head: Partial<RequestHead> = {}) {
  let written = '';
  let drains = 0;
  const exchange = {
    write(bytes: Uint8Array) {
      written += fromLatin1(bytes);
      return false;
    },
    finish: () => written += '|end',
    isOver: () => false,
  } as Partial<Exchange> as Exchange;
  const opened = await openRequestBody({ ...HEAD, ...head }, body);
  await opened.pipe(exchange, () => {
    drains++;
    return Promise.resolve();
  });
  return { framing: opened.framing, written, drains };
}

test('a body in memory is framed by its length', async () => {
  expect(await write([latin1('hel'), latin1('lo')])).toEqual({
    framing: { kind: 'length', length: 5 },
    written: 'hello|end',
    drains: 2,
  });
  expect(await write(pieces(['hel', '', 'lo']))).toMatchObject({ framing: { length: 5 }, written: 'hello|end' });
  expect(await write([], { headers: [['content-length', '9']] })).toMatchObject({ framing: { length: 0 } });
  expect(await write(new Blob(['hello']).stream())).toMatchObject({ written: 'hello|end' });
});

test('a body that takes its time is sent in chunks, from its first piece on', async () => {
  expect(await write(pieces(['hel', 'lo'], 60))).toEqual({
    framing: { kind: 'chunked' },
    written: '3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n|end',
    drains: 2,
  });
});

test('a body that is large is sent in chunks', async () => {
  const { framing, written } = await write(pieces(Array<string>(20).fill('x'.repeat(100_000))));
  expect(framing).toEqual({ kind: 'chunked' });
  expect(written.length).toBeGreaterThan(2_000_000);
});

test('the Content-Length of the caller is honoured, and held to', async () => {
  const headers = [['Content-Length', '5']] as const;
  expect(await write(pieces(['hello'], 60), { headers })).toMatchObject({ framing: { kind: 'length', length: 5 } });
  await expect(write(pieces(['hell']), { headers })).rejects.toMatchObject({ code: 'E_BODY' });
  await expect(write(pieces(['hello!']), { headers })).rejects.toMatchObject({ code: 'E_BODY' });
  await expect(write(pieces([]), { headers: [['Content-Length', '5, 5']] })).rejects.toMatchObject({ code: 'E_BODY' });
});

test('no body is said where one is usual', async () => {
  for (const method of ['POST', 'PUT', 'PATCH']) {
    expect(await write(null, { method })).toMatchObject({ framing: { kind: 'length', length: 0 }, written: '|end' });
  }
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    expect((await write(null, { method })).framing).toEqual({ kind: 'none' });
  }
});

test('a body is left alone once the exchange is over', async () => {
  let left = 10;
  const exchange = { write: () => true, finish: () => expect.unreachable(), isOver: () => true } as Partial<
    Exchange
  > as Exchange;
  const source = (async function* () {
    while (left-- > 0) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      yield latin1('x');
    }
  })();
  await (await openRequestBody(HEAD, source)).pipe(exchange, () => Promise.resolve());
  expect(left).toBeGreaterThan(7);
});

test('a source that fails is an error, and is let go', async () => {
  let returned = false;
  const source: Body = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise((_, reject) => setTimeout(() => reject(new Error('gone')), 40)),
      return: () => {
        returned = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    }),
  };
  await expect(write(source)).rejects.toThrow('gone');
  expect(returned).toBe(true);
});
