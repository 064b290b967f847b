import { expect, test } from 'vitest';
import { buildRefresh } from '../../../src/oauth/refresh_token.ts';
import { Secret } from '../../../src/secret.ts';

test('buildRefresh() sends the refresh token in the body, never in the URL (RFC 6749 §6)', () => {
  const { head, body } = buildRefresh({
    tokenUrl: 'https://as.example/token',
    client: { clientId: 'c' },
    refreshToken: new Secret('r+t'),
  });
  expect(head.path).toBe('/token');
  expect(Object.fromEntries(new URLSearchParams(new TextDecoder().decode(body[0])))).toEqual({
    grant_type: 'refresh_token',
    refresh_token: 'r+t',
    client_id: 'c',
  });
});

test('buildRefresh() asks again for what the login asked for (RFC 8707 §2.2)', () => {
  const { body } = buildRefresh({
    tokenUrl: 'https://as.example/token',
    client: { clientId: 'c' },
    refreshToken: new Secret('rt'),
    audience: 'https://api.example',
  });
  expect(Object.fromEntries(new URLSearchParams(new TextDecoder().decode(body[0])))).toMatchObject({
    audience: 'https://api.example',
    resource: 'https://api.example',
  });
});
