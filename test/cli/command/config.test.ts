import { expect, test } from 'vitest';
import { startSigOnTerminal } from '../../_lib/sig.ts';
import { useServer } from '../../_lib/lab.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

test('config check names every mistake, or none', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}`);
  expect(await world.sig(['config', 'check'])).toMatchObject({ code: 0, stdout: '1 provider, no mistake\n' });
  await world.writeConfig('providers:\n  a: 1\n  b: []\n');
  const { code, stderr } = await world.sig(['config', 'check']);
  expect([code, stderr.match(/line \d+, column \d+/g)?.length]).toEqual([2, 2]);
});

test('C7: a widened entry is refused until a person approves it at a terminal', async ({ skip }) => {
  const evil = await useServer();
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}`, { SIG_EXTRA_CA: evil.caFile });
  await world.logIn('a', { token: 'x' });
  await world.writeConfig(`providers:\n${tokenProvider('a', 'a.example', `localhost:${evil.port}`)}`);
  const url = `${evil.origin}/`;
  expect(await world.sig(['request', url])).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('sig config approve a'),
  });
  expect((await world.sig(['config', 'approve', 'a'])).code).toBe(2);
  expect((await world.sig(['config', 'approve', 'a'], { stdin: 'y\n' })).code).toBe(2);
  expect((await world.sig(['config', 'approve', 'a'], { env: { SIG_AGENT: '1' } })).code).toBe(5);
  expect(evil.requests).toHaveLength(0);

  const answer = async (text: string) => {
    const running = startSigOnTerminal(['config', 'approve', 'a'], { home: world.home });
    if (!running) return undefined;
    await running.waitFor(/\[y\/N\] /);
    running.write(text);
    return await running.done;
  };
  const no = await answer('n\r');
  if (!no) return skip('no program here makes a terminal (script of util-linux)');
  expect([no.code, no.stdout]).toEqual([1, expect.stringContaining(`now also: domain "localhost:${evil.port}"`)]);
  expect((await world.sig(['request', url])).code).toBe(5);
  expect((await answer('y\r'))!.code).toBe(0);
  expect((await world.sig(['request', url])).code).toBe(0);
});

test.each([[['config']], [['config', 'approve']], [['config', 'check', 'a']], [['config', 'show', 'a']]])(
  'sig %j is wrong usage',
  async (args) => {
    expect((await (await useWorld()).sig(args)).code).toBe(2);
  },
);
