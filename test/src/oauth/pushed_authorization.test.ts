import { expect, test } from 'vitest';
import { buildPushedAuthorization, processPushedAuthorization } from '../../../src/oauth/pushed_authorization.ts';
import { Secret } from '../../../src/secret.ts';
import { answer } from '../../_lib/fixture.ts';

test('buildPushedAuthorization() posts the request with the client (RFC 9126 §2.1)', () => {
  const { head, body } = buildPushedAuthorization({
    endpoint: 'https://as.example/par',
    client: { clientId: 'c', clientSecret: new Secret('s'), authMethod: 'client_secret_post' },
    fields: { response_type: 'code', client_id: 'c', absent: undefined },
  });
  expect([head.method, head.path]).toEqual(['POST', '/par']);
  expect(new TextDecoder().decode(body[0])).toBe('response_type=code&client_id=c&client_secret=s');
});

test('B14: buildPushedAuthorization() uses no plain http', () => {
  const request = { endpoint: 'http://as.example/par', client: { clientId: 'c' }, fields: {} };
  expect(() => buildPushedAuthorization(request)).toThrow(expect.objectContaining({ code: 'E_PLAINTEXT' }));
});

test('processPushedAuthorization() gives what the browser takes there', async () => {
  const request_uri = 'urn:ietf:params:oauth:request_uri:abc';
  expect(await processPushedAuthorization(answer(201, { request_uri, expires_in: 60 }), 'c', 'api')).toEqual({
    client_id: 'c',
    request_uri,
  });
});

test.each<[number, unknown, string]>([
  [201, {}, 'E_TOKEN_RESPONSE'],
  [201, { request_uri: '' }, 'E_TOKEN_RESPONSE'],
  [201, { request_uri: 5 }, 'E_TOKEN_RESPONSE'],
  [201, 'text', 'E_TOKEN_RESPONSE'],
  [204, '', 'E_TOKEN_RESPONSE'],
  [302, { request_uri: 'urn:x' }, 'E_TOKEN_RESPONSE'],
  [400, { error: 'invalid_redirect_uri' }, 'E_LOGIN_FAILED'],
  [401, { request_uri: 'urn:x' }, 'E_LOGIN_FAILED'],
  [429, {}, 'E_UPSTREAM'],
  [500, {}, 'E_UPSTREAM'],
])('processPushedAuthorization() of status %i with %j fails', async (status, body, code) => {
  await expect(processPushedAuthorization(answer(status, body), 'c', 'api')).rejects.toMatchObject({ code });
});
