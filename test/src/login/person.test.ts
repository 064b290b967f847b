import { expect, test } from 'vitest';
import { login as logIn } from '../../../src/login/login.ts';
import { isPersonGrant, obtainWithPerson } from '../../../src/login/person.ts';
import { createRenewal } from '../../../src/login/renew.ts';
import { Secret } from '../../../src/secret.ts';
import { ISSUER, personWorld, type ServerSays } from '../../_lib/authorization_server.ts';
import {
  answer,
  makeCredential,
  makeOAuthProvider,
  makeProvider,
  memoryAudit,
  memoryCredentials,
} from '../../_lib/fixture.ts';
import { honestAnswer } from '../../_lib/loopback.ts';

const GRANTS = ['authorization_code', 'device_code'] as const;
const nobody = {
  line: () => Promise.reject(new Error('asked')),
  secret: () => Promise.reject(new Error('asked')),
  confirm: () => Promise.reject(new Error('asked')),
};

test('isPersonGrant() tells which grants need a person', () => {
  expect(isPersonGrant(makeProvider())).toBe(false);
  expect(isPersonGrant(makeOAuthProvider())).toBe(false);
  for (const grant of GRANTS) expect(isPersonGrant(personWorld(grant).provider)).toBe(true);
});

test.each(GRANTS)('obtainWithPerson() by %s of a public client sends no secret', async (grant) => {
  const { provider, ports, seen } = personWorld(grant);
  const credential = await obtainWithPerson(provider, {}, ports);
  expect(credential.oauth2).toMatchObject({
    clientId: 'public',
    tokenUrl: `${ISSUER}/token`,
    revocationUrl: `${ISSUER}/revoke`,
  });
  expect(credential.oauth2!.clientSecret).toBeUndefined();
  for (const one of seen) {
    expect([one.header('authorization'), one.body.includes('client_secret')]).toEqual([undefined, false]);
  }
});

test.each(GRANTS)('obtainWithPerson() by %s of a confidential client authenticates it', async (grant) => {
  const { provider, ports, seen } = personWorld(grant);
  await obtainWithPerson(provider, { clientSecret: new Secret('s') }, ports);
  expect(seen.find(({ head }) => head.path === '/token')!.header('authorization')).toMatch(/^Basic /);
});

test.each(GRANTS)('obtainWithPerson() by %s names a grant that is refused a failed login', async (grant) => {
  const { provider, ports } = personWorld(grant, { token: () => answer(400, { error: 'invalid_grant' }) });
  await expect(obtainWithPerson(provider, {}, ports)).rejects.toMatchObject({
    code: 'E_LOGIN_FAILED',
    message: expect.stringContaining('invalid_grant'),
  });
});

test.each(GRANTS)('obtainWithPerson() by %s needs an issuer', async (grant) => {
  const { ports, invitations } = personWorld(grant);
  const provider = makeOAuthProvider({ oauth2: { tokenUrl: `${ISSUER}/token`, clientId: 'c', grant } });
  await expect(obtainWithPerson(provider, {}, ports)).rejects.toMatchObject({ code: 'E_CONFIG', hint: 'set "issuer"' });
  expect(invitations).toEqual([]);
});

test.each(GRANTS)('B12: mix-up: by %s nobody is sent to a server whose metadata is that of another', async (grant) => {
  const { provider, ports, invitations, seen } = personWorld(grant, { metadata: { issuer: 'https://evil.example' } });
  await expect(obtainWithPerson(provider, {}, ports)).rejects.toMatchObject({ code: 'E_TOKEN_RESPONSE' });
  expect([invitations.length, seen.every(({ head }) => head.method === 'GET')]).toEqual([0, true]);
});

const HOSTILE: readonly [string, typeof GRANTS[number], ServerSays, string][] = [
  ['a wrong state', 'authorization_code', { visit: () => `code=x&state=y&iss=${ISSUER}` }, 'E_TOKEN_RESPONSE'],
  [
    'another issuer',
    'authorization_code',
    { visit: (page) => honestAnswer(page, 'https://evil.example') },
    'E_TOKEN_RESPONSE',
  ],
  [
    'a no',
    'authorization_code',
    { visit: (page) => `${honestAnswer(page, ISSUER)}&error=access_denied` },
    'E_LOGIN_FAILED',
  ],
  ['nobody', 'authorization_code', { visit: () => undefined }, 'E_LOGIN_FAILED'],
  ['a no from afar', 'device_code', { token: () => answer(400, { error: 'access_denied' }) }, 'E_LOGIN_FAILED'],
  ['time', 'device_code', { token: () => answer(400, { error: 'authorization_pending' }) }, 'E_LOGIN_FAILED'],
  ['a server that is down', 'device_code', { token: () => answer(503) }, 'E_UPSTREAM'],
  [
    'another type of token',
    'device_code',
    { token: () => answer(200, { access_token: 'x', token_type: 'mac' }) },
    'E_TOKEN_RESPONSE',
  ],
];

test.each(HOSTILE)('S17: a login that fails by %s (%s) changes nothing', async (_, grant, says, code) => {
  const { provider, ports } = personWorld(grant, says);
  const old = makeCredential(provider, { access_token: 'old' }, { oauth2: { refreshToken: new Secret('old-rt') } });
  const credentials = await memoryCredentials(old);
  const audit = memoryAudit();
  let wrote = false;
  const attempt = logIn(provider, { ...ports, credentials, audit, prompt: nobody, person: ports }, {}, () => {
    wrote = true;
    return Promise.resolve();
  });
  await expect(attempt).rejects.toMatchObject({ code });
  const kept = await credentials.open('api');
  expect([kept!.values.access_token!.reveal(), kept!.oauth2!.refreshToken!.reveal()]).toEqual(['old', 'old-rt']);
  expect([wrote, audit.events]).toEqual([false, []]);
});

test.each(GRANTS)('a login by %s is renewed with its refresh token, and never by a person', async (grant) => {
  const world = personWorld(grant);
  const credential = await obtainWithPerson(world.provider, {}, world.ports);
  const invited = world.invitations.length;
  const renew = createRenewal(world.ports);
  expect((await renew(world.provider, credential)).values.access_token!.reveal()).toBe('at');
  expect(world.tokenForms().at(-1)).toEqual({ grant_type: 'refresh_token', refresh_token: 'rt', client_id: 'public' });
  const { refreshToken: _, ...oauth2 } = credential.oauth2!;
  await expect(renew(world.provider, { ...credential, oauth2 })).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
  await expect(renew(world.provider, undefined)).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
  expect(world.invitations.length).toBe(invited);
});
