import { Buffer } from 'node:buffer';
import { expect, test } from 'vitest';
import { askLatestVersion, findRegistry } from '../../../cli/command/npm_registry.ts';
import type { UserFiles } from '../../../cli/command/command.ts';
import type { Send, Timer } from '../../../src/ports.ts';
import type { RequestHead } from '../../../src/target/head.ts';
import { parseUrl } from '../../../src/target/target.ts';
import { answer } from '../../_lib/fixture.ts';
import { heldTimer, quickTimer } from '../../_lib/timer.ts';

/** An environment, and perhaps an `.npmrc`. */
function machine(env: Record<string, string>, npmrc?: string) {
  const asked: string[] = [];
  const files: Pick<UserFiles, 'read' | 'exists'> = {
    exists: (path) => Promise.resolve((asked.push(path), npmrc !== undefined)),
    async *read() {
      yield Buffer.from(npmrc!);
    },
  };
  return { asked, world: { env: (name: string) => env[name], files: files as UserFiles } };
}

test.each([
  ['npm itself when nobody says otherwise', {}, undefined, 'https://registry.npmjs.org/'],
  [
    'the environment',
    { npm_config_registry: 'https://r.example/npm' },
    'registry=https://f.example',
    'https://r.example/npm/',
  ],
  ['the environment, in capitals', { NPM_CONFIG_REGISTRY: 'https://r.example/' }, undefined, 'https://r.example/'],
  ['.npmrc', {}, '; mine\nregistry = "https://f.example/"\r\n', 'https://f.example/'],
  ['.npmrc, with a variable', { HOST: 'h.example' }, 'registry=https://${HOST}/x/', 'https://h.example/x/'],
  [
    'the scope before the rest',
    { npm_config_registry: 'https://r.example/' },
    '@sigcli:registry=https://s.example/',
    'https://s.example/',
  ],
  [
    'nothing that only looks like it',
    {},
    '#registry=https://a.example/\nmy-registry=https://b.example/',
    'https://registry.npmjs.org/',
  ],
])('findRegistry() takes %s', async (_what, env, npmrc, expected) => {
  const { world } = machine({ HOME: '/home/a', ...env }, npmrc);
  expect((await findRegistry('@sigcli', world)).href).toBe(expected);
});

test('findRegistry() reads the .npmrc that npm was told to read', async () => {
  const { asked, world } = machine({ HOME: '/home/a', npm_config_userconfig: '/etc/mine' }, '');
  await findRegistry('@sigcli', world);
  expect(asked).toEqual(['/etc/mine']);
});

test.each(['http://r.example/', 'file:///etc/passwd', 'not a url', 'https://a:b@r.example/'])(
  'findRegistry() refuses %s',
  async (registry) => {
    const { world } = machine({ npm_config_registry: registry });
    await expect(findRegistry('@sigcli', world)).rejects.toMatchObject({ code: 'E_TARGET' });
  },
);

function ask(status: number, body: unknown, timer: Timer = quickTimer()) {
  const heads: RequestHead[] = [];
  const send: Send = (head) => {
    heads.push(head);
    return Promise.resolve(answer(status, body));
  };
  const world = { send: () => Promise.resolve(send), timer: () => Promise.resolve(timer) };
  return { latest: askLatestVersion('@sigcli/cli', parseUrl('https://r.example/npm/'), world), heads };
}

test('askLatestVersion() asks as npm does, and says nothing of who asks', async () => {
  const { latest, heads } = ask(200, { name: '@sigcli/cli', 'dist-tags': { latest: '3.0.0', next: '4.0.0' } });
  expect(await latest).toBe('3.0.0');
  expect(heads).toEqual([expect.objectContaining({ method: 'GET', path: '/npm/@sigcli%2fcli' })]);
  expect(heads[0]!.headers.map(([name]) => name)).toEqual(['Host', 'Accept', 'Accept-Encoding']);
});

test.each([
  [404, { error: 'not found' }, /status is 404/],
  [302, '', /status is 302/],
  [200, '<html>Sign in', /not JSON/],
  [200, 'null', /names no latest/],
  [200, '[]', /names no latest/],
  [200, { 'dist-tags': { latest: 3 } }, /names no latest/],
  [200, { latest: '3.0.0' }, /names no latest/],
  [200, `{"dist-tags":{"latest":"3.0.0"},"x":"${'x'.repeat(4 * 1024 * 1024)}"}`, /more than 4194304 bytes/],
])('askLatestVersion() refuses a %i with %.20j', async (status, body, message) => {
  await expect(ask(status, body).latest).rejects.toMatchObject({
    code: 'E_UPSTREAM',
    message: expect.stringMatching(message),
  });
});

test('askLatestVersion() waits for a slow registry only so long', async () => {
  const timer = heldTimer();
  const never: Send = () => new Promise(() => {});
  const latest = askLatestVersion('@sigcli/cli', parseUrl('https://r.example/'), {
    send: () => Promise.resolve(never),
    timer: () => Promise.resolve(timer),
  });
  const refused = expect(latest).rejects.toMatchObject({ code: 'E_TIMEOUT', hint: undefined });
  while (timer.waiting.length === 0) await Promise.resolve();
  timer.elapse();
  await refused;
});
