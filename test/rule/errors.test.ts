import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_TABLE } from '../../src/errors.ts';
import { ROOT } from '../_lib/sig.ts';
import { findInCode, readSources } from '../_lib/source.ts';

/**
 * Codes whose feature is still to come. A code leaves this list with the code that throws it; the
 * list is empty when everything is built.
 */
const TO_COME = new Set([
  'E_USAGE',
  'E_CONFIG',
  'E_ENV_UNSET',
  'E_EXISTS',
  'E_NOT_INITIALISED',
  'E_NO_PROVIDER',
  'E_AMBIGUOUS',
  'E_LOGIN_REQUIRED',
  'E_LOGIN_FAILED',
  'E_UNVERIFIED',
  'E_TOKEN_RESPONSE',
  'E_NOT_ALLOWED',
  'E_PLAINTEXT',
  'E_PRIVATE_ADDRESS',
  'E_POLICY_CHANGED',
  'E_REDIRECT',
  'E_AGENT_REFUSED',
  'E_MISSING_VALUE',
  'E_BAD_CREDENTIAL_VALUE',
  'E_BODY',
  'E_CONFLICT',
  'E_UPSTREAM',
  'E_UPSTREAM_TLS',
  'E_TIMEOUT',
  'E_TAMPER',
  'E_ROLLBACK',
  'E_KEY_MISSING',
  'E_KEY_SOURCE',
  'E_PASSPHRASE',
  'E_PERMISSIONS',
  'E_LOCKED',
  'E_STORE',
  'E_AUDIT',
  'E_AUDIT_TAMPER',
  'E_IMPORT',
  'E_TTY',
  'E_INTERRUPTED',
  'E_INTERNAL',
  'E_ID',
]);

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

test('README.md has the table of errors, row by row', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const rows = Object.entries(ERROR_TABLE).map(([code, { exit, when }]) => `| \`${code}\` | ${exit} | ${when} |`);
  const documented = readme.split('\n').filter((line) => line.startsWith('| `E_'));
  expect(documented).toEqual(rows);
});

test('no message ends in a period', () => {
  const ends = findInCode(PRODUCT, /new SigError\(\s*'E_\w+',\s*(['`])(?:(?!\1).)*\.\1/, 'code');
  expect(ends).toEqual([]);
});
