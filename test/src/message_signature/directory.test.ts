import { expect, test } from 'vitest';
import { generateKey } from '../../../src/encoding/signing_key.ts';
import { isSigError } from '../../../src/errors.ts';
import {
  DIRECTORY_PATH,
  directoryResponse,
  formatDirectory,
  readDirectory,
} from '../../../src/message_signature/directory.ts';

const nowSec = 1_800_000_000;
const now = () => nowSec * 1000;
const [ed, ec] = [await generateKey('Ed25519'), await generateKey('ES256')];
const url = `https://bot.example${DIRECTORY_PATH}`;
const respond = () => directoryResponse(new Request(url), [ed, ec], { now, maxAgeSec: 600 });
const type = 'application/http-message-signatures-directory+json';
const untrusted = expect.toSatisfy((error) => isSigError(error, 'E_SIGNATURE'));

/** The good answer with some of its parts exchanged. */
async function changed(
  change: { body?: string; status?: number; headers?: Record<string, string | undefined> },
): Promise<Response> {
  const response = await respond();
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(change.headers ?? {})) {
    value === undefined ? headers.delete(name) : headers.set(name, value);
  }
  return new Response(change.body ?? await response.text(), { status: change.status ?? 200, headers });
}

test('directoryResponse() publishes every key and signs once with each', async () => {
  const response = await respond();
  expect(response.headers.get('content-type')).toBe(type);
  expect(response.headers.get('cache-control')).toBe('max-age=600');
  expect(response.headers.get('signature-input')!.match(/expires=\d+/g)).toEqual(
    Array(2).fill(`expires=${nowSec + 600}`),
  );
  const { keys } = await response.clone().json();
  expect(keys.map((jwk: JsonWebKey & { kid: string }) => [jwk.kty, jwk.kid, jwk.use])).toEqual([[
    'OKP',
    ed.thumbprint,
    'sig',
  ], ['EC', ec.thumbprint, 'sig']]);
  expect(JSON.stringify(keys)).not.toMatch(/"d"/);
  const read = await readDirectory(response, url, { now, requireSignature: true });
  expect([...read]).toEqual([[ed.thumbprint, ed.publicJwk], [ec.thumbprint, ec.publicJwk]]);
});

test('readDirectory() takes one without signatures unless they are asked for', async () => {
  const plain = () => new Response(formatDirectory([ed]), { headers: { 'Content-Type': `${type}; charset=utf-8` } });
  expect((await readDirectory(plain(), url)).size).toBe(1);
  expect((await readDirectory(plain(), url, { requireSignature: true })).size).toBe(0);
});

test('readDirectory() leaves out keys of other kinds and keys under a wrong name', async () => {
  const keys = [
    { kty: 'RSA', n: 'AA', e: 'AQAB', kid: 'r' },
    null,
    5,
    { ...ed.publicJwk, kid: 'mine' },
    ed.publicJwk,
    { ...ec.publicJwk, kid: ec.thumbprint },
  ];
  const response = new Response(JSON.stringify({ keys }), { headers: { 'Content-Type': type } });
  expect([...(await readDirectory(response, url)).keys()]).toEqual([ec.thumbprint]);
});

test.each<[string, Parameters<typeof changed>[0]]>([
  ['another status', { status: 404 }],
  ['another media type', { headers: { 'content-type': 'application/json' } }],
  ['no media type', { headers: { 'content-type': undefined } }],
  ['another body under its digest', { body: formatDirectory([ed]) }],
  ['signatures without the digest they cover', { headers: { 'content-digest': undefined } }],
  ['a body that is no JSON', { body: '{', headers: { 'content-digest': undefined } }],
  ['a body that is no object', { body: 'null', headers: { 'content-digest': undefined } }],
  ['keys that are no list', { body: '{"keys":{}}', headers: { 'content-digest': undefined } }],
  ['too many keys', { body: JSON.stringify({ keys: Array(65).fill({}) }), headers: { 'content-digest': undefined } }],
  ['a body that is too long', { body: ' '.repeat(65_537), headers: { 'content-digest': undefined } }],
])('readDirectory() refuses %s', async (_, change) => {
  await expect(readDirectory(await changed(change), url, { now })).rejects.toEqual(untrusted);
});

test('readDirectory() refuses signatures of another origin, of another time, or changed', async () => {
  await expect(readDirectory(await respond(), `https://evil.example${DIRECTORY_PATH}`, { now })).rejects.toEqual(
    untrusted,
  );
  await expect(readDirectory(await respond(), url, { now: () => (nowSec + 601) * 1000 })).rejects.toEqual(
    untrusted,
  );
  const signature = (await respond()).headers.get('signature')!.replace(/sig1=:..../, 'sig1=:AAAA');
  await expect(readDirectory(await changed({ headers: { signature } }), url, { now })).rejects.toEqual(untrusted);
});

test('readDirectory() stops reading an endless body', async () => {
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(8192));
    },
  });
  await expect(readDirectory(new Response(endless, { headers: { 'Content-Type': type } }), url)).rejects.toEqual(
    untrusted,
  );
  expect(pulled).toBeLessThan(20);
});
