import { expect, test } from 'vitest';
import { obtainByCode } from '../../../src/login/authorization_code.ts';
import { obtainWithPerson, type PersonLogin } from '../../../src/login/person.ts';
import { answer, NOW_MS } from '../../_lib/fixture.ts';
import { ISSUER, personWorld } from '../../_lib/authorization_server.ts';
import { challengeOf } from '../../../src/oauth/pkce.ts';

const login: PersonLogin = {
  metadata: { issuer: ISSUER, authorizationEndpoint: `${ISSUER}/auth`, tokenEndpoint: `${ISSUER}/token` },
  client: { clientId: 'public' },
  scopes: undefined,
  audience: undefined,
};

test('obtainByCode() exchanges the code with the verifier and the very redirect URI', async () => {
  const { provider, ports, invitations, tokenForms } = personWorld('authorization_code');
  const credential = await obtainByCode(provider, login, ports);
  const asked = new URL(invitations[0]!.url).searchParams;
  const [form] = tokenForms();
  expect(form).toEqual({
    grant_type: 'authorization_code',
    code: 'code-1',
    redirect_uri: 'http://127.0.0.1:4321/callback',
    code_verifier: expect.any(String),
    client_id: 'public',
  });
  expect(asked.get('redirect_uri')).toBe(form!.redirect_uri);
  expect(asked.get('code_challenge')).toBe(await challengeOf(form!.code_verifier!));
  expect(credential).toMatchObject({ provider: 'api', strategy: 'oauth2', expiresAtSec: NOW_MS / 1000 + 60 });
  expect(credential.oauth2!.refreshToken!.reveal()).toBe('rt');
});

test('obtainByCode() uses the redirect URI that is registered', async () => {
  const world = personWorld('authorization_code', {}, { redirectUri: 'http://localhost:8765/cb' });
  await obtainByCode(world.provider, login, world.ports);
  expect(world.tokenForms()[0]!.redirect_uri).toBe('http://localhost:8765/cb');
});

test('obtainByCode() pushes the request with the client', async () => {
  const world = personWorld('authorization_code', {
    metadata: { pushed_authorization_request_endpoint: `${ISSUER}/par`, require_pushed_authorization_requests: true },
  });
  await expect(obtainWithPerson(world.provider, {}, world.ports)).rejects.toMatchObject({
    code: 'E_LOGIN_FAILED',
    message: expect.stringContaining('404'),
  });
  const push = world.seen.find(({ head }) => head.path === '/par')!;
  expect(Object.fromEntries(new URLSearchParams(push.body))).toMatchObject({
    client_id: 'public',
    response_type: 'code',
    code_challenge_method: 'S256',
  });
  expect(world.invitations).toEqual([]);
});

test.each(['DPoP', 'mac', 'N_A'])(
  'D13: obtainByCode() refuses a token of type %s, which was not asked for',
  async (type) => {
    const { provider, ports } = personWorld('authorization_code', {
      token: () => answer(200, { access_token: 'at', token_type: type }),
    });
    await expect(obtainByCode(provider, login, ports)).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  },
);
