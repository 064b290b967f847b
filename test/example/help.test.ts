import { expect, test } from 'vitest';
import { COMMANDS } from '../../cli/command/table.ts';
import { useShell } from '../_lib/shell.ts';

/** Examples that a person must take part in: how they end when nobody is there. */
const WITHOUT_A_PERSON: Readonly<Record<string, number>> = {
  'sig login https://jira.example.com': 2,
  'sig login github': 2,
};

/** Examples that are not run here, and where their command is tested. */
const ELSEWHERE: readonly RegExp[] = [
  // A fixed port, a process that stays: test/cli/command/proxy.test.ts.
  /sig proxy|--proxy http:/,
  // Takes the keychain of the machine: test/cli/command/init.test.ts.
  /^sig init$/,
  // Needs a home of sigcli 1.x: test/cli/command/import.test.ts.
  /^sig import/,
  // Asks a person and a server: test/cli/command/agent_id*.test.ts.
  /^sig agent-id/,
];

const EXAMPLES = COMMANDS.flatMap(({ name, examples }) => examples.map((example) => [example, name] as const))
  .filter(([example]) => !ELSEWHERE.some((pattern) => pattern.test(example)));

test.each(EXAMPLES)('%s', async (example, name) => {
  const isFirst = name === 'init' || /--client-id|--import-cookies/.test(example);
  const shell = await useShell(isFirst);
  if (isFirst && name !== 'init') await shell.run('sig init --yes --key-source file');
  const { code, stderr } = await shell.run(example);
  expect({ code, stderr }).toEqual({
    code: WITHOUT_A_PERSON[example] ?? 0,
    stderr: expect.not.stringContaining('E_INTERNAL'),
  });
});
