import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { webDecoders } from '../../../src/redact/web_decoder.ts';
import { canDoubt, DOUBT_LIMIT, doubtsByBody, doubtsByHead } from '../../../src/sig/doubt.ts';
import { headOf, makeProvider } from '../../_lib/fixture.ts';

const validateUrl = 'https://api.example.com/me';
const byStatus = makeProvider({ validateUrl, validateRule: 'res.status === 200 && res.headers["x-user"] !== ""' });
const byBody = makeProvider({ validateUrl, validateRule: 'res.status === 200 && res.body.ok === true' });
const plain = makeProvider({ validateUrl });
const head = headOf('https://api.example.com/search?q=1');
const JSON_TYPE = [['Content-Type', 'application/json; charset=utf-8']] as const;
const why = (found: ReturnType<typeof doubtsByHead>) => found === 'body' ? found : found.map((doubt) => doubt.why);

test('canDoubt() is false where no validateUrl could decide', () => {
  expect(canDoubt([makeProvider()])).toBe(false);
  expect(canDoubt([makeProvider({ validateRule: 'res.body.ok' })])).toBe(false);
  expect(canDoubt([makeProvider(), plain])).toBe(true);
});

test('doubtsByHead() doubts nothing without validateUrl, whatever the rule says', () => {
  expect(doubtsByHead([makeProvider({ validateRule: 'false' })], head, { status: 200, headers: [] })).toEqual([]);
});

test.each([200, 404, 204, 302, 400])(
  'doubtsByHead() judges a status of %i by a rule on status and headers',
  (status) => {
    expect(why(doubtsByHead([byStatus], head, { status, headers: [] }))).toEqual(
      status === 200 ? [] : ['validateRule'],
    );
  },
);

test.each([401, 429, 500, 503, 206, 304])('doubtsByHead() takes nothing from a status of %i', (status) => {
  for (const provider of [byStatus, byBody, plain]) {
    expect(doubtsByHead([provider], head, { status, headers: [] })).toEqual([]);
  }
});

test.each<[string | undefined, boolean]>([
  ['application/json', true],
  ['application/problem+json; charset=utf-8', true],
  ['Text/HTML', true],
  [undefined, true],
  ['text/event-stream', false],
  ['application/x-ndjson', false],
  ['application/json-seq', false],
  ['image/png', false],
  ['application/octet-stream', false],
  ['application/grpc', false],
  ['multipart/x-mixed-replace', false],
])('doubtsByHead() asks for a body of type %s: %s', (type, asks) => {
  const headers = type === undefined ? [] : [['Content-Type', type] as const];
  expect(doubtsByHead([byBody], head, { status: 200, headers })).toEqual(asks ? 'body' : []);
});

test('doubtsByHead() asks for no body where there is none', () => {
  expect(doubtsByHead([byBody], { ...head, method: 'HEAD' }, { status: 200, headers: JSON_TYPE })).toEqual([]);
  expect(doubtsByHead([byBody], head, { status: 204, headers: [] })).toEqual([]);
});

test.each([
  [403, undefined, ['status 403']],
  [200, '/login', []],
  [302, '/login?next=/search', ['login page']],
  [302, 'https://sso.example.com/saml/start', ['login page']],
  [307, '/users/sign_in', ['login page']],
  [302, '/results/2', []],
  [302, 'http://[', []],
  [304, '/login', []],
  [404, undefined, []],
])('doubtsByHead() without a rule: status %i, location %s', (status, location, expected) => {
  const headers = location === undefined ? [] : [['Location', location] as const];
  expect(why(doubtsByHead([plain], head, { status, headers }))).toEqual(expected);
});

test.each([
  ['{"ok":true}', []],
  ['{"ok":false,"error":"invalid_auth"}', ['validateRule']],
  ['not json', ['validateRule']],
  ['', ['validateRule']],
])('doubtsByBody() judges %s', async (text, expected) => {
  const found = await doubtsByBody([byBody, plain], { status: 200, headers: JSON_TYPE }, encodeUtf8(text), {});
  expect(why(found)).toEqual(expected);
});

test('doubtsByBody() undoes content codings, and says nothing of what it cannot read', async () => {
  const answer = (coding: string) => ({ status: 200, headers: [...JSON_TYPE, ['Content-Encoding', coding] as const] });
  const zipped = new Uint8Array(gzipSync('{"ok":false}'));
  const decoders = webDecoders();
  expect(why(await doubtsByBody([byBody], answer('gzip'), zipped, decoders))).toEqual(['validateRule']);
  expect(await doubtsByBody([byBody], answer('gzip'), zipped.slice(0, 12), decoders)).toEqual([]);
  expect(await doubtsByBody([byBody], answer('compress'), zipped, decoders)).toEqual([]);
  const bomb = new Uint8Array(gzipSync(Buffer.alloc(DOUBT_LIMIT + 1, ' ')));
  expect(await doubtsByBody([byBody], answer('gzip'), bomb, decoders)).toEqual([]);
  expect(await doubtsByBody([byBody], { status: 200, headers: [] }, Uint8Array.of(0xff, 0xfe), decoders)).toEqual([]);
});

test('C2: a rule that gives up says nothing', async () => {
  const greedy = `${Array.from({ length: 25 }, () => 'res.body.a').join(' + ')} === ""`;
  const provider = makeProvider({ validateUrl, validateRule: greedy });
  const answer = { status: 200, headers: JSON_TYPE };
  expect(await doubtsByBody([provider], answer, encodeUtf8('{"a":"x"}'), {})).toHaveLength(1);
  const body = encodeUtf8(JSON.stringify({ a: 'a'.repeat(60_000) }));
  expect(await doubtsByBody([provider], answer, body, {})).toEqual([]);
});
