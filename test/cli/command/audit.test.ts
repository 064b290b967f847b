import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { useServer } from '../../_lib/lab.ts';
import { startSig } from '../../_lib/sig.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

async function setUp() {
  const server = await useServer();
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`, {
    SIG_EXTRA_CA: server.caFile,
  });
  await world.logIn('api', { token: 'x' });
  return { server, world };
}

test('R15: as many injections are recorded as requests were made', async () => {
  const { server, world } = await setUp();
  for (let i = 0; i < 5; i++) await world.sig(['request', `${server.origin}/item/${i}?key=v`]);
  const records = JSON.parse((await world.sig(['audit', '--json', '-n', '100'])).stdout) as Record<string, unknown>[];
  const injections = records.filter(({ event }) => event === 'inject');
  expect(injections).toHaveLength(server.requests.length);
  expect(injections[0]).toMatchObject({
    provider: 'api',
    method: 'GET',
    host: 'localhost',
    port: server.port,
    path: '/item/0',
    queryKeys: ['key'],
  });
  expect(await world.sig(['audit', 'verify'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+ records, all in order\n$/),
  });
});

test('R16: audit verify names the first bad record', async () => {
  const { server, world } = await setUp();
  for (let i = 0; i < 3; i++) await world.sig(['request', `${server.origin}/item/${i}`]);
  const path = join(world.home, 'logs/audit.jsonl');
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  lines[2] = lines[2]!.replace('/item/1', '/item/9');
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  expect(await world.sig(['audit', 'verify'])).toMatchObject({ code: 1, stderr: expect.stringContaining('3') });
});

test.each([[['audit', 'lst']], [['audit', '-n', 'x']], [['audit', '-n', '0']]])(
  'sig %j is wrong usage',
  async (args) => {
    expect((await (await useWorld()).sig(args)).code).toBe(2);
  },
);

test('audit tail follows the log until Ctrl-C', async () => {
  const { server, world } = await setUp();
  const running = startSig(['audit', 'tail'], { home: world.home });
  await world.sig(['request', `${server.origin}/first`]);
  await running.waitFor(/inject.*path=\/first/);
  running.kill('SIGINT');
  expect((await running.done).code).toBe(130);
});
