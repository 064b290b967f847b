import { expect, test } from 'vitest';
import type { Context, Run } from '../../../cli/command/command.ts';
import { capture, readText, requireText } from '../../../cli/command/tool.ts';
import { printJson } from '../../../cli/io.ts';

test('readText() and requireText() take texts and nothing else', () => {
  expect([readText({ a: 'x' }, 'a'), readText({}, 'a'), requireText({ a: '' }, 'a')]).toEqual(['x', undefined, '']);
  for (const a of [1, null, {}, ['x'], true]) {
    expect(() => readText({ a }, 'a')).toThrow('"a" must be a string');
    expect(() => requireText({ a }, 'a')).toThrow('"a" must be a string');
  }
  expect(() => requireText({}, 'a')).toThrow(expect.objectContaining({ code: 'E_USAGE' }));
});

test('capture() gives what a command prints as JSON, and shows nothing', async () => {
  const shown: unknown[] = [];
  const sink = { isTerminal: true, write: (text: unknown) => Promise.resolve(void shown.push(text)) };
  const context = { io: { stdout: sink, stderr: sink, json: false } } as unknown as Context;
  const command: Run = async ({ args, options }, { io }) => {
    await printJson(io, { args, x: options.value('x'), xs: options.values('x'), y: options.has('y'), json: io.json });
    return 0;
  };
  expect(await capture(command, ['a'], { x: '1', y: undefined }, context)).toEqual({
    args: ['a'],
    x: '1',
    xs: ['1'],
    y: false,
    json: true,
  });
  expect(shown).toEqual([]);
});
