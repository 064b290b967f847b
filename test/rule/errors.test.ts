import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatErrorTable, replaceErrorTable } from '../../npm/format_error_table.ts';
import { ERROR_TABLE } from '../../src/errors.ts';
import { ROOT } from '../_lib/sig.ts';
import { findInCode, readSources } from '../_lib/source.ts';

/**
 * Codes whose feature, or whose test, is still to come. A code leaves this list with them; the list
 * is empty when everything is built.
 */
const TO_COME = new Set<string>([]);

const CODES = Object.keys(ERROR_TABLE);
const DUE = CODES.filter((code) => !TO_COME.has(code));
const PRODUCT = readSources('src', 'cli').filter((file) => file.path !== 'src/errors.ts');
const TESTS = readSources('test').filter((file) => file.path !== 'test/rule/errors.test.ts');
const quoted = (code: string) => new RegExp(`['"]${code}['"]`);

test.each(DUE)('%s is thrown somewhere', (code) => {
  expect(findInCode(PRODUCT, quoted(code), 'code')).not.toEqual([]);
});

test.each(DUE)('%s is named in a test', (code) => {
  expect(findInCode(TESTS, quoted(code), 'code')).not.toEqual([]);
});

test('README.md has the table of errors as `npm run docs:errors` writes it', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  expect(readme).toBe(replaceErrorTable(readme, formatErrorTable()));
  for (const code of CODES) expect(readme).toContain(`\`${code}\``);
});

test('no message ends in a period', () => {
  const ends = findInCode(PRODUCT, /new SigError\(\s*'E_\w+',\s*(['`])(?:(?!\1).)*\.\1/, 'code');
  expect(ends).toEqual([]);
});
