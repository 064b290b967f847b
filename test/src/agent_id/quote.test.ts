import { expect, test } from 'vitest';
import { quoteCode, quoteMarkdown } from '../../../src/agent_id/quote.ts';

test.each([
  ['plain text, with 3 words.', '"plain text, with 3 words."'],
  ['# a\n\n## b\r\n', '"\\# a \\#\\# b"'],
  ['say "hi"', '"say \\"hi\\""'],
  ['[x](https://evil.example)', '"\\[x\\]\\(https\\:\\/\\/evil.example\\)"'],
  ['www.evil.example', '"www\\.evil.example"'],
  ['\u202eabc\u200b\u2066\ufeff\u{e0041}\ufe0f', '"abc"'],
  ['\x1b[31mred\x1b]8;;http://x\x07', '"\\[31mred\\]8;;http\\:\\/\\/x"'],
  ['```\nrm -rf\n```', '"\\`\\`\\` rm -rf \\`\\`\\`"'],
  ['\u2028a\u2029', '"a"'],
  ['\ue000\ud800x', '"x"'],
])('C9, C10: quoteMarkdown() of %j', (text, quoted) => {
  expect(quoteMarkdown(text)).toBe(quoted);
});

test('quoteMarkdown() and quoteCode() cap the length in characters', () => {
  expect(quoteMarkdown('😀'.repeat(5), 3)).toBe('"😀😀😀…"');
  expect(quoteCode('abcdef', 3)).toBe('`abc…`');
});

test('C10: quoteCode() cannot be left', () => {
  expect(quoteCode('/a`b\n`c')).toBe('`/a%60b %60c`');
});
