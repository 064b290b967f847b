import { expect, test } from 'vitest';
import { HTTP1_ERRORS, Http1Error, type Http1ErrorCode, toSigError } from '../../../src/http1/error.ts';

test.each(Object.keys(HTTP1_ERRORS) as Http1ErrorCode[])('toSigError() names no status but a code for %s', (code) => {
  const error = new Http1Error(code);
  expect(error.status).toBe(HTTP1_ERRORS[code].status);
  const upstream = toSigError(error, 'upstream');
  expect(upstream.code).toBe(code === 'unwritable' ? 'E_BAD_CREDENTIAL_VALUE' : 'E_UPSTREAM');
  expect(upstream.cause).toBe(error);
  const client = toSigError(error, 'client').code;
  const isAboutTarget = ['target', 'host', 'misdirected'].includes(code);
  expect(client).toBe(code === 'unwritable' ? 'E_BAD_CREDENTIAL_VALUE' : isAboutTarget ? 'E_TARGET' : 'E_HTTP');
});

test('statuses are those that a proxy answers with', () => {
  expect(new Set(Object.values(HTTP1_ERRORS).map((row) => row.status))).toEqual(
    new Set([400, 413, 417, 421, 431, 501, 502, 505]),
  );
});
