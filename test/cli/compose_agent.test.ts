import { join } from 'node:path';
import { expect, test } from 'vitest';
import { composeAgent } from '../../cli/compose_agent.ts';
import { fixedClock } from '../_lib/fixture.ts';
import { useFolder } from '../_lib/lab.ts';

const nobody = () => Promise.reject(new Error('asked'));

test('composeAgent() keeps identity and audit log in one folder', async () => {
  const dir = join(await useFolder(), 'state');
  const state = composeAgent(dir, { line: nobody, secret: nobody, confirm: nobody }, fixedClock());
  expect([state.dir, await state.info()]).toEqual([dir, undefined]);
  await expect(state.vault()).rejects.toMatchObject({ code: 'E_NOT_INITIALISED' });
});

test('composeAgent() opens what it made', async () => {
  const dir = join(await useFolder(), 'state');
  const state = composeAgent(dir, { line: nobody, secret: nobody, confirm: nobody }, fixedClock());
  expect(await state.initialise('file')).toMatchObject({ created: true, source: 'file' });
  await (await state.vault()).seal('agent/nonces', { format: 1 });
  await state.audit.write({ event: 'sign', origin: 'https://a.example' });
  expect((await state.audit.tail(1))[0]).toMatchObject({ event: 'sign' });
});
