import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findLeaks, readFolder, readProcesses } from '../../_lib/canary.ts';
import { useFolder, useIssuer, useServer } from '../../_lib/lab.ts';
import { startSig, startSigOnTerminal } from '../../_lib/sig.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

async function setUp() {
  const [issuer, api] = [await useIssuer(), await useServer()];
  const world = await useWorld('# my providers\nproviders: {}\n', { SIG_EXTRA_CA: api.caFile });
  const login = [
    'login',
    api.origin,
    '--as',
    'api',
    '--token-url',
    issuer.tokenUrl,
    '--client-id',
    issuer.basicClient.id,
  ];
  return { issuer, api, world, login, secret: issuer.basicClient.secret };
}

test('pattern 11: OAuth2 from the command line works and warns', async () => {
  const { world, login, secret, api } = await setUp();
  const { code, stderr } = await world.sig([...login, '--strategy', 'oauth2', '--client-secret', secret]);
  expect(code).toBe(0);
  expect(stderr).toContain('warning: other users of this machine can see a secret on a command line');
  expect((await world.sig(['request', `${api.origin}/x`])).code).toBe(0);
  expect(api.requests[0]!.header('authorization')).toMatch(/^Bearer \S+$/);
});

test.each(['stdin', 'env', 'file'])('the client secret by %s leaves no trace', async (way) => {
  const { world, login, secret } = await setUp();
  const file = join(await useFolder(), 'secret');
  await writeFile(file, `${secret}\n`);
  const given = {
    stdin: ['--client-secret-stdin'],
    env: ['--client-secret-env', 'MY_SECRET'],
    file: ['--client-secret-file', file],
  }[way]!;
  const result = await world.sig([...login, ...given], {
    ...(way === 'stdin' ? { stdin: secret } : {}),
    env: way === 'env' ? { MY_SECRET: secret } : {},
  });
  expect([result.code, result.stdout]).toEqual([0, '']);
  expect(result.stderr).toContain('logged in to "api"');
  expect(findLeaks(secret, { stdout: result.stdout, stderr: result.stderr, ...await readFolder(world.home) })).toEqual(
    [],
  );
});

test('R8: no secret of a login shows in a process list', async () => {
  const { world, login, secret, issuer } = await setUp();
  let release = () => {};
  const asked = new Promise<void>((resolve) => {
    issuer.overrideToken((_request, response) => {
      release = () => response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}');
      resolve();
    });
  });
  const running = startSig([...login, '--client-secret-stdin'], {
    home: world.home,
    env: { SIG_EXTRA_CA: issuer.caFile },
  });
  running.write(secret);
  running.end();
  await asked;
  const processes = await readProcesses([running.pid]);
  expect(Object.keys(processes).length).toBeGreaterThan(0);
  expect(findLeaks(secret, processes)).toEqual([]);
  release();
  expect((await running.done).code).toBe(1);
});

test('R9: a secret named by environment in config.yaml stays a name there', async () => {
  const { world, issuer, secret, api } = await setUp();
  const text = `providers:
  api:
    domains: ['localhost:${api.port}']
    strategy: oauth2
    tokenUrl: ${issuer.tokenUrl}
    clientId: \${CLIENT_ID}
    clientSecret: \${CLIENT_SECRET}
`;
  await world.writeConfig(text);
  const env = { CLIENT_ID: issuer.basicClient.id, CLIENT_SECRET: secret };
  expect(await world.sig(['login', 'api'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('CLIENT_ID, which is not set'),
  });
  expect((await world.sig(['login', 'api'], { env })).code).toBe(0);
  expect(await readFile(join(world.home, 'config.yaml'), 'utf8')).toBe(text);
});

test('a new URL is added to config.yaml, whose other lines stay', async () => {
  const { world, login, secret } = await setUp();
  await world.writeConfig(`# mine\nproviders:\n${tokenProvider('old', 'old.example')}  # the end\n`);
  await world.sig([...login, '--client-secret-stdin', '--scope', 'read:data write:data'], { stdin: secret });
  const text = await readFile(join(world.home, 'config.yaml'), 'utf8');
  expect(text.startsWith('# mine\nproviders:\n  old:\n')).toBe(true);
  expect(text).toContain('# the end');
  expect(text).toContain('read:data');
  expect(text).not.toContain(secret);
  expect((await world.sig(['config', 'check'])).code).toBe(0);
});

test('login --json prints provider, strategy and expiry', async () => {
  const { world, login, secret } = await setUp();
  const { stdout } = await world.sig([...login, '--client-secret-stdin', '--json'], { stdin: secret });
  expect(JSON.parse(stdout)).toEqual({ provider: 'api', strategy: 'oauth2', expiresAt: expect.stringMatching(/Z$/) });
});

test('S17: a login that fails changes nothing: neither config nor the login before', async () => {
  const { world, login, secret } = await setUp();
  await world.sig([...login, '--client-secret-stdin'], { stdin: secret });
  const before = await readFolder(join(world.home, 'credentials'));
  const config = await readFile(join(world.home, 'config.yaml'), 'utf8');
  expect(await world.sig(['login', 'api', '--client-secret-stdin'], { stdin: 'wrong' })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('invalid_client'),
  });
  expect(
    await world.sig([
      'login',
      'https://localhost:1',
      '--token-url',
      'https://localhost:1/token',
      '--client-id',
      'x',
      '--client-secret-stdin',
    ], { stdin: 'x' }),
  ).toMatchObject({ code: 6 });
  expect(await readFolder(join(world.home, 'credentials'))).toEqual(before);
  expect(await readFile(join(world.home, 'config.yaml'), 'utf8')).toBe(config);
});

test('pattern 9: a login works again after its record was removed or destroyed', async () => {
  const { world, login, secret } = await setUp();
  await world.sig([...login, '--client-secret-stdin'], { stdin: secret });
  const record = join(world.home, 'credentials/api.json');
  await rm(record);
  expect(
    (await world.sig(['login', 'api', '--client-id', 'basic-client', '--client-secret-stdin'], { stdin: secret })).code,
  ).toBe(0);
  await writeFile(record, '{"format":"sig', { mode: 0o600 });
  expect(
    (await world.sig(['login', 'api', '--client-id', 'basic-client', '--client-secret-stdin'], { stdin: secret })).code,
  ).toBe(0);
  expect((await world.sig(['status', 'api'])).code).toBe(0);
});

test('a pasted token is asked for at the terminal, hidden', async ({ skip }) => {
  const world = await useWorld(`providers:\n${tokenProvider('gh', 'gh.example')}`);
  const running = startSigOnTerminal(['login', 'gh'], { home: world.home });
  if (!running) return skip('no program here makes a terminal (script of util-linux)');
  await running.waitFor(/Paste it \(hidden\): /);
  running.write('tok-canary-0123456789\r');
  const { code, stdout } = await running.done;
  expect(code).toBe(0);
  expect(stdout).toContain('logged in to "gh"');
  expect(stdout).not.toContain('tok-canary');
  expect((await world.credentials.open('gh'))!.values.token!.reveal()).toBe('tok-canary-0123456789');
});

test('a pasted token without a terminal is an error that says so', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('gh', 'gh.example')}`);
  expect(await world.sig(['login', 'gh'], { stdin: 'token\n' })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('there is no terminal'),
  });
});

test.each<[string[], number]>([
  [['login', 'nobody'], 3],
  [['login', 'http://a.example'], 5],
  [['login', 'https://a.example', '--strategy', 'magic'], 2],
  [['login', 'https://a.example', '--strategy', 'oauth2'], 2],
  [['login', 'https://a.example', '--as', 'BAD ID'], 2],
  [[
    'login',
    'https://a.example',
    '--token-url',
    'https://a.example/t',
    '--client-secret',
    'x',
    '--client-secret-stdin',
  ], 2],
  [['login', 'https://a.example', '--token-url', 'https://a.example/t', '--client-secret-env', 'UNSET_NAME'], 2],
  [[
    'login',
    'https://a.example',
    '--token-url',
    'https://a.example/t',
    '--client-id',
    'x',
    '--client-secret-file',
    '/nonexistent',
  ], 2],
  [['login', 'gh', '--strategy', 'oauth2'], 2],
])('sig %j exits %i and changes nothing', async (args, status) => {
  const config = `providers:\n${tokenProvider('gh', 'gh.example')}`;
  const world = await useWorld(config);
  const { code, stderr } = await world.sig(args);
  expect([code, stderr]).toEqual([status, expect.stringMatching(/^sig: (error|warning)/)]);
  expect(await readFile(join(world.home, 'config.yaml'), 'utf8')).toBe(config);
});
