import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { createRequestDecoder } from '../../../src/http1/decoder.ts';
import type { ParsedRequest, ParsedResponse } from '../../../src/http1/message.ts';
import { createProviderSet } from '../../../src/provider/find.ts';
import { createCounters } from '../../../src/proxy/counters.ts';
import { createPassages } from '../../../src/proxy/passage.ts';
import { createPlaceholders } from '../../../src/proxy/placeholder.ts';
import { createPolicy } from '../../../src/proxy/policy.ts';
import { createAuthorizer } from '../../../src/sig/authorize.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { makeCanary } from '../../_lib/canary.ts';
import {
  fixedClock,
  headOf,
  makeCredential,
  makeProvider,
  memoryAudit,
  memoryCredentials,
} from '../../_lib/fixture.ts';
import { frame, handshake, SAMPLE_ACCEPT, SAMPLE_KEY } from '../../_lib/web_socket.ts';

const provider = makeProvider();
const token = makeCanary();

async function setUp(login: Parameters<typeof makeCredential>[2] = {}) {
  const credentials = await memoryCredentials(makeCredential(provider, { token }, login));
  const [clock, audit, placeholders] = [fixedClock(), memoryAudit(), createPlaceholders([provider])];
  const policy = createPolicy(createProviderSet([provider]), { env: () => undefined });
  const counters = createCounters();
  const renew = () => Promise.resolve(makeCredential(provider, { token: 'renewed-token-0123456789' }));
  const { begin } = createPassages({
    policy: () => policy,
    authorizer: createAuthorizer({ credentials, clock, renew, audit }),
    credentials,
    audit,
    clock,
    decoders: {},
    counters,
    placeholders,
  });
  return {
    audit,
    counters,
    placeholder: placeholders[0]!.text,
    begin: async (url: string, headers = '', method = 'GET') =>
      await begin(parse(url, headers, method), headOf(url).target),
  };
}

function parse(url: string, headers: string, method: string): ParsedRequest {
  const { target, path } = headOf(url);
  const decoder = createRequestDecoder();
  decoder.push(encodeUtf8(`${method} ${path} HTTP/1.1\r\nHost: ${target.host}\r\n${headers}\r\n`));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  return event.message;
}

const response = (fields: HeaderPairs, status = 200): ParsedResponse => ({
  status,
  reason: `Hello ${token}`,
  minor: 1,
  fields,
  framing: { kind: 'length', length: 5 },
  keepAlive: true,
  interim: false,
} as ParsedResponse);
const TO = { minor: 1, keepAlive: true } as const;
const value = (fields: HeaderPairs, name: string) => fields.find(([other]) => other.toLowerCase() === name)?.[1];

test("a request to a provider carries its credential in the place of the client's own (X10)", async () => {
  const { begin, audit } = await setUp();
  const passage = await begin('https://api.example.com/x', 'authorization: mine\r\nRange: bytes=0-9\r\n');
  expect(passage.head.headers.filter(([name]) => /authorization/i.test(name))).toEqual([[
    'Authorization',
    `Bearer ${token}`,
  ]]);
  expect(value(passage.head.headers, 'range')).toBeUndefined();
  expect(audit.events).toEqual([]);
  await passage.record();
  expect(audit.events).toMatchObject([{ event: 'inject', via: 'proxy', provider: 'api' }]);
});

test('a request to a host that nobody claims passes as it is, and so does its answer', async () => {
  const { begin, audit } = await setUp();
  const passage = await begin('https://other.example/x', 'Authorization: mine\r\n');
  expect([passage.injects, value(passage.head.headers, 'authorization')]).toEqual([false, 'mine']);
  const plan = await passage.answer(response([['Set-Cookie', 'a=1'], ['X', token]]), TO);
  expect([plan.body.kind, value(plan.fields, 'set-cookie'), value(plan.fields, 'x')]).toEqual(['pass', 'a=1', token]);
  expect(audit.events).toEqual([]);
});

test('R1: R6: an answer shows neither the secret nor a fresh session', async () => {
  const { begin } = await setUp();
  const passage = await begin('https://api.example.com/x');
  const plan = await passage.answer(
    response([['Content-Length', '5'], ['X-Echo', `Bearer ${token}`], ['Set-Cookie', 'sid=new']]),
    TO,
  );
  expect(JSON.stringify([plan.reason, plan.fields])).not.toContain(token);
  expect(value(plan.fields, 'set-cookie')).toBeUndefined();
  expect(value(plan.fields, 'x-echo')).toContain('[sig:redacted:api]');
  expect(plan.body.kind).toBe('scan');
});

test('R4: a part of a body that nobody asked for in parts is refused', async () => {
  const { begin } = await setUp();
  const passage = await begin('https://api.example.com/x');
  expect(() => passage.answer(response([], 206), TO)).toThrow(expect.objectContaining({ code: 'E_CODING' }));
});

test.each(['TRACE'])('X14: %s is not passed on', async (method) => {
  const { begin } = await setUp();
  await expect(begin('https://api.example.com/x', '', method)).rejects.toMatchObject({ code: 'E_METHOD' });
});

test('R10: a placeholder is opened at its host, and its appearance elsewhere is refused and recorded', async () => {
  const { begin, audit, placeholder } = await setUp();
  const passage = await begin('https://api.example.com/x', `X-Key: ${placeholder}\r\n`);
  expect(value(passage.head.headers, 'x-key')).toBe(token);
  await expect(begin('https://evil.example/x', `X-Key: ${placeholder}\r\n`)).rejects.toMatchObject({
    code: 'E_PLACEHOLDER',
  });
  expect(audit.events).toMatchObject([{ event: 'placeholder', host: 'evil.example' }]);
});

test('renew() gives the same request with a newer credential, and still hides the old one', async () => {
  const { begin } = await setUp();
  const renewed = await (await begin('https://api.example.com/x')).renew();
  expect(value(renewed.head.headers, 'authorization')).toBe('Bearer renewed-token-0123456789');
  const plan = await renewed.answer(response([['X', `${token} renewed-token-0123456789`]]), TO);
  expect(JSON.stringify(plan.fields)).not.toMatch(new RegExp(`${token}|renewed-token`));
});

test('a request that nothing signs pays nothing for signing', async () => {
  const { begin } = await setUp();
  expect((await begin('https://api.example.com/x')).mend(response([], 401), true)).toBeUndefined();
  expect((await begin('https://other.example/x')).mend(response([], 401), true)).toBeUndefined();
});

test('createPassages() counts decisions, injections and redactions', async () => {
  const { begin, counters } = await setUp();
  await begin('https://other.example/x');
  const passage = await begin('https://api.example.com/x');
  expect([counters.claimed, counters.passed, counters.injections]).toEqual([1, 1, 0]);
  await passage.record();
  const plan = await passage.answer(response([['X-Echo', `Bearer ${token}`], ['X', 'y']]), TO);
  expect([counters.injections, counters.redactions]).toEqual([1, 1]);
  if (plan.body.kind !== 'scan') throw new Error(plan.body.kind);
  plan.body.redaction.push(encodeUtf8(`a ${token} b ${token} c`));
  expect(counters.redactions).toBe(3);
});

test('H20: the token endpoint that was learnt at login is not reached', async () => {
  const { begin, audit } = await setUp({ oauth2: { tokenUrl: 'https://api.example.com/oauth/mint' } });
  for (const path of ['/oauth/mint', '/oauth/%6Dint?x', '/oauth/revoke']) {
    await expect(begin(`https://api.example.com${path}`)).rejects.toMatchObject({ code: 'E_NOT_ALLOWED' });
  }
  expect(audit.events).toEqual([]);
  expect((await begin('https://api.example.com/oauth/me')).injects).toBe(true);
});

const HANDSHAKE = handshake('x').split('\r\n').slice(2, -2).join('\r\n') + '\r\n';
const switching = (...fields: [string, string][]): ParsedResponse => ({
  ...response([['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ...fields], 101),
  framing: { kind: 'tunnel' },
});

test('R1: a handshake offers no extensions, and what follows the switch is redacted', async () => {
  const { begin, counters } = await setUp();
  const passage = await begin(
    'https://api.example.com/ws',
    `${HANDSHAKE}Sec-WebSocket-Extensions: permessage-deflate\r\n`,
  );
  expect(value(passage.head.headers, 'sec-websocket-extensions')).toBeUndefined();
  expect(value(passage.head.headers, 'sec-websocket-key')).toBe(SAMPLE_KEY);
  expect(value(passage.head.headers, 'upgrade')).toBe('websocket');
  const accept: [string, string] = ['Sec-WebSocket-Accept', SAMPLE_ACCEPT];
  const plan = await passage.answer(switching(accept, ['X-Echo', token]), TO);
  expect(value(plan.fields, 'x-echo')).toBe('[sig:redacted:api]');
  const before = counters.redactions;
  expect(Buffer.concat(plan.frames!.push(frame(1, token))).toString()).toContain('[sig:redacted:api]');
  expect(counters.redactions).toBe(before + 1);
  expect(() => passage.answer(switching(), TO)).toThrow(expect.objectContaining({ code: 'E_UPSTREAM' }));
  expect(() => passage.answer(switching(accept, ['Sec-WebSocket-Extensions', 'permessage-deflate']), TO)).toThrow(
    expect.objectContaining({ code: 'E_CODING' }),
  );
});

test('H19: what asks for a WebSocket and is no handshake is refused before a credential is opened', async () => {
  const { begin, audit } = await setUp();
  await expect(begin('https://api.example.com/ws', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')).rejects
    .toMatchObject({
      code: 'E_HTTP',
    });
  await expect(begin('https://api.example.com/ws', HANDSHAKE, 'POST')).rejects.toMatchObject({ code: 'E_HTTP' });
  expect(audit.events).toEqual([]);
});

test('R6: cookies of a handshake go to the vault, not to the client', async () => {
  const { begin } = await setUp();
  const passage = await begin('https://api.example.com/ws', HANDSHAKE);
  const fields: [string, string][] = [['Sec-WebSocket-Accept', SAMPLE_ACCEPT], ['Set-Cookie', 'sid=fresh; Secure']];
  const plan = await passage.answer(switching(...fields), TO);
  expect(value(plan.fields, 'set-cookie')).toBeUndefined();
  expect(plan.frames).toBeDefined();
});

test('a switch to WebSocket without a credential passes as it is', async () => {
  const { begin } = await setUp();
  const passage = await begin(
    'http://other.example.com/ws',
    `${HANDSHAKE}Sec-WebSocket-Extensions: permessage-deflate\r\n`,
  );
  expect(value(passage.head.headers, 'sec-websocket-extensions')).toBe('permessage-deflate');
  expect((await passage.answer(switching(), TO)).frames).toBeUndefined();
});
