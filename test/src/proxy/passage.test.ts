import { expect, test } from 'vitest';
import { createRequestDecoder } from '../../../src/http1/decoder.ts';
import type { ParsedRequest, ParsedResponse } from '../../../src/http1/message.ts';
import { createProviderSet } from '../../../src/provider/find.ts';
import { createPassages } from '../../../src/proxy/passage.ts';
import { createPolicy } from '../../../src/proxy/policy.ts';
import { createAuthorizer } from '../../../src/sig/authorize.ts';
import { parseUrl } from '../../../src/target/target.ts';
import { fixedClock, makeCredential, makeProvider, memoryAudit, memoryCredentials } from '../../_lib/fixture.ts';
import { latin1 } from '../../_lib/http1.ts';

const target = parseUrl('https://api.example.com/').target;

function parse(text: string): ParsedRequest {
  const decoder = createRequestDecoder();
  decoder.push(latin1(text));
  const event = decoder.next();
  if (event?.kind !== 'head') throw new Error('no head');
  return event.message;
}
const response = (fields: ParsedResponse['fields'], more: Partial<ParsedResponse> = {}): ParsedResponse => ({
  status: 200,
  reason: 'OK',
  minor: 1,
  fields,
  framing: { kind: 'length', length: 1 },
  keepAlive: true,
  interim: false,
  ...more,
});
const to = { minor: 1, keepAlive: true } as const;

async function setUp() {
  const provider = makeProvider();
  const credentials = await memoryCredentials(makeCredential(provider, { token: 'token-value-12345' }));
  const clock = fixedClock();
  const audit = memoryAudit();
  const policy = createPolicy(createProviderSet([provider]), { env: () => undefined });
  const renew = () => Promise.resolve(makeCredential(provider, { token: 'token-value-67890' }));
  const begin = createPassages({
    policy: () => policy,
    authorizer: createAuthorizer({ credentials, clock, renew }),
    credentials,
    audit,
    clock,
    decoders: {},
  });
  return { begin, audit };
}

test('createPassages() places the credential and records it when told', async () => {
  const { begin, audit } = await setUp();
  const passage = await begin(parse('GET /a HTTP/1.1\r\nHost: api.example.com\r\nRange: bytes=0-1\r\n\r\n'), target);
  expect(passage.head.headers).toEqual([['Host', 'api.example.com'], ['Authorization', 'Bearer token-value-12345']]);
  expect(audit.events).toEqual([]);
  await passage.record();
  expect(audit.events).toMatchObject([{ event: 'inject', via: 'proxy', placed: ['header Authorization'] }]);
});

test('createPassages() lets a request of nobody pass as it is, and its answer too', async () => {
  const { begin } = await setUp();
  const passage = await begin(
    parse('GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nRange: bytes=0-1\r\n\r\n'),
    parseUrl('http://a.example/').target,
  );
  expect(passage.injects).toBe(false);
  expect(passage.head.headers).toEqual([['Host', 'a.example'], ['Range', 'bytes=0-1']]);
  const plan = await passage.answer(response([['Set-Cookie', 'a=1']]), to);
  expect(plan).toMatchObject({ body: { kind: 'pass' }, fields: [['Set-Cookie', 'a=1']] });
});

test('R1 R6: an answer loses its cookies and the secret, in fields, reason and trailers', async () => {
  const { begin } = await setUp();
  const passage = await begin(parse('GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n'), target);
  const plan = await passage.answer(
    response([['Set-Cookie', 'a=1'], ['X', 'token-value-12345']], { reason: 'token-value-12345' }),
    to,
  );
  expect(plan.fields).toEqual([['X', '[sig:redacted:api]']]);
  expect(plan.reason).toBe('[sig:redacted:api]');
  expect(plan.trailers([['T', 'Bearer token-value-12345']])[0]![1]).not.toMatch(/token-value/);
  expect(plan.body.kind).toBe('scan');
});

test('R4: a part that nobody asked for, and a coding that cannot be read, are refused', async () => {
  const { begin } = await setUp();
  const passage = await begin(parse('GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n'), target);
  expect(() => passage.answer(response([], { status: 206 }), to)).toThrow(/part/);
  expect(() => passage.answer(response([['Content-Encoding', 'br']]), to)).toThrow(/content coding/);
});

test('renew() gives a passage with the new credential, whose answer still hides the old one', async () => {
  const { begin } = await setUp();
  const renewed = await (await begin(parse('GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n'), target)).renew();
  expect(renewed.head.headers.at(-1)).toEqual(['Authorization', 'Bearer token-value-67890']);
  const plan = await renewed.answer(response([['A', 'token-value-12345'], ['B', 'token-value-67890']]), to);
  expect(plan.fields).toEqual([['A', '[sig:redacted:api]'], ['B', '[sig:redacted:api]']]);
});
