import { expect, test } from 'vitest';
import { decodeUtf8 } from '../../../src/encoding/bytes.ts';
import { SigError } from '../../../src/errors.ts';
import { Http1Error, toSigError } from '../../../src/http1/error.ts';
import { problemOf } from '../../../src/proxy/problem.ts';

test('problemOf() says code, provider and what a person can do (RFC 9457)', () => {
  const problem = problemOf(
    new SigError('E_LOGIN_REQUIRED', 'No login', { hint: 'sig login a', provider: 'a' }),
    false,
  );
  expect(problem).toMatchObject({ status: 401, reason: 'Unauthorized' });
  expect(JSON.parse(decodeUtf8(problem.body))).toEqual({
    type: 'about:blank',
    title: 'Unauthorized',
    status: 401,
    detail: 'No login',
    code: 'E_LOGIN_REQUIRED',
    provider: 'a',
    hint: 'sig login a',
  });
  expect(problem.fields).toEqual([
    ['WWW-Authenticate', 'Sig'],
    ['Content-Type', 'application/problem+json'],
    ['Cache-Control', 'no-store'],
    ['Content-Length', String(problem.body.length)],
  ]);
});

test.each(
  [['E_PROXY_AUTH', 407], ['E_LOOP', 508], ['E_METHOD', 405], ['E_PLACEHOLDER', 403], ['E_UPSTREAM_TLS', 502], [
    'E_TIMEOUT',
    504,
  ], ['E_INTERNAL', 500]] as const,
)(
  'problemOf() answers %s with %i',
  (code, status) => expect(problemOf(new SigError(code, 'x'), true).status).toBe(status),
);

test('problemOf() takes the status of a message that was refused', () => {
  expect(problemOf(toSigError(new Http1Error('head_too_large'), 'client'), true).status).toBe(431);
  expect(problemOf(toSigError(new Http1Error('framing'), 'upstream'), true).status).toBe(502);
});
