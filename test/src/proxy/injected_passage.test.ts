import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { answerWith, HANDSHAKE, makePassages, switching, TO, TOKEN, valueOf } from '../../_lib/passages.ts';
import { frame, SAMPLE_ACCEPT, SAMPLE_KEY } from '../../_lib/web_socket.ts';

test('R1: R6: an answer shows neither the secret nor a fresh session', async () => {
  const { begin } = await makePassages();
  const passage = await begin('https://api.example.com/x');
  const plan = await passage.answer(
    answerWith([['Content-Length', '5'], ['X-Echo', `Bearer ${TOKEN}`], ['Set-Cookie', 'sid=new']]),
    TO,
  );
  expect(JSON.stringify([plan.reason, plan.fields])).not.toContain(TOKEN);
  expect(valueOf(plan.fields, 'set-cookie')).toBeUndefined();
  expect(valueOf(plan.fields, 'x-echo')).toContain('[sig:redacted:api]');
  expect(plan.body.kind).toBe('scan');
});

test('R4: a part of a body that nobody asked for in parts is refused', async () => {
  const { begin } = await makePassages();
  const passage = await begin('https://api.example.com/x');
  expect(() => passage.answer(answerWith([], 206), TO)).toThrow(expect.objectContaining({ code: 'E_CODING' }));
});

test('renew() gives the same request with a newer credential, and still hides the old one', async () => {
  const { begin } = await makePassages();
  const renewed = await (await begin('https://api.example.com/x')).renew();
  expect(valueOf(renewed.head.headers, 'authorization')).toBe('Bearer renewed-token-0123456789');
  const plan = await renewed.answer(answerWith([['X', `${TOKEN} renewed-token-0123456789`]]), TO);
  expect(JSON.stringify(plan.fields)).not.toMatch(new RegExp(`${TOKEN}|renewed-token`));
});

test('a request that nothing signs pays nothing for signing', async () => {
  const { begin } = await makePassages();
  expect((await begin('https://api.example.com/x')).mend(answerWith([], 401), true)).toBeUndefined();
  expect((await begin('https://other.example/x')).mend(answerWith([], 401), true)).toBeUndefined();
});

test('R1: a handshake offers no extensions, and what follows the switch is redacted', async () => {
  const { begin, counters } = await makePassages();
  const passage = await begin(
    'https://api.example.com/ws',
    `${HANDSHAKE}Sec-WebSocket-Extensions: permessage-deflate\r\n`,
  );
  expect(valueOf(passage.head.headers, 'sec-websocket-extensions')).toBeUndefined();
  expect(valueOf(passage.head.headers, 'sec-websocket-key')).toBe(SAMPLE_KEY);
  expect(valueOf(passage.head.headers, 'upgrade')).toBe('websocket');
  const accept: [string, string] = ['Sec-WebSocket-Accept', SAMPLE_ACCEPT];
  const plan = await passage.answer(switching(accept, ['X-Echo', TOKEN]), TO);
  expect(valueOf(plan.fields, 'x-echo')).toBe('[sig:redacted:api]');
  const before = counters.redactions;
  expect(Buffer.concat(plan.frames!.push(frame(1, TOKEN))).toString()).toContain('[sig:redacted:api]');
  expect(counters.redactions).toBe(before + 1);
  expect(() => passage.answer(switching(), TO)).toThrow(expect.objectContaining({ code: 'E_UPSTREAM' }));
  expect(() => passage.answer(switching(accept, ['Sec-WebSocket-Extensions', 'permessage-deflate']), TO)).toThrow(
    expect.objectContaining({ code: 'E_CODING' }),
  );
});

test('R6: cookies of a handshake go to the vault, not to the client', async () => {
  const { begin } = await makePassages();
  const passage = await begin('https://api.example.com/ws', HANDSHAKE);
  const fields: [string, string][] = [['Sec-WebSocket-Accept', SAMPLE_ACCEPT], ['Set-Cookie', 'sid=fresh; Secure']];
  const plan = await passage.answer(switching(...fields), TO);
  expect(valueOf(plan.fields, 'set-cookie')).toBeUndefined();
  expect(plan.frames).toBeDefined();
});
