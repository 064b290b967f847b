import { expect, test } from 'vitest';
import type { Signing } from '../../../src/agent_id/agent.ts';
import { callService, originOfCall, signHeaders } from '../../../src/agent_id/call.ts';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import type { WireResponse } from '../../../src/ports.ts';
import { makeAgentWorld } from '../../_lib/agent.ts';
import { answer, fixedClock, scriptedSend } from '../../_lib/fixture.ts';
import { quickTimer } from '../../_lib/timer.ts';

const ports = (send: ReturnType<typeof scriptedSend>) => ({ send, timer: quickTimer(), clock: fixedClock() });
const plain = (response: WireResponse, request = {}) =>
  callService({ url: 'https://a.example/x', ...request }, undefined, ports(scriptedSend(() => response)));

async function signing<T>(work: (signing: Signing) => Promise<T>): Promise<T> {
  const { agent, alien } = await makeAgentWorld();
  await agent.bootstrap(alien);
  await agent.allow(['https://a.example']);
  return await agent.withSigning(work);
}

test.each([
  ['application/json', '{"a":1}', { a: 1 }],
  ['application/problem+json; charset=utf-8', '{"a":1}', { a: 1 }],
  ['application/json', '{"a":', '{"a":'],
  ['text/plain', '{"a":1}', '{"a":1}'],
  ['application/jsonp', '1', '1'],
])('callService() reads %s', async (type, text, body) => {
  expect(await plain(answer(200, text, [['Content-Type', type]]))).toMatchObject({
    body,
    contentType: type,
    bytes: text.length,
  });
});

test('callService() keeps bytes that are not text, and cuts what is too long', async () => {
  const bytes = (async function* () {
    yield new Uint8Array([0xff, 0x00]);
  })();
  expect(await plain({ ...answer(200), body: bytes })).toMatchObject({
    body: null,
    bodyBase64: '/wA=',
    contentType: null,
  });
  expect(await plain(answer(200, 'abcdef'), { maxBytes: 3 })).toMatchObject({ body: 'abc', bytes: 3, truncated: true });
});

test('D2, D4: callService() signs the URL that is sent', async () => {
  const send = scriptedSend(() => answer(200, 'x', [['X-A', '1']]));
  const result = await signing((one) =>
    callService({ url: 'https://A.example:443/p?q=1#f', method: 'put', body: encodeUtf8('{}') }, one, ports(send))
  );
  expect(result).toMatchObject({ url: 'https://a.example/p?q=1', method: 'PUT', headers: { 'x-a': '1' }, attempts: 1 });
  const [, payload] = send.seen[0]!.header('dpop')!.split('.');
  const claims = JSON.parse(atob(payload!.replaceAll('-', '+').replaceAll('_', '/')));
  expect(claims).toMatchObject({ htm: 'PUT', htu: 'https://a.example/p', ath: expect.any(String) });
  expect(send.seen[0]!.header('content-type')).toBe('application/json');
});

test('D11: callService() and signHeaders() refuse other origins before a byte is sent', async () => {
  const send = scriptedSend(() => answer(200));
  await signing(async (one) => {
    for (const url of ['https://b.example/', 'https://a.example:8443/', 'https://x.a.example/']) {
      await expect(callService({ url }, one, ports(send))).rejects.toMatchObject({
        code: 'E_HOST_NOT_ALLOWED',
        hint: expect.stringContaining('agent-id discover'),
      });
      await expect(signHeaders({ url }, one, ports(send))).rejects.toMatchObject({ code: 'E_HOST_NOT_ALLOWED' });
    }
  });
  expect(send.seen).toEqual([]);
});

test('signHeaders() makes a fresh proof each time', async () => {
  const send = scriptedSend(() => answer(200));
  const [first, second] = await signing(async (one) => [
    await signHeaders({ url: 'https://a.example/x' }, one, ports(send)),
    await signHeaders({ url: 'https://a.example/x' }, one, ports(send)),
  ]);
  expect(first).toMatchObject({
    method: 'GET',
    url: 'https://a.example/x',
    authorization: expect.stringMatching(/^DPoP /),
  });
  expect(first!.dpop).not.toBe(second!.dpop);
});

test.each([{ method: 'GE T' }, { method: 'CONNECT' }, { method: 'M1' }, { method: '' }, { body: encodeUtf8('x') }])(
  'callService() refuses %o',
  async (request) => {
    await expect(plain(answer(200), request)).rejects.toMatchObject({ code: 'E_USAGE' });
  },
);

test('originOfCall() is scheme, host and port', () => {
  expect(originOfCall({ url: 'https://A.example:443/x?secret' })).toBe('https://a.example');
});
