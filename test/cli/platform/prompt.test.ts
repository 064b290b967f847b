import { expect, test } from 'vitest';
import { createPrompt } from '../../../cli/platform/prompt.ts';
import { startSigOnTerminal } from '../../_lib/sig.ts';
import { tokenProvider, useWorld } from '../../_lib/world.ts';

test('createPrompt() makes nothing and asks nothing by itself', () => {
  expect(Object.keys(createPrompt((text) => text)).sort()).toEqual(['confirm', 'line', 'secret']);
});

test('a hidden answer can be corrected, and Ctrl-C ends the question', async ({ skip }) => {
  const world = await useWorld(`providers:\n${tokenProvider('a', 'a.example')}`);
  const typed = startSigOnTerminal(['login', 'a'], { home: world.home });
  if (!typed) return skip('no program here makes a terminal (script of util-linux)');
  await typed.waitFor(/hidden/);
  typed.write('wrong\x15canary-x\x7f1\r');
  expect((await typed.done).code).toBe(0);
  expect(typed.stdout()).not.toContain('canary');
  expect((await world.credentials.open('a'))!.values.token!.reveal()).toBe('canary-1');

  const ended = startSigOnTerminal(['login', 'a'], { home: world.home })!;
  await ended.waitFor(/hidden/);
  ended.write('canary-2\x03');
  expect((await ended.done).code).toBe(130);
  expect((await world.credentials.open('a'))!.values.token!.reveal()).toBe('canary-1');
});
