import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { decodePercent, secretsOfHeader, variantsOf } from '../../../src/redact/value.ts';

const texts = (secrets: { text: string }[]) => secrets.map(({ text }) => text);
const base64 = (text: string) => Buffer.from(text).toString('base64');

test.each([
  ['Authorization', 'Bearer abc.def-123', ['abc.def-123']],
  ['authorization', 'DPoP abc', ['abc']],
  ['Authorization', 'token ghp_abc', ['ghp_abc']],
  ['X-Api-Key', 'abc', ['abc']],
  ['X-Api-Key', 'abc def', ['def']],
  ['Authorization', 'Token token=abc, other=def', ['Token token=abc, other=def']],
  ['Cookie', 'a=1; sid="x y"; bare; b=c=d', ['1', '"x y"', 'c=d']],
  ['Authorization', `Basic ${base64('me:pass:word')}`, [base64('me:pass:word').replace(/=+$/, ''), 'pass:word']],
  ['Authorization', `basic ${base64('mé:ü')}`, [base64('mé:ü').replace(/=+$/, ''), 'ü']],
  ['Authorization', 'Basic !!!', ['!!!']],
  ['Authorization', 'Basic //79', ['//79']],
])('R3: secretsOfHeader(%j, %j)', (name, value, expected) => {
  expect(texts(secretsOfHeader(name, value))).toEqual(expected);
});

test('secretsOfHeader() calls cookies cookies', () => {
  expect(secretsOfHeader('cookie', 'a=b')).toEqual([{ text: 'b', kind: 'cookie' }]);
  expect(secretsOfHeader('X-Csrf', 'b')).toEqual([{ text: 'b', kind: 'value' }]);
});

test.each([
  ['plain', ['plain']],
  ['a%3Db', ['a%3Db', 'a=b']],
  ['100%', ['100%']],
  ['%E0%A4', ['%E0%A4']],
  ['"quoted"', ['"quoted"', 'quoted']],
  ['two words', ['two words', 'two+words']],
  ['eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ', [
    'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ',
    'eyJzdWIiOiIxMjM0NTY3ODkwIn0',
    'c2lnbmF0dXJlLXNpZ25hdHVyZQ',
  ]],
  ['eyJhbGciOiJub25lIn0.e30.', ['eyJhbGciOiJub25lIn0.e30.']],
  ['v1.abcdefghijklmnopqrst.abcdefghijklmnopqrst', ['v1.abcdefghijklmnopqrst.abcdefghijklmnopqrst']],
])('R3: variantsOf(%j)', (text, expected) => {
  expect(texts(variantsOf({ text, kind: 'value' }))).toEqual(expected);
});

test('decodePercent() answers only for what is percent-encoded', () => {
  expect([decodePercent('a%20b'), decodePercent('%C3%A9'), decodePercent('ab'), decodePercent('50%')]).toEqual([
    'a b',
    'é',
    undefined,
    undefined,
  ]);
});
