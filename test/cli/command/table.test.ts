import { expect, test } from 'vitest';
import { COMMANDS, GLOBAL_OPTIONS } from '../../../cli/command/table.ts';

test.each(COMMANDS.map((command) => [command.name, command] as const))(
  'sig %s has a summary, an example and code that loads',
  async (name, command) => {
    expect(command.summary).toMatch(/^[A-Z].*[^.]$/);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) expect(example).toContain(`sig ${name}`);
    expect((await command.load()).run).toBeTypeOf('function');
  },
);

test('no command takes an option that all commands take, and none twice', () => {
  const nameOf = (flag: string) => /--([a-z-]+)/.exec(flag)![1]!;
  const globals = GLOBAL_OPTIONS.map(({ flag }) => nameOf(flag));
  for (const command of COMMANDS) {
    const names = (command.options ?? []).map(({ flag }) => nameOf(flag));
    expect(new Set([...globals, ...names]).size, command.name).toBe(globals.length + names.length);
  }
  expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length);
});

test('R9: no example shows a secret on a command line', () => {
  const examples = COMMANDS.flatMap((command) => command.examples).join('\n');
  expect(examples).not.toMatch(/--client-secret[ =]/);
});
