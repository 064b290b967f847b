import { expect, test } from 'vitest';
import { SigError } from '../../../src/errors.ts';
import { providerOf, unusable } from '../../../src/vault/unusable.ts';

const cause = new SigError('E_CORRUPT', 'It is empty');

test('unusable() names the credential, the kept file and the login that mends it', () => {
  const error = unusable('credentials/jira', cause, '/home/ann/.sig/credentials/jira.json.corrupt-20261121-213800');
  expect(error.toJSON()).toEqual({
    code: 'E_CORRUPT',
    message: 'Cannot open credential "jira": it is empty; ' +
      'the file is kept as "/home/ann/.sig/credentials/jira.json.corrupt-20261121-213800"',
    hint: 'log in again: sig login jira',
    provider: 'jira',
  });
  expect(error.cause).toBe(cause);
});

test('unusable() names the file where it is, and the hint of the cause before its own', () => {
  expect(unusable('credentials/jira', cause).message).toBe(
    'Cannot open credential "jira": it is empty; the file is "credentials/jira.json"',
  );
  expect(unusable('credentials/jira', new SigError('E_FORMAT', 'It is newer', { hint: 'update sig' })).hint).toBe(
    'update sig',
  );
});

test('unusable() knows records that are no credentials', () => {
  expect(unusable('proxy/ca', cause).toJSON()).toEqual({
    code: 'E_CORRUPT',
    message: 'Cannot open sealed record "proxy/ca": it is empty; the file is "proxy/ca.json"',
  });
});

test('providerOf() is the name of a credential, and of nothing else', () => {
  expect(providerOf('credentials/jira.x')).toBe('jira.x');
  expect(providerOf('proxy/ca')).toBeUndefined();
});
