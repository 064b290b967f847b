import { expect, test } from 'vitest';
import { revokeTokens } from '../../../src/login/revoke.ts';
import { Secret } from '../../../src/secret.ts';
import { answer, fixedClock, makeCredential, makeOAuthProvider, scriptedSend } from '../../_lib/fixture.ts';

const provider = makeOAuthProvider();
const credential = makeCredential(provider, { access_token: 'at' }, {
  oauth2: {
    clientId: 'client',
    clientSecret: new Secret('s'),
    refreshToken: new Secret('rt'),
    revocationUrl: 'https://as.example.com/revoke',
  },
});
const ports = (send: ReturnType<typeof scriptedSend>) => ({ send, clock: fixedClock(), env: () => undefined });

test('revokeTokens() revokes refresh and access token', async () => {
  const send = scriptedSend(() => answer(200));
  expect(await revokeTokens(provider, credential, ports(send))).toBe(true);
  expect(send.seen.map((seen) => new URLSearchParams(seen.body).get('token'))).toEqual(['rt', 'at']);
});

test('revokeTokens() has nothing to do without an endpoint or tokens', async () => {
  const send = scriptedSend(() => answer(200));
  expect(await revokeTokens(provider, makeCredential(provider), ports(send))).toBe(false);
  expect(
    await revokeTokens(provider, {
      ...credential,
      values: {},
      oauth2: { revocationUrl: 'https://as.example.com/revoke' },
    }, ports(send)),
  ).toBe(false);
  expect(send.seen).toEqual([]);
});

test('revokeTokens() reports a server that fails', async () => {
  await expect(revokeTokens(provider, credential, ports(scriptedSend(() => answer(503))))).rejects.toMatchObject({
    code: 'E_UPSTREAM',
  });
});
