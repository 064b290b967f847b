import { expect, test } from 'vitest';
import { obtainByDevice } from '../../../src/login/device_code.ts';
import type { PersonLogin } from '../../../src/login/person.ts';
import { answer, NOW_MS } from '../../_lib/fixture.ts';
import { ISSUER, personWorld, type ServerSays } from '../../_lib/authorization_server.ts';

const login: PersonLogin = {
  metadata: { issuer: ISSUER, deviceAuthorizationEndpoint: `${ISSUER}/device`, tokenEndpoint: `${ISSUER}/token` },
  client: { clientId: 'public' },
  scopes: ['a', 'b'],
  audience: 'api',
};
const obtain = async (says: ServerSays = {}) => {
  const world = personWorld('device_code', says);
  return { world, credential: await obtainByDevice(world.provider, login, world.ports) };
};

test('obtainByDevice() invites with page and code, and polls until the person has decided', async () => {
  const { world, credential } = await obtain({
    device: { verification_uri_complete: `${ISSUER}/activate?user_code=ABCD-EFGH` },
    token: (_, count) =>
      count < 3
        ? answer(400, { error: count === 1 ? 'authorization_pending' : 'slow_down' })
        : answer(200, { access_token: 'at', token_type: 'bearer', refresh_token: 'rt' }),
  });
  expect(world.invitations).toEqual([
    { url: `${ISSUER}/activate?user_code=ABCD-EFGH`, code: 'ABCD-EFGH', endsAtMs: NOW_MS + 600_000 },
  ]);
  expect(world.tokenForms()).toEqual(
    Array(3).fill({
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: 'device-1',
      audience: 'api',
      client_id: 'public',
    }),
  );
  // 5 s, 5 s, and five more after slow_down.
  expect(world.clock.now() - NOW_MS).toBe(20_000);
  expect(credential.values.access_token!.reveal()).toBe('at');
  expect(credential.oauth2!.refreshToken!.reveal()).toBe('rt');
  expect(world.listeners.opened).toBe(0);
});

test.each(['access_denied', 'expired_token'])('obtainByDevice() fails with %s', async (error) => {
  await expect(obtain({ token: () => answer(400, { error }) })).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
});

test('obtainByDevice() waits a quarter of an hour at most', async () => {
  const world = personWorld('device_code', {
    device: { expires_in: 3600 },
    token: () => answer(400, { error: 'authorization_pending' }),
  });
  await expect(obtainByDevice(world.provider, login, world.ports)).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
  expect(world.clock.now() - NOW_MS).toBeLessThanOrEqual(900_000);
});

test('obtainByDevice() at a server without that grant says so', async () => {
  const { provider, ports, seen } = personWorld('device_code');
  const { deviceAuthorizationEndpoint: _, ...metadata } = login.metadata;
  await expect(obtainByDevice(provider, { ...login, metadata }, ports)).rejects.toMatchObject({
    code: 'E_TOKEN_RESPONSE',
    hint: expect.stringContaining('authorization_code'),
  });
  expect(seen).toEqual([]);
});

test('D13: obtainByDevice() refuses a token of another type', async () => {
  await expect(obtain({ token: () => answer(200, { access_token: 'at', token_type: 'DPoP' }) })).rejects.toMatchObject({
    code: 'E_TOKEN_RESPONSE',
  });
});
