import { expect, test } from 'vitest';
import { metadataUrls, parseMetadata } from '../../../src/oauth/discovery.ts';

const issuer = 'https://as.example/tenant';
const document = {
  issuer,
  token_endpoint: 'https://as.example/token',
  revocation_endpoint: 'https://as.example/revoke',
  dpop_signing_alg_values_supported: ['ES256', 5],
  code_challenge_methods_supported: ['S256', {}],
  require_pushed_authorization_requests: true,
  authorization_response_iss_parameter_supported: true,
};

test('metadataUrls() appends for OpenID Connect and inserts for RFC 8414 §3.1', () => {
  expect(metadataUrls('https://as.example/tenant/')).toEqual([
    'https://as.example/tenant/.well-known/openid-configuration',
    'https://as.example/.well-known/oauth-authorization-server/tenant',
  ]);
  expect(metadataUrls('https://as.example')[1]).toBe('https://as.example/.well-known/oauth-authorization-server');
});

test('parseMetadata() reads the endpoints', () => {
  expect(parseMetadata(document, issuer)).toEqual({
    issuer,
    tokenEndpoint: 'https://as.example/token',
    revocationEndpoint: 'https://as.example/revoke',
    dpopAlgorithms: ['ES256'],
    challengeMethods: ['S256'],
    requiresPushed: true,
    sendsIssuer: true,
  });
});

test.each<[string, unknown]>([
  ['another issuer', { ...document, issuer: 'https://evil.example' }],
  ['no issuer', { token_endpoint: 'https://as.example/token' }],
  ['an http endpoint', { ...document, token_endpoint: 'http://as.example/token' }],
  ['an endpoint that is no text', { ...document, token_endpoint: {} }],
  ['an array', [document]],
  ['null', null],
])('parseMetadata() refuses %s', (_, json) => {
  expect(() => parseMetadata(json, issuer)).toThrow(expect.objectContaining({ code: 'E_TOKEN_RESPONSE' }));
});

test('parseMetadata() refuses an endpoint that is no web URL', () => {
  expect(() => parseMetadata({ ...document, token_endpoint: 'javascript:alert(1)' }, issuer)).toThrow(
    expect.objectContaining({ code: 'E_TARGET' }),
  );
});
