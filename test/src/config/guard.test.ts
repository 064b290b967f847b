import { expect, test } from 'vitest';
import { MAX_ALIASES, MAX_BYTES, MAX_DEPTH, tokenize } from '../../../src/config/guard.ts';

function problemOf(text: string): string | undefined {
  const result = tokenize(text);
  return 'problem' in result ? result.problem.message : undefined;
}

const deep = (open: string, depth: number) => open.repeat(depth);

test.each([
  ['flow lists', '['],
  ['flow maps', '{a: '],
  ['block lists', '- '],
  ['explicit keys', '? '],
  ['empty keys', ': '],
])('C4: tokenize() stops at %s deeper than 64, before anything is composed', (_, open) => {
  expect(problemOf(deep(open, MAX_DEPTH))).toBeUndefined();
  expect(problemOf(deep(open, MAX_DEPTH + 1))).toBe('nested deeper than 64 levels');
  expect(problemOf(deep(open, 200_000))).toBe('nested deeper than 64 levels');
});

test('C4: tokenize() stops at block maps deeper than 64', () => {
  const nested = (depth: number) => Array.from({ length: depth }, (_, i) => `${' '.repeat(i)}a:`).join('\n');
  expect(problemOf(nested(MAX_DEPTH))).toBeUndefined();
  expect(problemOf(nested(MAX_DEPTH + 1))).toBe('nested deeper than 64 levels');
});

test('C4: tokenize() stops at mixed nesting deeper than 64', () => {
  expect(problemOf('[{a: '.repeat(33))).toBe('nested deeper than 64 levels');
  expect(problemOf('- [{a: '.repeat(1) + '['.repeat(62))).toBe('nested deeper than 64 levels');
});

test('C4: tokenize() refuses more than 1 MiB, counted in bytes', () => {
  expect(problemOf(`# ${'x'.repeat(MAX_BYTES - 2)}`)).toBeUndefined();
  expect(problemOf(`# ${'x'.repeat(MAX_BYTES - 1)}`)).toBe('the file is larger than 1 MiB');
  expect(problemOf(`# ${'é'.repeat(MAX_BYTES / 2)}`)).toBe('the file is larger than 1 MiB');
});

test('C4: tokenize() stops at more than 100 aliases', () => {
  const text = (count: number) => `a: &a x\nb:\n${'- *a\n'.repeat(count)}`;
  expect(problemOf(text(MAX_ALIASES))).toBeUndefined();
  expect(problemOf(text(MAX_ALIASES + 1))).toBe('more than 100 aliases');
});

test('tokenize() does not take a "*" in text for an alias', () => {
  expect(problemOf(`a:\n${'- \'*x\'\n- "*y"\n- x*z\n- a *b\n'.repeat(200)}b: |\n${'  *c\n'.repeat(200)}`))
    .toBeUndefined();
});

test.each([
  ['closing brackets', ']'],
  ['commas', '[,,,,,,,,'],
  ['tags', '! '],
  ['anchors', '&a '],
  ['empty strings', '""'],
])('C4: tokenize() ends early on a megabyte of %s', (_, piece) => {
  expect(problemOf(piece.repeat(MAX_BYTES / piece.length))).toMatch(/too many values|not YAML|nested deeper/);
});
