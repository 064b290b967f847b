import { expect, test } from 'vitest';
import { ERROR_TABLE, isSigError, SigError } from '../../src/errors.ts';

test('SigError carries code, hint, provider, cause and the exit status of its row', () => {
  const cause = new Error('inner');
  const error = new SigError('E_NO_PROVIDER', 'No provider "x"', { hint: 'do', provider: 'x', cause });
  expect(error).toBeInstanceOf(Error);
  expect([error.exitCode, error.cause, error.name]).toEqual([3, cause, 'SigError']);
});

test('R7: toJSON() leaves out the cause and what is not set', () => {
  const error = new SigError('E_USAGE', 'Wrong', { cause: new Error('canary') });
  expect(error.toJSON()).toEqual({ code: 'E_USAGE', message: 'Wrong' });
  expect(JSON.stringify(error)).not.toContain('canary');
});

test('isSigError() tells our errors from others, and by code', () => {
  const error = new SigError('E_USAGE', 'Wrong');
  expect([isSigError(error), isSigError(error, 'E_USAGE'), isSigError(error, 'E_STORE')]).toEqual([true, true, false]);
  expect([isSigError(new Error('x')), isSigError({ code: 'E_USAGE' }), isSigError(undefined)]).toEqual([
    false,
    false,
    false,
  ]);
});

test.each(Object.entries(ERROR_TABLE))('%s has a row in the style of the table', (code, row) => {
  expect(code).toMatch(/^E_[A-Z0-9_]+$/);
  expect(row.when).toMatch(/^[^A-Z].*[^.]$/);
});
