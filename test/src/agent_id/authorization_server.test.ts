import { expect, test } from 'vitest';
import {
  askForTokens,
  discoverServer,
  sendToServer,
  sendWithProof,
  transportTo,
} from '../../../src/agent_id/authorization_server.ts';
import { createNonceStore } from '../../../src/dpop/nonce_store.ts';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { buildFormRequest } from '../../../src/oauth/client.ts';
import { Secret } from '../../../src/secret.ts';
import { answer, fixedClock, scriptedSend } from '../../_lib/fixture.ts';
import { quickTimer } from '../../_lib/timer.ts';

const JSON_TYPE = [['Content-Type', 'application/json']] as const;
const ports = (send: ReturnType<typeof scriptedSend>) => ({ send, timer: quickTimer(), clock: fixedClock() });
const TOKEN = 'https://as.example/token';

async function ask(send: ReturnType<typeof scriptedSend>, waitsFor: string[] = []) {
  const key = await generateKey('Ed25519');
  const state = {
    key,
    algorithm: 'EdDSA' as const,
    nonces: createNonceStore(),
    clockOffsets: new Map<string, number>(),
  };
  const request = buildFormRequest(TOKEN, { grant_type: 'x', absent: undefined }, { clientId: 'c' });
  return await askForTokens(request, state, ports(send), waitsFor);
}

test('askForTokens() sends a proof and no Authorization', async () => {
  const send = scriptedSend(() => answer(200, { access_token: 't', token_type: 'dPoP' }, JSON_TYPE));
  expect((await ask(send)).tokens?.accessToken.reveal()).toBe('t');
  expect([send.seen[0]!.body, send.seen[0]!.header('authorization')]).toEqual(['grant_type=x&client_id=c', undefined]);
  expect(send.seen[0]!.header('dpop')).toMatch(/^ey/);
});

test('D13: askForTokens() refuses a bearer token', async () => {
  for (const more of [{ token_type: 'Bearer' }, {}]) {
    const send = scriptedSend(() => answer(200, { access_token: 't', ...more }, JSON_TYPE));
    await expect(ask(send)).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  }
});

test('D6: askForTokens() asks twice at most for a nonce, each time with another proof', async () => {
  const send = scriptedSend((_, count) =>
    answer(400, { error: 'use_dpop_nonce' }, [...JSON_TYPE, ['DPoP-Nonce', `n${count}`]])
  );
  await expect(ask(send)).rejects.toMatchObject({ code: 'E_DPOP_NONCE' });
  expect(send.seen).toHaveLength(2);
  expect(send.seen[0]!.header('dpop')).not.toBe(send.seen[1]!.header('dpop'));
});

test('askForTokens() gives the errors that are waited for, and tells dead grants from others', async () => {
  const error = (name: string, status = 400) => scriptedSend(() => answer(status, { error: name }, JSON_TYPE));
  expect(await ask(error('slow_down'), ['slow_down'])).toEqual({ error: 'slow_down' });
  await expect(ask(error('slow_down'))).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
  await expect(ask(error('invalid_grant'))).rejects.toMatchObject({
    code: 'E_LOGIN_REQUIRED',
    hint: expect.stringContaining('agent-id'),
  });
  await expect(ask(error('x', 503), ['x'])).rejects.toMatchObject({ code: 'E_UPSTREAM' });
});

test('askForTokens() refuses a token that says it is bound to another key', async () => {
  const token = `e30.${btoa(JSON.stringify({ cnf: { jkt: 'other' } })).replaceAll('=', '')}.x`;
  const send = scriptedSend(() => answer(200, { access_token: token, token_type: 'DPoP' }, JSON_TYPE));
  await expect(ask(send)).rejects.toThrow(/another key/);
});

test('sendToServer() and sendWithProof() send the request as it was built, the one without a proof', async () => {
  const send = scriptedSend(() => answer(200, { a: 1 }, JSON_TYPE));
  const request = buildFormRequest(TOKEN, { a: 'x y' }, { clientId: 'c', clientSecret: new Secret('s') });
  const key = await generateKey('Ed25519');
  const state = { key, algorithm: 'EdDSA' as const, nonces: createNonceStore(), clockOffsets: new Map() };
  await sendToServer(request, ports(send));
  expect((await sendWithProof(request, state, ports(send))).status).toBe(200);
  for (const seen of send.seen) {
    expect([seen.head.method, seen.head.path, seen.body]).toEqual(['POST', '/token', 'a=x+y']);
    expect(seen.head.headers.filter(([name]) => /^(?:host|content-length)$/i.test(name))).toHaveLength(2);
    expect(seen.header('authorization')).toMatch(/^Basic /);
  }
  expect(send.seen.map((seen) => seen.header('dpop') !== undefined)).toEqual([false, true]);
});

test('discoverServer() takes metadata of the issuer that was asked for, and no other', async () => {
  const good = scriptedSend((seen) =>
    seen.head.path.includes('oauth-authorization-server')
      ? answer(200, { issuer: 'https://as.example', token_endpoint: TOKEN }, JSON_TYPE)
      : answer(404)
  );
  expect(await discoverServer('https://as.example', ports(good))).toMatchObject({ tokenEndpoint: TOKEN });
  const other = scriptedSend(() => answer(200, { issuer: 'https://evil.example' }, JSON_TYPE));
  await expect(discoverServer('https://as.example', ports(other))).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  await expect(discoverServer('https://as.example', ports(scriptedSend(() => answer(500))))).rejects.toMatchObject({
    code: 'E_TOKEN_RESPONSE',
  });
});

test('transportTo() asks private addresses only where the server is this machine', async () => {
  const send = scriptedSend(() => answer(200));
  await transportTo('https://localhost:1/x', ports(send)).send(new Request('https://localhost:1/x'));
  await transportTo('https://as.example/x', ports(send)).send(new Request('https://as.example/x'));
  expect(send.seen.map(({ options }) => options.allowPrivate)).toEqual([true, false]);
  expect(() => transportTo('http://as.example', ports(send))).toThrow(expect.objectContaining({ code: 'E_PLAINTEXT' }));
});
