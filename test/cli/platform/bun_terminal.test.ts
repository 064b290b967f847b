import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startOnBunTerminal } from '../../../cli/platform/bun_terminal.ts';
import { findCommand } from '../../_lib/command.ts';
import { useFolder, useHome } from '../../_lib/lab.ts';
import { bundleScript, runtimes } from '../../_lib/run_child.ts';
import { ROOT, startOnTerminal } from '../../_lib/sig.ts';

const worker = await bundleScript(new URL('../../_lib/terminal_worker.ts', import.meta.url));

/** Runs a shell line as `sig run` does on Bun, on a terminal of 80 by 24, where `PATH` has no `script`. */
async function startOnBun(line: string, skip: (note?: string) => never) {
  if (!runtimes.includes('bun')) skip('Bun is not installed for this system');
  const command = [`${ROOT}/node_modules/bun/bin/bun.exe`, worker, 'linux', '/bin/sh', '-c', line];
  const folder = await useFolder();
  // It gives the terminal of the test its size.
  symlinkSync(findCommand('stty') ?? skip('stty is not installed'), join(folder, 'stty'));
  const running = startOnTerminal(command, { home: await useHome(), env: { PATH: folder } }) ??
    skip('script of util-linux is not installed');
  return {
    ...running,
    /** Status, and what was shown. */
    async end() {
      const { code, stdout } = await running.done;
      return [code, stdout.replaceAll('\r', '')];
    },
  };
}

test('startOnBunTerminal() has none to give where Bun does not run this, or an old one', () => {
  for (const runtime of [undefined, {}, { spawn() {} }]) {
    expect(startOnBunTerminal(['/bin/true'], {}, runtime)).toBeUndefined();
  }
});

test('R11: without script Bun gives the child a terminal of its own, redacted', async ({ skip }) => {
  const line = 'test -t 0 && test -t 1 && test -t 2 && echo "tty the-secret-of-the-test"; exit 5';
  expect(await (await startOnBun(line, skip)).end()).toEqual([5, 'tty [sig:redacted:api]\n']);
});

test('the terminal of Bun is as large as ours', async ({ skip }) => {
  expect(await (await startOnBun('stty size', skip)).end()).toEqual([0, '24 80\n']);
});

test('what is typed reaches the program, and Ctrl-C is its own', async ({ skip }) => {
  const running = await startOnBun(`trap 'echo caught; exit 9' INT; read word; echo "<$word>"; read more`, skip);
  running.write('hello\r');
  await running.waitFor(/<hello>/);
  running.write('\x03');
  const [code, shown] = await running.end();
  expect([code, shown]).toEqual([9, expect.stringMatching(/<hello>\n.*caught\n$/s)]);
});

test('a program that a signal ended has 128 and its number', async ({ skip }) => {
  expect(await (await startOnBun('kill -9 $$', skip)).end()).toEqual([137, '']);
});

test('a program that others outlive is not waited for longer than a moment', async ({ skip }) => {
  const sleep = findCommand('sleep') ?? skip('sleep is not installed');
  const startMs = performance.now();
  expect(await (await startOnBun(`${sleep} 20 & echo $!; exit 3`, skip)).end()).toEqual([
    3,
    expect.stringMatching(/^\d+\n$/),
  ]);
  expect(performance.now() - startMs).toBeLessThan(15_000);
});

test('a program that cannot be started is named', async ({ skip }) => {
  if (!runtimes.includes('bun')) skip('Bun is not installed for this system');
  const command = [`${ROOT}/node_modules/bun/bin/bun.exe`, worker, 'linux', `${ROOT}/package.json`];
  const running = startOnTerminal(command, { home: await useHome(), env: { PATH: await useFolder() } }) ??
    skip('script of util-linux is not installed');
  const { code, stdout } = await running.done;
  expect([code, stdout]).toEqual([1, expect.stringMatching(/Cannot run ".*package\.json": EACCES/)]);
});
