import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { createMatcher, type Matcher } from '../../../src/redact/matcher.ts';
import { createNeedles } from '../../../src/redact/needles.ts';
import { redactFields, redactHead, redactReason } from '../../../src/redact/redact_head.ts';
import { Secret } from '../../../src/secret.ts';
import type { HeaderPairs } from '../../../src/target/head.ts';
import { findLeaks, makeCanary } from '../../_lib/canary.ts';

const TOKEN = makeCanary();
const MARK = '[sig:redacted:jira]';

function matcherOf(...headers: HeaderPairs): Matcher {
  return createMatcher(
    createNeedles(
      headers.map(([name, value]) => ({ provider: 'jira', kind: 'header', name, value: new Secret(value) })),
    ),
  );
}

test('R1: redactFields() redacts Location, Set-Cookie and any other field, and keeps order, case and duplicates', () => {
  const matcher = matcherOf(['Authorization', `Bearer ${TOKEN}`]);
  // The last two of 44 characters depend on what follows, and tell two bits of the secret.
  const base64 = Buffer.from(TOKEN).toString('base64');
  const redacted = redactFields(matcher, [
    ['Date', 'Sat, 21 Nov 2026 00:00:00 GMT'],
    ['LOCATION', `https://example.com/cb?token=${TOKEN}&x=1#a`],
    ['Set-Cookie', `sid=${TOKEN}; Path=/; HttpOnly`],
    ['set-cookie', `b64="${base64}"; Secure`],
    ['X-Echo', `Bearer ${TOKEN}`],
    ['x-echo', encodeURIComponent(JSON.stringify({ a: TOKEN }))],
    ['Content-Length', '12'],
  ]);
  expect(redacted).toEqual([
    ['Date', 'Sat, 21 Nov 2026 00:00:00 GMT'],
    ['LOCATION', `https://example.com/cb?token=${MARK}&x=1#a`],
    ['Set-Cookie', `sid=${MARK}; Path=/; HttpOnly`],
    ['set-cookie', `b64="${MARK}${base64.slice(42)}"; Secure`],
    ['X-Echo', MARK],
    ['x-echo', `%7B%22a%22%3A%22${MARK}%22%7D`],
    ['Content-Length', '12'],
  ]);
  expect(findLeaks(TOKEN, { head: JSON.stringify(redacted) })).toEqual([]);
});

test('R1: redactFields() redacts trailers and field names', () => {
  const matcher = matcherOf(['Authorization', `Bearer ${TOKEN}`]);
  expect(redactFields(matcher, [['X-Trailer', `sum of ${TOKEN}`], [`X-${TOKEN}`, '1']])).toEqual([
    ['X-Trailer', `sum of ${MARK}`],
    ['x-sig-redacted', '1'],
  ]);
});

test('R1: redactReason() redacts the reason phrase', () => {
  const matcher = matcherOf(['Authorization', `Bearer ${TOKEN}`]);
  expect(redactReason(matcher, `Hello ${TOKEN}!`)).toBe(`Hello ${MARK}!`);
  expect(redactReason(matcher, 'Not Found')).toBe('Not Found');
  expect(redactReason(matcher, '')).toBe('');
});

test('redactFields() gives clean fields back as they are', () => {
  const fields: HeaderPairs = [['Content-Type', 'text/plain'], ['X-Latin', 'caf\xe9'], ['X-Empty', '']];
  expect(redactFields(matcherOf(['Authorization', `Bearer ${TOKEN}`]), fields)).toBe(fields);
  expect(redactFields(matcherOf(), fields)).toBe(fields);
});

test('redactFields() keeps bytes beyond ASCII, and finds a secret that has some', () => {
  const matcher = matcherOf(['X-Key', 'cl\xe9-tr\xe8s-secr\xe8te']);
  expect(redactFields(matcher, [['X-Echo', 'caf\xe9 cl\xe9-tr\xe8s-secr\xe8te \x80\xff']])).toEqual([
    ['X-Echo', `caf\xe9 ${MARK} \x80\xff`],
  ]);
  const utf8 = Buffer.from('clé-très-secrète').toString('latin1');
  expect(redactFields(matcher, [['X-Echo', `<${utf8}>`]])).toEqual([['X-Echo', `<${MARK}>`]]);
});

test('redactFields() finds no secret across two fields', () => {
  const matcher = matcherOf(['Authorization', `Bearer ${TOKEN}`]);
  const fields: HeaderPairs = [['X-One', TOKEN.slice(0, 16)], ['X-Two', TOKEN.slice(16)]];
  expect(redactFields(matcher, fields)).toBe(fields);
});

test('R5: redactFields() redacts a short secret as a whole value under its own name, and nowhere else', () => {
  const matcher = matcherOf(['Authorization', 'Bearer 12'], ['X-Api-Key', '1234'], ['Cookie', 'a=1; b=2']);
  expect(redactFields(matcher, [
    ['X-Echo-Authorization', 'Bearer 12'],
    ['x-api-key', ' 1234 '],
    ['X-Echo-Cookie', 'a=1; b=2'],
    ['Content-Length', '1234'],
    ['X-Echo-Authorization', 'Bearer 123'],
    ['X-Other', 'Bearer 12'],
    ['Set-Cookie', 'a=1; Path=/'],
  ])).toEqual([
    ['X-Echo-Authorization', MARK],
    ['x-api-key', MARK],
    ['X-Echo-Cookie', MARK],
    ['Content-Length', '1234'],
    ['X-Echo-Authorization', 'Bearer 123'],
    ['X-Other', 'Bearer 12'],
    ['Set-Cookie', 'a=1; Path=/'],
  ]);
});

function rawOf(reason: string, fields: HeaderPairs): Uint8Array {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`HTTP/1.1 200 ${reason}\r\n${lines}\r\n`, 'latin1');
}

test('R1: redactHead() redacts the reason and the fields, with the bytes that came and without', () => {
  const marks: number[] = [];
  const secrets = createNeedles([
    { provider: 'jira', kind: 'header', name: 'Authorization', value: new Secret(`Bearer ${TOKEN}`) },
    { provider: 'jira', kind: 'header', name: 'X-Pin', value: new Secret('12') },
  ]);
  const matcher = createMatcher(secrets, () => marks.push(1));
  const escaped = [...TOKEN].map((character) => `%${character.charCodeAt(0).toString(16)}`).join('');
  const cases: [string, HeaderPairs][] = [
    [`Hello ${TOKEN}`, [['A', 'b']]],
    ['OK', [['A', TOKEN], ['B', 'c']]],
    ['OK', [['A', escaped]]],
    ['OK', [[`X-${TOKEN}`, 'b']]],
    ['OK', [['A', 'b'], ['X-Echo-X-Pin', '12']]],
    ['OK', [['A', 'caf\xe9=\xe9'], ['B', 'max-age=31536000'], ['C', '']]],
    ['', [['X-One', TOKEN.slice(0, 16)], ['X-Two', TOKEN.slice(16)]]],
    ['', [['X', TOKEN.slice(0, 16)], [TOKEN.slice(16), 'b']]],
  ];
  for (const [reason, fields] of cases) {
    const expected = { reason: redactReason(matcher, reason), fields: redactFields(matcher, fields) };
    expect(redactHead(matcher, { reason, fields })).toEqual(expected);
    const before = marks.length;
    expect(redactHead(matcher, { reason, fields }, rawOf(reason, fields))).toEqual(expected);
    expect(marks.length - before).toBe(expected.fields.filter((field, i) => field !== fields[i]).length);
    expect(findLeaks(TOKEN, { head: JSON.stringify(expected) })).toEqual([]);
  }
});

test('redactHead() gives a clean head back as it is', () => {
  const matcher = matcherOf(['Authorization', `Bearer ${TOKEN}`]);
  const head = { reason: 'OK', fields: [['Content-Type', 'text/plain'], ['X-Latin', 'caf\xe9']] as HeaderPairs };
  expect(redactHead(matcher, head)).toBe(head);
  expect(redactHead(matcher, head, rawOf(head.reason, head.fields))).toBe(head);
});
