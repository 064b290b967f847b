import { expect, test } from 'vitest';
import { ruleResponse } from '../../../src/rule/response.ts';

const JSON_TYPE = [['Content-Type', 'application/problem+json; charset=utf-8']] as const;

test.each(
  [
    ['JSON by its type', JSON_TYPE, '"text"', 'text'],
    ['an object without a type', [], ' {"a":1}', { a: 1 }],
    ['a list without a type', [['content-type', 'text/plain']], '[1]', [1]],
    ['text', [['content-type', 'text/html']], '<p>1</p>', '<p>1</p>'],
    ['a number without a type', [], '1', '1'],
    ['broken JSON', JSON_TYPE, '{"a":', '{"a":'],
    ['nothing', JSON_TYPE, '', ''],
  ] as const,
)('ruleResponse() reads %s', (_name, headers, body, expected) => {
  expect(ruleResponse(200, headers, body).body).toEqual(expected);
});

test('ruleResponse() has headers by lower-case name, repeated ones joined, and no prototype', () => {
  const { headers } = ruleResponse(200, [['X-A', '1'], ['x-a', '2'], ['__proto__', 'x']], '');
  expect(headers['x-a']).toBe('1, 2');
  expect(Object.getPrototypeOf(headers)).toBe(null);
  expect(Object.hasOwn(headers, '__proto__')).toBe(true);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

test('C2: ruleResponse() reads JSON of any depth', () => {
  expect(() => ruleResponse(200, [], '['.repeat(100_000) + ']'.repeat(100_000))).not.toThrow();
});
