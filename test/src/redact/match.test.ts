import { expect, test } from 'vitest';
import { encodeUtf8 } from '../../../src/encoding/bytes.ts';
import { MORE, NONE } from '../../../src/redact/escape.ts';
import { matchNeedle } from '../../../src/redact/match.ts';
import { BASE64, EXACT, HEX } from '../../../src/redact/needle.ts';

function match(needle: string, text: string, { alphabet = EXACT, final = true, budget = 1e6 } = {}): number {
  const cursor = { bytes: encodeUtf8(text), final, next: 0, budget };
  return matchNeedle({ bytes: encodeUtf8(needle), alphabet, provider: 'p', mark: encodeUtf8('*') }, cursor, 0);
}

test.each([
  'abcd/é+g',
  'abcd%2F%C3%A9%2bg',
  'abcd\\/\\u00e9+g',
  'abcd&sol;&#xe9;&plus;g',
  'abcd=2F=C3=A9+g',
  'abcd%252F%25C3%25A9+g',
  'abcd\\\\/\\\\u00e9+g',
  '%61%62%63%64%2f%c3%a9%2b%67',
  'abcd\n/é+g',
  'abcd/\r\né+g',
  'a=\r\nbcd/é=\n+g',
  'abcd\\n/é+g',
  'abcd/\\r\\né+g',
  'abcd%0D%0A/é+g',
])('matchNeedle() reads %j', (text) => {
  expect(match('abcd/é+g', text)).toBe(encodeUtf8(text).length);
  expect(match('abcd/é+g', `${text};41`)).toBe(encodeUtf8(text).length);
});

test.each([
  'abcd/é+h',
  'abcd/é',
  'Abcd/é+g',
  'abcd/é g',
  'abc\nd/é+g',
  'abcd\n\n/é+g',
  'abcd\r/é+g',
  'abcd\n /é+g',
  '\nabcd/é+g',
  '=\nabcd/é+g',
  'abcd%2/é+g',
  'abcd\\u002/é+g',
])('matchNeedle() does not take %j for it', (text) => {
  expect(match('abcd/é+g', text)).toBe(NONE);
});

test('matchNeedle() asks for more where the text may go on as the needle does', () => {
  const text = 'ab%63d\n/%C3%A9&plus;g';
  const bytes = encodeUtf8(text);
  for (let length = 1; length < bytes.length; length++) {
    expect(match('abcd/é+g', text.slice(0, length), { final: false })).toBe(MORE);
    expect(match('abcd/é+g', text.slice(0, length))).toBe(NONE);
  }
  expect(match('abcd/é+g', text, { final: false })).toBe(bytes.length);
  expect(match('abcd/é+g', 'abcd/x', { final: false })).toBe(NONE);
});

test('matchNeedle() takes the longest spelling, and waits for it', () => {
  expect(match('abcdefg%', 'abcdefg%25')).toBe(10);
  expect(match('abcdefg%', 'abcdefg%2', { final: false })).toBe(MORE);
  expect(match('abcdefg%', 'abcdefg%2')).toBe(8);
  expect(match('abcdefgA', 'abcdefg&#65;')).toBe(12);
  expect(match('abcdefgA', 'abcdefg&#65', { final: false })).toBe(MORE);
});

test('matchNeedle() folds what counts as the same, escaped or not', () => {
  expect(match('a+b/c+d/', 'a-b_c+d/', { alphabet: BASE64 })).toBe(8);
  expect(match('a+b/c+d/', 'a%2Db\\/c&plus;d_', { alphabet: BASE64 })).toBe(16);
  expect(match('a+b/c+d/', 'a-b_c+d/')).toBe(NONE);
  expect(match('abcdef01', 'ABcdEF01', { alphabet: HEX })).toBe(8);
});

test('matchNeedle() reads a needle that holds escapes and line breaks itself', () => {
  expect(match('a%3Db%2Bc', 'a%3Db%2Bc')).toBe(9);
  expect(match('a%3Db%2Bc', 'a%253Db%252Bc')).toBe(13);
  expect(match('line\none\r\n', 'line\none\r\n')).toBe(10);
  expect(match('line\none\r\n', 'line\\none\\r\\n')).toBe(13);
});

test('matchNeedle() visits no place twice where spellings part and meet again', () => {
  const many = 400;
  const from = performance.now();
  match(`${'%25'.repeat(many)}x`, '%2525'.repeat(many), { budget: Infinity });
  match(`${'\\'.repeat(many)}x`, '\\'.repeat(4 * many), { budget: Infinity });
  expect(performance.now() - from).toBeLessThan(20_000);
});

test('matchNeedle() takes anything for the needle once its budget is used up', () => {
  expect(match('abcdefgh', 'nothing of it', { budget: 0 })).toBe(8);
  expect(match('abcdefgh', 'abc', { budget: 0 })).toBe(3);
  expect(match('%25%25%25%25', '%25%25%25%26', { budget: 20 })).toBeGreaterThan(0);
});
