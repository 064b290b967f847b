import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { answerWith, HANDSHAKE, makePassages, switching, TO, TOKEN, valueOf } from '../../_lib/passages.ts';

test("a request to a provider carries its credential in the place of the client's own (X10)", async () => {
  const { begin, audit } = await makePassages();
  const passage = await begin('https://api.example.com/x', 'authorization: mine\r\nRange: bytes=0-9\r\n');
  expect(passage.head.headers.filter(([name]) => /authorization/i.test(name))).toEqual([[
    'Authorization',
    `Bearer ${TOKEN}`,
  ]]);
  expect(valueOf(passage.head.headers, 'range')).toBeUndefined();
  expect(audit.events).toEqual([]);
  await passage.record();
  expect(audit.events).toMatchObject([{ event: 'inject', via: 'proxy', provider: 'api' }]);
});

test('a request to a host that nobody claims passes as it is, and so does its answer', async () => {
  const { begin, audit } = await makePassages();
  const passage = await begin('https://other.example/x', 'Authorization: mine\r\n');
  expect([passage.injects, valueOf(passage.head.headers, 'authorization')]).toEqual([false, 'mine']);
  const plan = await passage.answer(answerWith([['Set-Cookie', 'a=1'], ['X', TOKEN]]), TO);
  expect([plan.body.kind, valueOf(plan.fields, 'set-cookie'), valueOf(plan.fields, 'x')]).toEqual([
    'pass',
    'a=1',
    TOKEN,
  ]);
  expect(audit.events).toEqual([]);
});

test.each(['TRACE'])('X14: %s is not passed on', async (method) => {
  const { begin } = await makePassages();
  await expect(begin('https://api.example.com/x', '', method)).rejects.toMatchObject({ code: 'E_METHOD' });
});

test('R10: a placeholder is opened at its host, and its appearance elsewhere is refused and recorded', async () => {
  const { begin, audit, placeholder } = await makePassages();
  const passage = await begin('https://api.example.com/x', `X-Key: ${placeholder}\r\n`);
  expect(valueOf(passage.head.headers, 'x-key')).toBe(TOKEN);
  await expect(begin('https://evil.example/x', `X-Key: ${placeholder}\r\n`)).rejects.toMatchObject({
    code: 'E_PLACEHOLDER',
  });
  expect(audit.events).toMatchObject([{ event: 'placeholder', host: 'evil.example' }]);
});

test('createPassages() counts decisions, injections and redactions', async () => {
  const { begin, counters } = await makePassages();
  await begin('https://other.example/x');
  const passage = await begin('https://api.example.com/x');
  expect([counters.claimed, counters.passed, counters.injections]).toEqual([1, 1, 0]);
  await passage.record();
  const plan = await passage.answer(answerWith([['X-Echo', `Bearer ${TOKEN}`], ['X', 'y']]), TO);
  expect([counters.injections, counters.redactions]).toEqual([1, 1]);
  if (plan.body.kind !== 'scan') throw new Error(plan.body.kind);
  plan.body.redaction.push(encodeUtf8(`a ${TOKEN} b ${TOKEN} c`));
  expect(counters.redactions).toBe(3);
});

test('H20: the token endpoint that was learnt at login is not reached', async () => {
  const { begin, audit } = await makePassages({ oauth2: { tokenUrl: 'https://api.example.com/oauth/mint' } });
  for (const path of ['/oauth/mint', '/oauth/%6Dint?x', '/oauth/revoke']) {
    await expect(begin(`https://api.example.com${path}`)).rejects.toMatchObject({ code: 'E_NOT_ALLOWED' });
  }
  expect(audit.events).toEqual([]);
  expect((await begin('https://api.example.com/oauth/me')).injects).toBe(true);
});

test('H19: what asks for a WebSocket and is no handshake is refused before a credential is opened', async () => {
  const { begin, audit } = await makePassages();
  await expect(begin('https://api.example.com/ws', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')).rejects
    .toMatchObject({
      code: 'E_HTTP',
    });
  await expect(begin('https://api.example.com/ws', HANDSHAKE, 'POST')).rejects.toMatchObject({ code: 'E_HTTP' });
  expect(audit.events).toEqual([]);
});

test('a switch to WebSocket without a credential passes as it is', async () => {
  const { begin } = await makePassages();
  const passage = await begin(
    'http://other.example.com/ws',
    `${HANDSHAKE}Sec-WebSocket-Extensions: permessage-deflate\r\n`,
  );
  expect(valueOf(passage.head.headers, 'sec-websocket-extensions')).toBe('permessage-deflate');
  expect((await passage.answer(switching(), TO)).frames).toBeUndefined();
});
