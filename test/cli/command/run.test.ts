import { Buffer } from 'node:buffer';
import { readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { findLeaks, makeCanary, readFolder } from '../../_lib/canary.ts';
import { findCommand, needCommands } from '../../_lib/command.ts';
import { useFolder, useServer } from '../../_lib/lab.ts';
import { startSig, startSigOnTerminal } from '../../_lib/sig.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

async function setUp() {
  const server = await useServer({
    handler: (request) => ({ body: { path: request.path, who: request.header('authorization') ?? null } }),
  });
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`, {
    SIG_EXTRA_CA: server.caFile,
  });
  const token = makeCanary();
  await world.logIn('api', { token });
  return { server, world, token };
}
const script = (code: string) => [process.execPath, ...('Deno' in globalThis ? ['eval'] : ['-e']), code];

test('run gives curl a login that it never sees: plain request, and by placeholder', async ({ skip }) => {
  const [curl] = needCommands(skip, 'curl');
  const { server, world, token } = await setUp();
  const plain = await world.sig(['run', 'api', '--', curl!, '-sS', `${server.origin}/me`]);
  expect(plain).toMatchObject({ code: 0, stderr: '' });
  expect(server.requests[0]!.header('authorization')).toBe(`Bearer ${token}`);
  const line = `exec ${curl} -sS -H "X-Own: $SIG_API_TOKEN" ${server.origin}/own`;
  const own = await world.sig(['run', 'api', '--', '/bin/sh', '-c', line]);
  expect(own.code).toBe(0);
  expect(server.requests[1]!.header('x-own')).toBe(token);
  expect(findLeaks(token, { out: plain.stdout + own.stdout, err: plain.stderr + own.stderr })).toEqual([]);
});

test('run lets git, Python and Node through, none of which is told anything', async ({ skip }) => {
  const { server, world, token } = await setUp();
  const python = findCommand('python3') ?? skip('python3 is not installed');
  const code = `import urllib.request; print(urllib.request.urlopen("${server.origin}/py").read().decode())`;
  const result = await world.sig(['run', 'api', '--', python, '-c', code]);
  expect(result).toMatchObject({ code: 0 });
  expect(server.requests[0]!.header('authorization')).toBe(`Bearer ${token}`);
  expect(findLeaks(token, { out: result.stdout, err: result.stderr })).toEqual([]);
});

test('R10: the environment of the child holds placeholders and nothing of the parent alone', async () => {
  const { world, token } = await setUp();
  const result = await world.sig(
    ['run', 'api', '--', ...script('console.log(JSON.stringify(globalThis.Deno ? Deno.env.toObject() : process.env))')],
    { env: { SIG_PASSPHRASE_FILE: '/nowhere', NODE_TLS_REJECT_UNAUTHORIZED: '1' } },
  );
  const env = JSON.parse(result.stdout);
  expect(env.SIG_API_TOKEN).toMatch(/^sig_placeholder_[\w-]{22}$/);
  expect(env).toMatchObject({ SIG_AGENT: '1', NODE_USE_ENV_PROXY: '1' });
  expect(env.HTTPS_PROXY).toMatch(/^http:\/\/sig:[\w-]{43}@127\.0\.0\.1:\d+$/);
  for (
    const name of [
      'SSL_CERT_FILE',
      'CURL_CA_BUNDLE',
      'REQUESTS_CA_BUNDLE',
      'GIT_SSL_CAINFO',
      'NODE_EXTRA_CA_CERTS',
      'DENO_CERT',
      'AWS_CA_BUNDLE',
      'JAVA_TOOL_OPTIONS',
      'https_proxy',
      'ALL_PROXY',
    ]
  ) {
    expect(env).toHaveProperty(name);
  }
  for (const name of ['SIG_PASSPHRASE_FILE', 'NODE_TLS_REJECT_UNAUTHORIZED', 'SIG_EXTRA_CA']) {
    expect(env).not.toHaveProperty(name);
  }
  expect(findLeaks(token, { out: result.stdout })).toEqual([]);
});

test('R10: --raw-env puts the value there, warns, and the output is redacted all the same', async () => {
  const { world, token } = await setUp();
  const code =
    'const e = globalThis.Deno ? Deno.env.get("SIG_API_TOKEN") : process.env.SIG_API_TOKEN; console.log(e.length, e); console.error(btoa(e))';
  const result = await world.sig(['run', 'api', '--raw-env', '--', ...script(code)]);
  expect(result.stdout).toBe(`${token.length} [sig:redacted:api]\n`);
  expect(result.stderr).toMatch(/warning: --raw-env/);
  expect(findLeaks(token, { out: result.stdout, err: result.stderr })).toEqual([]);
});

test('R11: a secret that is written in pieces is redacted; other bytes pass as they are', async () => {
  const { world, token } = await setUp();
  const code =
    'const e = process.env.SIG_API_TOKEN; process.stdout.write(Buffer.from([0, 255, 254, 10])); process.stdout.write(e.slice(0, 9)); setTimeout(() => process.stdout.write(e.slice(9) + "!"), 20)';
  const result = await world.sig([
    'run',
    'api',
    '--raw-env',
    '--',
    ...script(
      `import("node:process").then(async ({ default: process }) => { const { Buffer } = await import("node:buffer"); ${code} })`,
    ),
  ]);
  expect([...result.stdoutBytes.subarray(0, 4)]).toEqual([0, 255, 254, 10]);
  expect(Buffer.from(result.stdoutBytes.subarray(4)).toString()).toBe('[sig:redacted:api]!');
  expect(findLeaks(token, { out: result.stdoutBytes })).toEqual([]);
});

test('run passes the exit status of its child, and 128 + n for a signal', async () => {
  const { world } = await setUp();
  expect((await world.sig(['run', 'api', '--', '/bin/sh', '-c', 'exit 42'])).code).toBe(42);
  expect((await world.sig(['run', 'api', '--', '/bin/sh', '-c', 'kill -9 $$'])).code).toBe(137);
});

test('run passes signals to its child, which decides', async () => {
  const { world } = await setUp();
  const running = startSig([
    'run',
    'api',
    '--',
    '/bin/sh',
    '-c',
    'trap "echo caught; exit 7" TERM; echo ready; while :; do sleep 0.05; done',
  ], { home: world.home });
  await running.waitFor(/ready/);
  running.kill('SIGTERM');
  const { code, stdout } = await running.done;
  expect({ code, stdout }).toEqual({ code: 7, stdout: 'ready\ncaught\n' });
});

test('R11: on a terminal the child has a terminal, and what it shows is redacted', async ({ skip }) => {
  const { world, token } = await setUp();
  const running = startSigOnTerminal([
    'run',
    'api',
    '--raw-env',
    '--',
    '/bin/sh',
    '-c',
    'test -t 1 && test -t 0 && echo "tty $SIG_API_TOKEN"; exit 5',
  ], { home: world.home }) ??
    skip('script of util-linux is not installed');
  const { stdout, code } = await running.done;
  expect(stdout).toContain('tty [sig:redacted:api]');
  expect(code).toBe(5);
  expect(findLeaks(token, { stdout })).toEqual([]);
});

test.each([
  [[], 2, /No provider is named/],
  [['api'], 2, /No program is named/],
  [['nobody', '--', 'true'], 3, /No provider "nobody"/],
  [['api', '--', 'no-such-program-here'], 2, /no such program/],
])('run %j is refused', async (args, code, stderr) => {
  const { world } = await setUp();
  const result = await world.sig(['run', ...args]);
  expect(result.code).toBe(code);
  expect(result.stderr).toMatch(stderr);
});

test('P3 P5: the token of a run is worth nothing when it has ended, and nothing is left behind', async () => {
  const { world } = await setUp();
  const result = await world.sig([
    'run',
    'api',
    '--',
    '/bin/sh',
    '-c',
    'echo $HTTPS_PROXY $SSL_CERT_FILE; test -s $SSL_CERT_FILE && echo there',
  ]);
  expect(result.stdout).toMatch(/there/);
  const [url, file] = result.stdout.trim().split(/\s+/) as [string, string];
  const gone = await world.sig(['run', 'api', '--', '/bin/sh', '-c', `test -e ${file} || echo gone`]);
  expect(gone.stdout).toBe('gone\n');
  await expect(fetch(new URL(url).origin)).rejects.toThrow();
});

test('R12: files of a run are private, hold no secret, and are swept at the next start after kill -9', async ({ skip }) => {
  if (process.platform === 'win32') skip('Windows has no such modes');
  const { world, token } = await setUp();
  const TMPDIR = await useFolder();
  const running = startSig(['run', 'api', '--', 'sh', '-c', 'echo "ca:$CURL_CA_BUNDLE pid:$$"; exec sleep 60'], {
    home: world.home,
    env: { TMPDIR },
  });
  const [, bundle, child] = await running.waitFor(/ca:(\S+) pid:(\d+)/);
  const folder = dirname(bundle!);
  expect(dirname(folder)).toBe(TMPDIR);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  for (const name of await readdir(folder)) {
    expect([name, (await stat(`${folder}/${name}`)).mode & 0o077]).toEqual([name, 0]);
  }
  expect(findLeaks(token, await readFolder(folder))).toEqual([]);
  running.kill('SIGKILL');
  await running.done;
  process.kill(Number(child));
  expect((await stat(bundle!)).isFile()).toBe(true);
  expect((await world.sig(['run', 'api', '--', 'true'], { env: { TMPDIR } })).code).toBe(0);
  expect(await readdir(TMPDIR)).toEqual([]);
});
