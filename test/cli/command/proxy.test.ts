import { Buffer } from 'node:buffer';
import { readdir, readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { needCommands, runCommand, type RunningCommand } from '../../_lib/command.ts';
import { findLeaks, makeCanary, readFolder, readProcesses } from '../../_lib/canary.ts';
import { useFolder, useServer } from '../../_lib/lab.ts';
import { IS_DENO, sigCommand, startSig } from '../../_lib/sig.ts';
import { tokenProvider, useWorld, type World } from '../../_lib/world.ts';
import type { TestServer } from '../../_lib/tls_server.ts';

async function setUp(): Promise<{ server: TestServer; world: World; token: string }> {
  const server = await useServer({ handler: (request) => ({ body: `hello ${request.header('authorization')}` }) });
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`, {
    SIG_EXTRA_CA: server.caFile,
  });
  const token = makeCanary();
  await world.logIn('api', { token });
  return { server, world, token };
}

async function startProxy(
  world: World,
  server: TestServer,
  ...args: string[]
): Promise<{ proxy: RunningCommand; port: number }> {
  const proxy = startSig(['proxy', ...args], { home: world.home, env: { SIG_EXTRA_CA: server.caFile } });
  onTestFinished(async () => {
    proxy.kill();
    await proxy.done;
  });
  const found = await proxy.waitFor(/http:\/\/127\.0\.0\.1:(\d+)/);
  return { proxy, port: Number(found[1]) };
}

test('proxy lets plain curl call an API with a token that curl never sees', async ({ skip }) => {
  const [curl] = needCommands(skip, 'curl');
  const { server, world, token } = await setUp();
  const { proxy, port } = await startProxy(world, server);
  const args = [
    '-sS',
    '--noproxy',
    '',
    '--proxy',
    `http://127.0.0.1:${port}`,
    '--cacert',
    `${world.home}/proxy/ca.pem`,
  ];
  const result = await runCommand(curl!, [...args, `${server.origin}/me`]);
  expect(result).toMatchObject({ code: 0, stdout: 'hello [sig:redacted:api]' });
  expect(server.requests.at(-1)!.header('authorization')).toBe(`Bearer ${token}`);
  proxy.kill();
  expect((await proxy.done).code).toBe(143);
});

test('proxy serves old axios: https in absolute form, sent in plain to the proxy', async () => {
  const { server, world, token } = await setUp();
  const { port } = await startProxy(world, server);
  const body = await new Promise<string>((resolve, reject) => {
    const request = get({
      host: '127.0.0.1',
      port,
      path: `${server.origin}/old`,
      headers: { Host: `localhost:${server.port}` },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.on('data', (bytes) => text += bytes);
      response.on('end', () => resolve(text));
    });
  });
  expect(body).toBe('hello [sig:redacted:api]');
  expect(server.requests.at(-1)!.header('authorization')).toBe(`Bearer ${token}`);
});

test('proxy prints export lines, takes a port, and leaves nothing behind after SIGTERM', async () => {
  const { server, world } = await setUp();
  const { proxy, port } = await startProxy(world, server, '--port', '0');
  await proxy.waitFor(/export HTTPS_PROXY='http:\/\/127\.0\.0\.1:\d+'/);
  await proxy.waitFor(/export JAVA_TOOL_OPTIONS/);
  proxy.kill();
  expect((await proxy.done).code).toBe(143);
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
});

test('proxy refuses a port that is taken, an unknown action and an unknown provider', async () => {
  const { server, world } = await setUp();
  expect(await world.sig(['proxy', '--port', String(server.port)])).toMatchObject({ code: 1 });
  expect(await world.sig(['proxy', '--port', '99999'])).toMatchObject({ code: 2 });
  expect(await world.sig(['proxy', 'dance'])).toMatchObject({ code: 2 });
  expect(await world.sig(['proxy', '--provider', 'nobody'])).toMatchObject({ code: 3 });
});

test('C8: a config that cannot be used keeps the old policy; a good one is in force at once', async ({ skip }) => {
  const [curl] = needCommands(skip, 'curl');
  const { server, world } = await setUp();
  const { proxy, port } = await startProxy(world, server);
  const ask = async () =>
    (await runCommand(curl!, [
      '-sS',
      '--noproxy',
      '',
      '--proxy',
      `http://127.0.0.1:${port}`,
      '--cacert',
      `${world.home}/proxy/ca.pem`,
      server.origin,
    ])).stdout;
  await world.writeConfig('providers: { api: { domians: [] } }\n');
  await proxy.waitFor(/old policy stays in force/);
  expect(await ask()).toBe('hello [sig:redacted:api]');
  await world.writeConfig(
    `providers:\n${tokenProvider('api', `localhost:${server.port}`)}    allow: [{ path: /none }]\n`,
  );
  await proxy.waitFor(/new policy is in force/);
  expect(JSON.parse(await ask())).toMatchObject({ code: 'E_NOT_ALLOWED' });
});

test('T5 T6 T7: the CA is constrained to the hosts of the providers, its key is nowhere on disk', async ({ skip }) => {
  const [openssl] = needCommands(skip, 'openssl');
  const { server, world } = await setUp();
  await startProxy(world, server);
  const { stdout } = await runCommand(openssl!, ['x509', '-in', `${world.home}/proxy/ca.pem`, '-noout', '-text']);
  expect(stdout).toMatch(/X509v3 Name Constraints: critical\s+Permitted:\s+DNS:localhost\s/);
  expect(stdout).toMatch(/Issuer: CN ?= ?sig \S+ \d{4}-\d{2}-\d{2} [0-9a-f]{8}/);
  const files = await readFolder(world.home);
  for (const [name, bytes] of Object.entries(files)) {
    expect(`${name} ${Buffer.from(bytes).toString('latin1')}`).not.toMatch(/PRIVATE KEY/);
  }
});

test('proxy start, status, env and stop: the daemon outlives its starter and ends when told', async ({ skip }) => {
  const [curl] = needCommands(skip, 'curl');
  const { server, world, token } = await setUp();
  onTestFinished(() => world.sig(['proxy', 'stop']).then(() => {}));
  expect(await world.sig(['proxy', 'status'])).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('"running": false'),
  });
  const started = await world.sig(['proxy', 'start', '--json'], { env: { NODE_OPTIONS: '--no-warnings' } });
  expect(started).toMatchObject({ code: 0 });
  const { port, pid } = JSON.parse(started.stdout);
  expect(await world.sig(['proxy', 'start'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('runs already'),
  });
  const env = await world.sig(['proxy', 'env']);
  const line = `${env.stdout}\nexec ${curl} -sS ${server.origin}/daemon`;
  const result = await runCommand('/bin/sh', ['-c', line]);
  expect(result).toMatchObject({ code: 0, stdout: 'hello [sig:redacted:api]' });
  // P14: nothing of the starter's environment that opens a door.
  const environ = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  expect(environ).not.toMatch(/NODE_OPTIONS/);
  const sinks = {
    ...await readProcesses([pid]),
    ...await readFolder(`${world.home}/proxy`),
    out: started.stdout,
    env: env.stdout,
  };
  expect(findLeaks(token, sinks)).toEqual([]);
  expect(await world.sig(['proxy', 'status', '--json'])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`"port": ${port}`),
  });
  expect(await world.sig(['proxy', 'stop'])).toMatchObject({ code: 0, stderr: expect.stringContaining('has stopped') });
  expect(await world.sig(['proxy', 'stop'])).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('no proxy runs'),
  });
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
});

test('P14: a daemon that is sent SIGUSR1 opens no debugger', async ({ skip }) => {
  if (IS_DENO) skip('Deno opens its debugger on SIGUSR1 whatever the program does');
  const { world } = await setUp();
  onTestFinished(() => world.sig(['proxy', 'stop']).then(() => {}));
  const { pid } = JSON.parse((await world.sig(['proxy', 'start', '--json'])).stdout);
  process.kill(pid, 'SIGUSR1');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await readFile(`${world.home}/proxy/daemon.log`, 'utf8')).not.toMatch(/Debugger/);
  await expect(fetch('http://127.0.0.1:9229/json')).rejects.toThrow();
});

test('git clones through the proxy with a login that git does not know', async ({ skip }) => {
  const [git] = needCommands(skip, 'git');
  const { server, world, token } = await setUp();
  const folder = await useFolder();
  const sh = (text: string) => runCommand('/bin/sh', ['-c', text], { cwd: folder });
  await sh(
    'git init -q -b main src && cd src && git config user.email a@b && git config user.name a && head -c 3000000 /dev/urandom > f && git add f && git commit -qm x && git clone -q --bare . ../repo.git && cd ../repo.git && git update-server-info',
  );
  server.handle(async (request) => {
    if (request.header('authorization') !== `Bearer ${token}`) return { status: 401 };
    const bytes = await readFile(join(folder, request.path.split('?')[0]!)).catch(() => undefined);
    return bytes ? { body: bytes } : { status: 404 };
  });
  const result = await world.sig([
    'run',
    'api',
    '--',
    git!,
    'clone',
    '-q',
    `${server.origin}/repo.git`,
    join(folder, 'out'),
  ]);
  expect(result).toMatchObject({ code: 0 });
  expect((await sh('cmp src/f out/f')).code).toBe(0);
  expect(findLeaks(token, { out: result.stdout, err: result.stderr })).toEqual([]);
});

test('proxy trust prints the fingerprint and the command for the system store; untrust needs no CA', async () => {
  const { world, server } = await setUp();
  const none = await world.sig(['proxy', 'trust']);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('sig proxy start')]);
  const { proxy } = await startProxy(world, server);
  proxy.kill();
  await proxy.done;
  const { code, stdout } = await world.sig(['proxy', 'trust']);
  expect(code).toBe(0);
  expect(stdout).toMatch(/SHA-256 fingerprint [0-9a-f]{64}\n/);
  expect(stdout).toContain(process.platform === 'linux' ? 'sudo install -m 644' : 'ca.pem');
  const json = await world.sig(['proxy', 'untrust', '--json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ changed: [], failed: [] });
});

test('proxy --help says how its CA is trusted', async () => {
  const { stdout } = await (await useWorld()).sig(['proxy', '--help']);
  expect(stdout).toMatch(/Notes:[\s\S]*sig proxy trust[\s\S]*sig proxy untrust/);
});

test('R17: a daemon that is aborted leaves neither core nor report with a secret in it', async ({ skip }) => {
  const [sh] = needCommands(skip, 'sh');
  const cwd = await useFolder();
  const pattern = await readFile('/proc/sys/kernel/core_pattern', 'utf8').catch(() => '');
  if (!/^[\w.%-]+\s*$/.test(pattern)) skip(`core files go elsewhere here: ${pattern.trim() || 'no /proc'}`);
  // First that a core would be seen: a process without our care.
  await runCommand(sh!, ['-c', 'ulimit -c unlimited && kill -ABRT $$'], { cwd });
  const cores = (await readdir(cwd)).filter((name) => name.startsWith('core'));
  if (cores.length === 0) skip('no core file can be made here');
  for (const name of cores) await rm(join(cwd, name));

  const { world, server, token } = await setUp();
  onTestFinished(() => world.sig(['proxy', 'stop']).then(() => {}));
  const [file, ...args] = sigCommand();
  const env = { PATH: process.env.PATH!, HOME: cwd, SIG_HOME: world.home, SIG_EXTRA_CA: server.caFile };
  const started = await runCommand(
    sh!,
    ['-c', 'ulimit -c unlimited && exec "$@"', 'sh', file, ...args, 'proxy', 'start', '--json'],
    {
      cwd,
      env: { ...env, ...(IS_DENO ? { DENO_DIR: process.env.DENO_DIR ?? `${process.env.HOME}/.cache/deno` } : {}) },
    },
  );
  const { pid, port } = JSON.parse(started.stdout);
  const asked = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { Host: `localhost:${server.port}` };
    get({ host: '127.0.0.1', port, path: `${server.origin}/me`, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });
  expect(asked).toBe(200);
  expect(server.requests.at(-1)!.header('authorization')).toBe(`Bearer ${token}`);
  process.kill(pid, 'SIGABRT');
  await expect.poll(async () => JSON.parse((await world.sig(['proxy', 'status', '--json'])).stdout).running, {
    timeout: 20_000,
  }).toBe(false);
  expect((await readdir(cwd)).filter((name) => /core|report|heap/.test(name))).toEqual([]);
  expect(findLeaks(token, { ...await readFolder(cwd), ...await readFolder(`${world.home}/proxy`) })).toEqual([]);
}, 60_000);
