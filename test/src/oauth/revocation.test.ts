import { expect, test } from 'vitest';
import { buildRevocation } from '../../../src/oauth/revocation.ts';
import { Secret } from '../../../src/secret.ts';

test('buildRevocation() names token and kind (RFC 7009 §2.1)', () => {
  const { body } = buildRevocation({
    revocationUrl: 'https://as.example/revoke',
    client: { clientId: 'c' },
    token: new Secret('t'),
    kind: 'refresh_token',
  });
  expect(new TextDecoder().decode(body[0])).toBe('token=t&token_type_hint=refresh_token&client_id=c');
});
