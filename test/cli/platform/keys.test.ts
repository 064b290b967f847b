import { expect, test } from 'vitest';
import { needCommands, runCommand } from '../../_lib/command.ts';
import { startOnTerminal } from '../../_lib/sig.ts';
import { scriptCommand } from '../../_lib/script.ts';
import { useHome } from '../../_lib/lab.ts';

test('watchKeys() gives each key as it is pressed, and the terminal back', async ({ skip }) => {
  const home = await useHome();
  const running = startOnTerminal(scriptCommand('watch_keys.ts'), { home }) ?? skip('script is not installed');
  await running.waitFor(/ready/);
  running.write('a');
  await running.waitFor(/key "a"/);
  running.write('\x03');
  await running.waitFor(/key "\\u0003"/);
  running.write('q');
  const { code, stdout } = await running.done;
  expect(code).toBe(0);
  expect(stdout).toContain('cooked');
});

test('watchKeys() is silent where there is no terminal', async ({ skip }) => {
  // Whoever runs the tests may have one.
  const [setsid] = needCommands(skip, 'setsid');
  const { code, stdout } = await runCommand(setsid!, ['--wait', ...scriptCommand('watch_keys.ts')]);
  expect([code, stdout]).toEqual([0, 'ready\n']);
});
