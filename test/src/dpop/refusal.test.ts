import { expect, test } from 'vitest';
import { refusalOf } from '../../../src/dpop/refusal.ts';

const challenged = (status: number, field: string) =>
  new Response('no', { status, headers: { 'WWW-Authenticate': field } });
const json = (status: number, body: unknown, type = 'application/json') =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: { 'Content-Type': type } });

test.each([
  [401, 'DPoP error="use_dpop_nonce"', 'use_dpop_nonce'],
  [400, 'DPoP realm="x" error="invalid_dpop_proof"', 'invalid_dpop_proof'],
  [401, 'Bearer, DPoP error="invalid_token"', 'invalid_token'],
  [401, 'DPoP error="invalid_token", DPoP error="use_dpop_nonce"', 'use_dpop_nonce'],
  [401, 'DPoP error="insufficient_scope"', undefined],
  [401, 'DPoP', undefined],
  [401, 'Bearer error="use_dpop_nonce"', undefined],
  [401, 'Bearer realm="DPoP error=use_dpop_nonce"', undefined],
  [403, 'DPoP error="use_dpop_nonce"', undefined],
  [200, 'DPoP error="use_dpop_nonce"', undefined],
])('refusalOf() of a resource server: %d %s', async (status, field, expected) => {
  expect(await refusalOf('RS', challenged(status, field))).toBe(expected);
});

test.each<[number, unknown, string, string | undefined]>([
  [400, { error: 'use_dpop_nonce' }, 'application/json', 'use_dpop_nonce'],
  [400, { error: 'use_dpop_nonce' }, 'application/json;charset=UTF-8', 'use_dpop_nonce'],
  [401, { error: 'invalid_dpop_proof' }, 'application/problem+json', 'invalid_dpop_proof'],
  [400, { error: 'invalid_grant' }, 'application/json', undefined],
  [400, { error: ['use_dpop_nonce'] }, 'application/json', undefined],
  [400, '"use_dpop_nonce"', 'application/json', undefined],
  [400, 'null', 'application/json', undefined],
  [400, '{"error":"use_dpop_nonce"', 'application/json', undefined],
  [400, { error: 'use_dpop_nonce' }, 'text/html', undefined],
  [500, { error: 'use_dpop_nonce' }, 'application/json', undefined],
  [400, { pad: 'x'.repeat(20_000), error: 'use_dpop_nonce' }, 'application/json', undefined],
])('refusalOf() of an authorization server: %d %j as %s', async (status, body, type, expected) => {
  const response = json(status, body, type);
  expect(await refusalOf('AS', response)).toBe(expected);
  // The caller still gets the whole answer.
  expect(await response.text()).toBe(typeof body === 'string' ? body : JSON.stringify(body));
});

test('refusalOf() does not take the JSON of a resource server for a word of OAuth', async () => {
  expect(await refusalOf('RS', json(400, { error: 'use_dpop_nonce' }))).toBeUndefined();
});

test('refusalOf() stops reading an endless answer', async () => {
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(1000).fill(32)),
  });
  const response = new Response(endless, { status: 400, headers: { 'Content-Type': 'application/json' } });
  expect(await refusalOf('AS', response)).toBeUndefined();
  await response.body!.cancel();
});
