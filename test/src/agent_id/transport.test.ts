import { expect, test } from 'vitest';
import { createTransport, readJsonObject } from '../../../src/agent_id/transport.ts';
import { answer, fixedClock, scriptedSend } from '../../_lib/fixture.ts';
import { quickTimer } from '../../_lib/timer.ts';

const limits = { timeoutMs: 50, maxBytes: 4, allowPrivate: false };
const make = (send: ReturnType<typeof scriptedSend>) =>
  createTransport({ send, timer: quickTimer(), clock: fixedClock() }, limits);

test('createTransport() sends what a Request says, and asks for no compression', async () => {
  const send = scriptedSend(() => answer(201, 'abc', [['X', 'y']]));
  const transport = make(send);
  const request = new Request('https://a.example/p?q', {
    method: 'POST',
    headers: { DPoP: 'p', 'X-A': '1' },
    body: 'body',
  });
  const response = await transport.send(request);
  expect([response.status, response.headers.get('x'), await response.text()]).toEqual([201, 'y', 'abc']);
  const [seen] = send.seen;
  expect([seen!.head.method, seen!.head.path, seen!.body, seen!.options]).toEqual([
    'POST',
    '/p?q',
    'body',
    { allowPrivate: false, timeoutMs: 50 },
  ]);
  const names = seen!.head.headers.map(([name]) => name);
  expect(names).toContain('DPoP');
  expect(Object.fromEntries(seen!.head.headers)).toMatchObject({
    Host: 'a.example',
    'Accept-Encoding': 'identity',
    'Content-Length': '4',
  });
});

test('createTransport() counts requests and cuts long answers', async () => {
  const transport = make(scriptedSend((_, count) => answer(200, count === 1 ? 'abcd' : 'abcde')));
  expect(await (await transport.send(new Request('https://a.example/'))).text()).toBe('abcd');
  expect([transport.attempts, transport.truncated]).toEqual([1, false]);
  expect(await (await transport.send(new Request('https://a.example/'))).text()).toBe('abcd');
  expect([transport.attempts, transport.truncated]).toEqual([2, true]);
});

test('createTransport() hands redirects to the caller', async () => {
  const send = scriptedSend(() => answer(302, '', [['Location', 'https://b.example/']]));
  expect((await make(send).send(new Request('https://a.example/'))).status).toBe(302);
  expect(send.seen).toHaveLength(1);
});

test('readJsonObject() takes objects only', async () => {
  expect(await readJsonObject(new Response('{"a":1}'))).toEqual({ a: 1 });
  for (const text of ['[]', 'null', '"x"', '', '{']) expect(await readJsonObject(new Response(text))).toBeUndefined();
});
