import { expect, test } from 'vitest';
import type { Context } from '../../../cli/command/command.ts';
import { run } from '../../../cli/command/upgrade.ts';
import { VERSION } from '../../../cli/platform/version.ts';
import { answer as answerOf } from '../../_lib/fixture.ts';
import { useServer } from '../../_lib/lab.ts';
import type { Answer } from '../../_lib/tls_server.ts';
import { quickTimer } from '../../_lib/timer.ts';
import { useWorld } from '../../_lib/world.ts';

/** A registry and a `sig` that asks it. */
async function setUp(answer: Answer) {
  const server = await useServer({ handler: () => answer });
  const world = await useWorld(undefined, {
    SIG_EXTRA_CA: server.caFile,
    npm_config_registry: `${server.origin}/npm/`,
    npm_config_userconfig: '/nowhere',
  });
  return { server, world, check: (...more: string[]) => world.sig(['upgrade', '--check', ...more]) };
}
const latest = (version: unknown): Answer => ({ body: { 'dist-tags': { latest: version } } });

test('upgrade --check tells of a newer version and how to get it', async () => {
  const { server, check } = await setUp(latest('99.1.0'));
  expect(await check()).toEqual(expect.objectContaining({
    code: 0,
    stdout: `sig 99.1.0 is there; this is ${VERSION}\nTo upgrade: git pull && npm ci\n`,
    stderr: '',
  }));
  expect(JSON.parse((await check('--json')).stdout)).toEqual({
    current: VERSION,
    latest: '99.1.0',
    isNewer: true,
    form: 'source',
    how: 'git pull && npm ci',
  });
  expect(server.requests.map(({ method, path }) => [method, path])).toEqual([
    ['GET', '/npm/@sigcli%2fcli'],
    ['GET', '/npm/@sigcli%2fcli'],
  ]);
  expect(server.requests[0]!.headers.map(([name]) => name.toLowerCase()).sort()).toEqual(
    ['accept', 'accept-encoding', 'host', 'user-agent'],
  );
});

test('upgrade --check says when there is nothing newer', async () => {
  const { check } = await setUp(latest(VERSION));
  expect(await check()).toMatchObject({ code: 0, stdout: `sig ${VERSION} is up to date\n` });
  expect(JSON.parse((await check('--json')).stdout)).toMatchObject({ isNewer: false });
});

test('upgrade without --check asks nobody', async () => {
  const { server, world } = await setUp(latest('99.1.0'));
  expect(await world.sig(['upgrade'])).toMatchObject({ code: 0, stdout: 'To upgrade: git pull && npm ci\n' });
  expect(JSON.parse((await world.sig(['upgrade', '--json'])).stdout)).toMatchObject({
    current: VERSION,
    form: 'source',
  });
  expect(server.connections).toBe(0);
});

test.each<[string, Answer]>([
  ['that is too large', { body: 'x'.repeat(5 * 1024 * 1024) }],
  ['that is not JSON', { body: '<html>' }],
  ['with control characters', latest('99.0.0\u001b]0;owned\u0007')],
  ['with a command in it', latest('99.0.0; rm -rf ~')],
  ['without a version', latest(null)],
  ['of a failure', { status: 503, body: '' }],
  ['that leads elsewhere', { status: 302, headers: { Location: 'https://evil.example/' }, body: '' }],
  ['that breaks off', { raw: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{', close: true }],
])('upgrade --check refuses an answer %s', async (_what, answer) => {
  const { check } = await setUp(answer);
  const { code, stdout, stderr } = await check();
  expect([code, stdout]).toEqual([6, '']);
  expect(stderr).toMatch(/^sig: error: [\x20-\x7e]+\n(?:sig: hint: [\x20-\x7e]+\n)?$/);
});

test('upgrade --check says when the registry is out of reach or not to be trusted', async () => {
  const { server, world, check } = await setUp(latest('99.0.0'));
  expect(await world.sig(['upgrade', '--check', '--json'], { env: { SIG_EXTRA_CA: '' } })).toMatchObject({
    code: 6,
    stdout: expect.stringContaining('E_UPSTREAM_TLS'),
  });
  const plain = await world.sig(['upgrade', '--check'], { env: { npm_config_registry: 'http://127.0.0.1:9/' } });
  expect(plain).toMatchObject({ code: 2, stderr: expect.stringContaining('plain http') });
  await server.close();
  expect(await check()).toMatchObject({ code: 6, stderr: expect.stringContaining('Cannot connect to') });
});

test.each([
  ['2.0.0', '1.9.9', 'E_UPSTREAM'],
  ['2.0.0', '2.0.0-rc.1', 'E_UPSTREAM'],
  // Ahead of the last release, as whoever takes part in the next one is.
  ['2.0.0-alpha.0', '1.9.9', '2.0.0-alpha.0 is up to date'],
  ['2.0.0-alpha.0', '2.0.0', 'npm install --global @sigcli/cli@2.0.0'],
])('upgrade --check of %s never offers a way back (%s)', async (version, offered, expected) => {
  let printed = '';
  const sink = { isTerminal: false, write: (text: unknown) => Promise.resolve(void (printed += text)) };
  const context = {
    io: { stdout: sink, stderr: sink, json: false },
    env: () => undefined,
    installation: () => Promise.resolve({ version, form: 'npm-global' }),
    send: () => Promise.resolve(() => Promise.resolve(answerOf(200, { 'dist-tags': { latest: offered } }))),
    timer: () => Promise.resolve(quickTimer()),
  } as unknown as Context;
  const options = { value: () => undefined, values: () => [], has: (name: string) => name === 'check' };
  const code = await run({ args: [], rest: [], options }, context).catch((error) => error.code);
  expect(`${code} ${printed}`).toContain(expected);
});
