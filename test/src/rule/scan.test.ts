import { expect, test } from 'vitest';
import { badRule, MAX_RULE_DEPTH, MAX_RULE_LENGTH, scanRule } from '../../../src/rule/scan.ts';

test('C2: scanRule() refuses what is too long or nests too deep, and allows the limit itself', () => {
  const fill = (length: number) => `"${'x'.repeat(length - 2)}"`;
  expect(() => scanRule(fill(MAX_RULE_LENGTH))).not.toThrow();
  expect(() => scanRule(fill(MAX_RULE_LENGTH + 1))).toThrow('513 characters');
  for (
    const [open, close] of [['(', ')'], ['[', ']'], ['!', ''], ['-', ''], ['!(', ')'], ['- ', ''], [
      '1?',
      ':1',
    ]] as const
  ) {
    const nest = (depth: number) => open.repeat(depth) + '1' + close.repeat(depth);
    expect(() => scanRule(nest(MAX_RULE_DEPTH / open.trim().length))).not.toThrow();
    expect(() => scanRule(nest(MAX_RULE_DEPTH + 1))).toThrow('nests more than 32 deep');
  }
});

test('scanRule() does not count brackets and signs inside strings', () => {
  expect(() => scanRule(`res.body.includes("${'('.repeat(100)}${'!'.repeat(100)}")`)).not.toThrow();
});

test.each(['`x`', '{}', 'a;b', 'a = 1 ^ 2', '~1', '1 # 2', 'a @ b', 'é', '1\u2028', '1\u00a0', '\0', '\\u0061', '🙂'])(
  'C1: scanRule() refuses the characters of %j',
  (text) => {
    expect(() => scanRule(text)).toThrow('unexpected');
  },
);

test.each(['"abc', "'", `'a"`, '"a\nb"', '"a\\"'])('scanRule() refuses the open string %j', (text) => {
  expect(() => scanRule(text)).toThrow('not closed');
});

test.each(['"\\x41"', '"\\u0041"', '"\\0"', '"\\a"'])(
  'scanRule() refuses the escape in %s, which parsers read differently',
  (text) => {
    expect(() => scanRule(text)).toThrow('unknown escape');
  },
);

test.each(['', ' ', '\n\t'])('scanRule() refuses %j as empty', (text) => {
  expect(() => scanRule(text)).toThrow('it is empty');
});

test('badRule() is E_RULE, counts characters from 1 and gives a hint', () => {
  expect(badRule('unexpected "x"', 4)).toMatchObject({
    code: 'E_RULE',
    message: 'Cannot use validateRule: unexpected "x" at character 5',
    hint: expect.stringContaining('res.status'),
  });
});
