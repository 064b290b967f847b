import { expect, test } from 'vitest';
import { SigError, type SigErrorCode } from '../../../src/errors.ts';
import { problemOf } from '../../../src/proxy/problem.ts';

const of = (code: SigErrorCode, close = false) =>
  problemOf(new SigError(code, 'Message', { hint: 'do', provider: 'p', cause: new Error('canary') }), close);
const field = (problem: ReturnType<typeof of>, name: string) => problem.fields.find(([other]) => other === name)?.[1];

test.each<[SigErrorCode, number]>([
  ['E_LOGIN_REQUIRED', 401],
  ['E_PLACEHOLDER', 403],
  ['E_PRIVATE_ADDRESS', 403],
  ['E_METHOD', 405],
  ['E_PROXY_AUTH', 407],
  ['E_UPSTREAM_TLS', 502],
  ['E_AUDIT', 503],
  ['E_TIMEOUT', 504],
  ['E_LOOP', 508],
  ['E_INTERNAL', 500],
])('problemOf() answers %s with %i and its code', (code, status) => {
  const problem = of(code);
  const body = JSON.parse(new TextDecoder().decode(problem.body));
  expect(problem.status).toBe(status);
  expect(body).toMatchObject({ status, code, detail: 'Message', hint: 'do', provider: 'p' });
  expect(field(problem, 'Content-Type')).toBe('application/problem+json');
  expect(field(problem, 'Content-Length')).toBe(String(problem.body.length));
});

test('R7: a problem shows no cause', () => {
  expect(new TextDecoder().decode(of('E_UPSTREAM').body)).not.toContain('canary');
});

test('P2: a 407 says how to authenticate, a 401 and a 405 what the RFC demands', () => {
  expect(field(of('E_PROXY_AUTH'), 'Proxy-Authenticate')).toBe('Basic realm="sig"');
  expect(field(of('E_LOGIN_REQUIRED'), 'WWW-Authenticate')).toBe('Sig');
  expect(field(of('E_METHOD'), 'Allow')).toContain('GET');
});

test('problemOf() ends the connection only when told', () => {
  expect(field(of('E_HTTP', true), 'Connection')).toBe('close');
  expect(field(of('E_HTTP'), 'Connection')).toBeUndefined();
});

test('problemOf() asks callers of a server for a token with 401, and leaves the rest as it is', () => {
  const problem = problemOf(new SigError('E_PROXY_AUTH', 'no'), false, 'server');
  expect([problem.status, field(problem, 'WWW-Authenticate')]).toEqual([401, 'Bearer realm="sig"']);
  expect(JSON.parse(new TextDecoder().decode(problem.body))).toMatchObject({ status: 401, code: 'E_PROXY_AUTH' });
  expect(problemOf(new SigError('E_NOT_ALLOWED', 'no'), false, 'server').status).toBe(403);
});
