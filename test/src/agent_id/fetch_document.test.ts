import { expect, test } from 'vitest';
import { fetchDocument, fieldOf } from '../../../src/agent_id/fetch_document.ts';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import type { WireResponse } from '../../../src/ports.ts';
import { parseUrl } from '../../../src/target/target.ts';
import { answer, scriptedSend } from '../../_lib/fixture.ts';
import { quickTimer } from '../../_lib/timer.ts';

const URL = parseUrl('https://notes.example/x?y');
const JSON_TYPE = [['Content-Type', 'application/json']] as const;
const rules = { type: 'application/json', maxBytes: 10 };
const get = (response: WireResponse, more = {}) =>
  fetchDocument(URL, { ...rules, ...more }, { send: scriptedSend(() => response), timer: quickTimer() });

test('fetchDocument() asks once, uncompressed, and not at private addresses', async () => {
  const send = scriptedSend(() => answer(200, '{}', JSON_TYPE));
  await fetchDocument(URL, rules, { send, timer: quickTimer(), timeoutMs: 77 });
  expect(send.seen).toHaveLength(1);
  expect(send.seen[0]!.options).toEqual({ allowPrivate: false, timeoutMs: 77 });
  expect(send.seen[0]!.head).toMatchObject({ method: 'GET', path: '/x?y' });
  expect(send.seen[0]!.header('accept-encoding')).toBe('identity');
});

test.each(['application/json', 'APPLICATION/JSON', 'application/json; charset=utf-8', 'application/json ;x'])(
  'fetchDocument() takes the type %s',
  async (type) => {
    expect(await get(answer(200, '[]', [['content-type', type]]))).toBe('[]');
  },
);

test.each([
  ['C12: a redirect', answer(302, '', [...JSON_TYPE, ['Location', 'https://notes.example/y']]), 'it is a redirect'],
  ['a status', answer(404, '{}', JSON_TYPE), 'its status is 404'],
  ['another type', answer(200, '{}', [['Content-Type', 'text/html']]), 'it is not application/json'],
  ['a longer type', answer(200, '{}', [['Content-Type', 'application/jsonp']]), 'it is not application/json'],
  ['a suffix type', answer(200, '{}', [['Content-Type', 'application/problem+json']]), 'it is not application/json'],
  ['two types', answer(200, '{}', [...JSON_TYPE, ['Content-Type', 'text/html']]), 'it is not application/json'],
  ['no type', answer(200, '{}'), 'it is not application/json'],
  ['C11: compression', answer(200, '{}', [...JSON_TYPE, ['Content-Encoding', 'gzip']]), 'it is compressed'],
  ['C11: size', answer(200, '"234567890"', JSON_TYPE), 'it has more than 10 bytes'],
])('fetchDocument() refuses %s', async (_name, response, why) => {
  await expect(get(response)).rejects.toMatchObject({
    code: 'E_MANIFEST',
    message: `Cannot use the answer of "notes.example": ${why}`,
  });
});

test('fetchDocument() refuses what is not UTF-8', async () => {
  const body = (async function* () {
    yield new Uint8Array([0x22, 0xff, 0x22]);
  })();
  await expect(get({ ...answer(200, '', JSON_TYPE), body })).rejects.toThrow(/not UTF-8/);
});

test('fetchDocument() can do with the beginning', async () => {
  expect(await get(answer(200, 'x'.repeat(100), JSON_TYPE), { takesBeginning: true })).toBe('x'.repeat(10));
  const cut = (async function* () {
    yield encodeUtf8('123456789é');
  })();
  expect(await get({ ...answer(200, '', JSON_TYPE), body: cut }, { takesBeginning: true })).toBe('123456789\ufffd');
});

test('fieldOf() gives a value that stands once', () => {
  expect(fieldOf(answer(200, '', [['A', '1']]), 'a')).toBe('1');
  expect(fieldOf(answer(200, '', [['A', '1'], ['a', '1']]), 'a')).toBeUndefined();
});
