import { expect, test } from 'vitest';
import { useIssuer } from '../../_lib/lab.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

test('logout forgets the values and keeps the config', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}${tokenProvider('b', 'b.example')}`);
  await world.logIn('a', { token: 'x' });
  await world.logIn('b', { token: 'y' });
  expect(await world.sig(['logout', 'a'])).toMatchObject({ code: 0, stderr: 'sig: logged out of "a"\n' });
  expect((await world.credentials.open('a'))!.values).toEqual({});
  expect((await world.sig(['status', 'b'])).code).toBe(0);
  expect((await world.sig(['providers', '--json'])).stdout).toContain('"a"');
});

test('logout --all logs out of every provider', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}${tokenProvider('b', 'b.example')}`);
  await world.logIn('a', { token: 'x' });
  const { stdout } = await world.sig(['logout', '--all', '--json']);
  expect(JSON.parse(stdout)).toEqual([
    { provider: 'a', loggedOut: true, revoked: false },
    { provider: 'b', loggedOut: false, revoked: false },
  ]);
});

test('logout revokes the token where the server offers it (RFC 7009)', async () => {
  const issuer = await useIssuer();
  const world = await useWorld(
    `providers:\n  api:\n    domains: [api.example]\n    strategy: oauth2\n    issuer: ${issuer.issuer}\n`,
    { SIG_EXTRA_CA: issuer.caFile },
  );
  await world.sig(['login', 'api', '--client-id', issuer.basicClient.id, '--client-secret-stdin'], {
    stdin: issuer.basicClient.secret,
  });
  expect(await world.sig(['logout', 'api'])).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('revoked its token'),
  });
  expect(issuer.requests.filter(({ path }) => path === '/token/revocation')).toHaveLength(1);
});

test('a server that is down does not keep anybody logged in', async () => {
  const issuer = await useIssuer();
  const world = await useWorld(
    `providers:\n  api:\n    domains: [api.example]\n    strategy: oauth2\n    issuer: ${issuer.issuer}\n`,
    { SIG_EXTRA_CA: issuer.caFile },
  );
  await world.sig(['login', 'api', '--client-id', issuer.basicClient.id, '--client-secret-stdin'], {
    stdin: issuer.basicClient.secret,
  });
  await issuer.close();
  expect(await world.sig(['logout', 'api'])).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('could not be revoked'),
  });
  expect((await world.credentials.open('api'))!.values).toEqual({});
});

test.each([[['logout'], 2], [['logout', 'a', '--all'], 2], [['logout', 'nobody'], 3]])(
  'sig %j exits %i',
  async (args, code) => {
    const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}`);
    expect((await world.sig(args)).code).toBe(code);
  },
);
