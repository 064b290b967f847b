import { expect, test } from 'vitest';
import { buildClientCredentials, joinScopes } from '../../../src/oauth/client_credentials.ts';
import { Secret } from '../../../src/secret.ts';

test('buildClientCredentials() asks for scopes and audience (RFC 6749 §4.4.2)', () => {
  const { body } = buildClientCredentials({
    tokenUrl: 'https://as.example/token',
    client: { clientId: 'c', clientSecret: new Secret('s') },
    scopes: ['read:data', 'write:data'],
    audience: 'https://api.example',
  });
  expect(Object.fromEntries(new URLSearchParams(new TextDecoder().decode(body[0])))).toEqual({
    grant_type: 'client_credentials',
    scope: 'read:data write:data',
    audience: 'https://api.example',
    resource: 'https://api.example',
  });
});

test('joinScopes() of none is nothing to send', () => {
  expect(joinScopes([])).toBeUndefined();
  expect(joinScopes(undefined)).toBeUndefined();
});
