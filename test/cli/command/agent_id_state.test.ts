import { expect, test } from 'vitest';
import { agentPorts, numberOf, openAgent, stateOf } from '../../../cli/command/agent_id_state.ts';
import type { AgentState, Context, ParsedOptions } from '../../../cli/command/command.ts';
import { SigError } from '../../../src/errors.ts';

const options = (given: Record<string, string>): ParsedOptions => ({
  value: (name) => given[name],
  values: (name) => given[name] === undefined ? [] : [given[name]],
  has: (name) => name in given,
});

test('numberOf() takes whole numbers within bounds', () => {
  expect(numberOf(options({}), 'n', 1, 9)).toBeUndefined();
  expect(numberOf(options({ n: '9' }), 'n', 1, 9)).toBe(9);
  for (const n of ['0', '10', '-1', '1.5', '1e1', '', 'x', '0x5']) {
    expect(() => numberOf(options({ n }), 'n', 1, 9)).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
  }
});

test('stateOf() hands --state-dir on; openAgent() says what to do when nothing is there', async () => {
  const asked: (string | undefined)[] = [];
  const state = {
    dir: '/s',
    vault: () => Promise.reject(new SigError('E_NOT_INITIALISED', 'x')),
  } as unknown as AgentState;
  const context = {
    agentState: (dir: string | undefined) => (asked.push(dir), Promise.resolve(state)),
    send: () => Promise.resolve('send'),
    timer: () => Promise.resolve('timer'),
    clock: 'clock',
  } as unknown as Context;
  expect(await stateOf(options({ 'state-dir': '/x' }), context)).toBe(state);
  expect(asked).toEqual(['/x']);
  expect(await agentPorts(context)).toEqual({ send: 'send', timer: 'timer', clock: 'clock' });
  await expect(openAgent(state, context)).rejects.toMatchObject({
    code: 'E_LOGIN_REQUIRED',
    hint: expect.stringContaining('bootstrap'),
  });
});
