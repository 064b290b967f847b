import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { findLeaks, readFolder } from '../../_lib/canary.ts';
import { useFolder, useIssuer, useServer } from '../../_lib/lab.ts';
import type { IssuerOptions } from '../../_lib/oidc.ts';
import { startSig, startSigOnTerminal } from '../../_lib/sig.ts';
import { walk } from '../../_lib/walk.ts';
import { useWorld } from '../../_lib/world.ts';

const SCOPE = 'openid offline_access read:data';
const LINK = /\n {2}(https:\S+)\r?\n/;

async function setUp(options: IssuerOptions = {}) {
  const [issuer, api] = [await useIssuer(options), await useServer()];
  const world = await useWorld('# mine\nproviders: {}\n', { SIG_EXTRA_CA: api.caFile });
  // Over a remote shell no browser is opened, on whatever system this runs.
  const how = { home: world.home, env: { SIG_EXTRA_CA: api.caFile, SSH_CONNECTION: 'test' } };
  const args = (grant: string) => {
    const client = ['--issuer', issuer.issuer, '--client-id', issuer.nativeClientId, '--scope', SCOPE];
    return ['login', api.origin, '--as', 'api', '--grant', grant, ...client];
  };
  const configText = () => readFile(join(world.home, 'config.yaml'), 'utf8');
  return { issuer, api, world, how, args, configText };
}

test.each(['off', 'offered', 'required'] as const)(
  'login by authorization_code at a real server, pushed requests %s; then requests carry the token, which shows nowhere',
  async (pushed) => {
    const { issuer, api, world, how, args, configText } = await setUp({ pushed });
    const running = startSig(args('authorization_code'), how);
    const [, url] = await running.waitFor(LINK);
    expect(new URL(url!).searchParams.has('code_challenge')).toBe(pushed === 'off');
    const page = await walk(url!, { caPem: issuer.caPem });
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('close this window')]);
    const { code, stdout, stderr } = await running.done;
    expect([code, stdout, stderr]).toEqual([0, '', expect.stringContaining('logged in to "api"')]);
    expect(await configText()).toContain('grant: authorization_code');
    expect((await world.sig(['request', `${api.origin}/x`])).code).toBe(0);
    expect(api.requests[0]!.header('authorization')).toMatch(/^Bearer \S+$/);
    const token = api.requests[0]!.header('authorization')!.slice('Bearer '.length);
    expect(findLeaks(token, { stderr, ...await readFolder(world.home) })).toEqual([]);
    // Renewal asks the server and no person.
    await world.credentials.update('api', (old) => Promise.resolve({ ...old!, expiresAtSec: 1 }));
    expect(await world.sig(['request', `${api.origin}/y`])).toMatchObject({ code: 0, stderr: '' });
    expect(api.requests[1]!.header('authorization')).not.toBe(api.requests[0]!.header('authorization'));
  },
);

test('login by device_code at a real server; then requests carry the token', async () => {
  const { issuer, api, world, how, args, configText } = await setUp();
  const running = startSig([...args('device_code'), '--json', '--quiet'], how);
  const [, code] = await running.waitFor(/Code: (\S+)/);
  expect(running.stderr()).toMatch(/Open this page on any device to sign in:\n\n {2}https:\S+\n\nCode: \S+\n\n$/);
  await issuer.approveDevice(code!);
  const result = await running.done;
  expect([result.code, JSON.parse(result.stdout)]).toEqual([0, {
    provider: 'api',
    strategy: 'oauth2',
    expiresAt: expect.stringMatching(/Z$/),
  }]);
  expect(await configText()).toContain('grant: device_code');
  expect((await world.sig(['request', `${api.origin}/x`])).code).toBe(0);
  await world.credentials.update('api', (old) => Promise.resolve({ ...old!, expiresAtSec: 1 }));
  expect((await world.sig(['request', `${api.origin}/y`])).code).toBe(0);
  expect(await world.sig(['logout', 'api'])).toMatchObject({ code: 0 });
  expect(issuer.requests.filter(({ path }) => path === '/token/revocation').length).toBeGreaterThan(0);
});

test('S17: a person who says no changes nothing', async () => {
  const { issuer, world, how, args, configText } = await setUp();
  const running = startSig(args('device_code'), how);
  const [, code] = await running.waitFor(/Code: (\S+)/);
  await issuer.denyDevice(code!);
  expect(await running.done).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('The person rejected the login'),
  });
  expect(await configText()).toBe('# mine\nproviders: {}\n');
  expect(await readdir(world.home)).not.toContain('credentials');
});

test('B12: an answer that is not to this login ends it, and the one before stays', async () => {
  const { issuer, world, how, args } = await setUp({ pushed: 'off' });
  const first = startSig(args('authorization_code'), how);
  await walk((await first.waitFor(LINK))[1]!, { caPem: issuer.caPem });
  expect((await first.done).code).toBe(0);
  const before = await readFolder(join(world.home, 'credentials'));
  const second = startSig(['login', 'api'], how);
  const [, url] = await second.waitFor(LINK);
  await walk(`${new URL(url!).searchParams.get('redirect_uri')}?code=injected&state=guessed`);
  expect(await second.done).toMatchObject({ code: 1, stderr: expect.stringContaining('"state" is wrong') });
  expect(await readFolder(join(world.home, 'credentials'))).toEqual(before);
});

test.each(['authorization_code', 'device_code'])('Ctrl-C ends a login by %s cleanly', async (grant) => {
  const { how, args, configText } = await setUp({ pushed: 'off' });
  const running = startSig(args(grant), how);
  const [, url] = await running.waitFor(LINK);
  if (grant === 'device_code') await running.waitFor(/Code:/);
  running.kill('SIGINT');
  expect((await running.done).code).toBe(130);
  expect(await configText()).toBe('# mine\nproviders: {}\n');
  const redirectUri = new URL(url!).searchParams.get('redirect_uri');
  if (redirectUri !== null) await expect(walk(redirectUri)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('on a terminal a QR code and the time that is left are shown', async ({ skip }) => {
  const { issuer, how, args } = await setUp();
  const running = startSigOnTerminal(args('device_code'), how) ?? skip('no program makes a terminal here');
  const [, code] = await running.waitFor(/Code: (\S+)/);
  await running.waitFor(/[▀▄█]{10}[^]*waiting for you to sign in… \d+:\d\d left, Ctrl-C to cancel/);
  await issuer.approveDevice(code!);
  expect((await running.done).code).toBe(0);
  expect(running.stdout()).toMatch(/\r\x1b\[2Ksig: logged in to "api"/);
});

test('B18: the browser is given the address as one argument, and only where there is one', async ({ skip }) => {
  if (process.platform === 'win32') skip('the opener of this test is a shell script');
  const { issuer, how, args } = await setUp();
  const folder = await useFolder();
  for (const name of ['xdg-open', 'open']) {
    await writeFile(join(folder, name), `#!/bin/sh\nprintf '%s\\n' "$#" "$@" > '${folder}/said'\n`);
    await chmod(join(folder, name), 0o755);
  }
  const env = { ...how.env, PATH: `${folder}:${process.env.PATH}`, DISPLAY: ':77', SSH_CONNECTION: '' };
  const running = startSig(args('authorization_code'), { ...how, env });
  const [, url] = await running.waitFor(LINK);
  expect(running.stderr()).toContain('Sign in with the browser that opens');
  await walk(url!, { caPem: issuer.caPem });
  expect((await running.done).code).toBe(0);
  expect(await readFile(join(folder, 'said'), 'utf8')).toBe(`1\n${url}\n`);
});

test.each(['https://a$(touch pwned)/auth', 'javascript:alert(1)', 'file:///etc/passwd', '--flag', 'data:text/html,x'])(
  'B18: nobody is sent to the endpoint %j of a hostile server',
  async (endpoint) => {
    const evil = await useServer({
      handler: (request) => {
        const issuer = `https://${request.header('host')}`;
        return { body: { issuer, authorization_endpoint: endpoint, token_endpoint: `${issuer}/token` } };
      },
    });
    const { world, configText } = await setUp();
    const login = ['login', 'https://api.example', '--grant', 'authorization_code', '--client-id', 'c'];
    const folder = await useFolder();
    const result = await world.sig([...login, '--issuer', evil.origin], { env: { DISPLAY: ':77' }, cwd: folder });
    expect([result.code, result.stderr]).toEqual([2, expect.not.stringContaining('Open this page')]);
    expect([await readdir(folder), await configText()]).toEqual([[], '# mine\nproviders: {}\n']);
  },
);

test('what is missing or wrong on the command line is said before anything happens', async () => {
  const { world, configText } = await setUp();
  const login = ['login', 'https://api.example', '--client-id', 'c', '--grant'];
  const cases: [string[], string][] = [
    [['device_code'], 'OAuth needs an endpoint'],
    [['device_code', '--token-url', 'https://as.example/t'], 'give --issuer URL'],
    [['implicit', '--issuer', 'https://as.example'], 'Unknown grant "implicit"'],
    [
      ['authorization_code', '--issuer', 'https://as.example', '--redirect-uri', 'https://evil.example/'],
      'does not end on this machine',
    ],
  ];
  for (const [args, said] of cases) {
    expect(await world.sig([...login, ...args])).toMatchObject({ code: 2, stderr: expect.stringContaining(said) });
  }
  expect(await configText()).toBe('# mine\nproviders: {}\n');
});
