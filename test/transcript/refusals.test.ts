import { expect, test } from 'vitest';
import { SigError, type SigErrorCode } from '../../src/errors.ts';
import { findLeaks, makeCanary } from '../_lib/canary.ts';
import { useServer } from '../_lib/lab.ts';
import { tokenProvider, useWorld } from '../_lib/world.ts';

const exitOf = (code: SigErrorCode) => new SigError(code, '').exitCode;

test('R18: an agent is refused what only a person may do, and hears no secret', async () => {
  const token = makeCanary();
  const world = await useWorld(`providers:\n${tokenProvider('jira-example', 'jira.example')}`);
  await world.logIn('jira-example', { token });
  for (const args of [['get', 'jira-example', '--no-redaction'], ['config', 'approve', 'jira-example']]) {
    const { code, stdout, stderr } = await world.sig([...args, '--json'], { env: { SIG_AGENT: '1' } });
    const { error } = JSON.parse(stdout === '' ? stderr : stdout);
    expect([args[0], error.code, code]).toEqual([args[0], 'E_AGENT_REFUSED', exitOf('E_AGENT_REFUSED')]);
    expect(findLeaks(token, { stdout, stderr })).toEqual([]);
  }
});

test('a login that must ask says so where there is no terminal', async () => {
  const world = await useWorld(`providers:\n${tokenProvider('jira-example', 'jira.example')}`);
  const { code, stdout, stderr } = await world.sig(['login', 'jira-example', '--json'], { stdin: 'pasted\n' });
  const { error } = JSON.parse(stdout === '' ? stderr : stdout);
  expect([error.code, code]).toEqual(['E_TTY', exitOf('E_TTY')]);
});

test('a status of 400 or more is in the exit status and in one line, and the body is still there', async () => {
  const server = await useServer({ handler: () => ({ status: 404, reason: 'Not Found', body: 'no such page' }) });
  const world = await useWorld(`providers:\n${tokenProvider('api', `localhost:${server.port}`)}`, {
    SIG_EXTRA_CA: server.caFile,
  });
  await world.logIn('api', { token: makeCanary() });
  const { code, stdout, stderr } = await world.sig(['request', `${server.origin}/x`]);
  expect([code, stdout]).toEqual([exitOf('E_HTTP_STATUS'), 'no such page']);
  expect(stderr).toMatch(/^sig: error: Server answered 404 Not Found\n/);
});
