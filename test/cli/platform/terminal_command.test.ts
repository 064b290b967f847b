import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { findTerminalCommand } from '../../../cli/platform/terminal_command.ts';
import { findCommand } from '../../_lib/command.ts';
import { useFolder, useHome } from '../../_lib/lab.ts';
import { bundleScript, currentRuntime } from '../../_lib/run_child.ts';
import { startOnTerminal } from '../../_lib/sig.ts';

const worker = await bundleScript(new URL('../../_lib/terminal_worker.ts', import.meta.url));
const find = () => '/bin/sh';
const script = findCommand('script');

/** A `script` with the interface of BSD, and nothing of the other. */
const FAKE = `#!/bin/sh
[ "$1" = -q ] && [ "$2" = /dev/null ] && [ $# -ge 3 ] || {
  echo 'usage: script [-q] [file [command ...]]' >&2
  exit 64
}
shift 2
line=exec
for word; do line="$line '$(printf %s "$word" | sed "s/'/'\\\\\\\\''/g")'"; done
exec ${script} --quiet --return --flush --command "$line" /dev/null
`;

/** Runs a shell line under `sig run` on a terminal, where `PATH` has that folder and the usual ones, or it alone. */
async function runOnTerminal(platform: string, path: string, line: string) {
  const runtime = [process.execPath, ...(currentRuntime === 'deno' ? ['run', '-A', '--quiet'] : [])];
  const command = [...runtime, worker, platform, '/bin/sh', '-c', line, 'sh', "it's", '$HOME "x"'];
  const { done } = startOnTerminal(command, { home: await useHome(), env: { PATH: path } })!;
  const { code, stdout } = await done;
  // "script" may have made its terminal as it was before all is written: then line ends are made twice.
  return { code, stdout: stdout.replaceAll(/\r+\n/g, '\n') };
}

test('findTerminalCommand() hands file and command to the script of BSD, and one line to that of util-linux', () => {
  const command = ['prog', "it's", '$HOME'] as const;
  const bsd = { file: '/bin/sh', args: ['-q', '/dev/null', 'prog', "it's", '$HOME'], env: {} };
  for (const platform of ['darwin', 'freebsd']) expect(findTerminalCommand(command, find, platform)).toEqual(bsd);
  expect(findTerminalCommand(command, find, 'linux')).toEqual({
    file: '/bin/sh',
    args: ['--quiet', '--return', '--flush', '--command', `exec 'prog' 'it'\\''s' '$HOME'`, '/dev/null'],
    env: { SHELL: '/bin/sh' },
  });
});

test('findTerminalCommand() finds none without script, with that of busybox, and where it is another', async () => {
  expect(findTerminalCommand(['prog'], () => undefined, 'linux')).toBeUndefined();
  for (const platform of ['win32', 'openbsd', 'aix']) {
    expect(findTerminalCommand(['prog'], find, platform)).toBeUndefined();
  }
  const folder = await useFolder();
  writeFileSync(join(folder, 'busybox'), '');
  symlinkSync(join(folder, 'busybox'), join(folder, 'script'));
  expect(findTerminalCommand(['prog'], () => join(folder, 'script'), 'linux')).toBeUndefined();
});

test.for(['darwin', 'linux'])(
  'R11: on a terminal of %s the child has one of its own, redacted',
  async (platform, { skip }) => {
    if (script === undefined || process.platform !== 'linux') skip('script of util-linux is not installed');
    const folder = await useFolder();
    if (platform === 'darwin') writeFileSync(join(folder, 'script'), FAKE, { mode: 0o755 });
    const line = 'test -t 0 && test -t 1 && test -t 2 && echo "tty the-secret-of-the-test $1 $2"; exit 5';
    const { code, stdout } = await runOnTerminal(platform, `${folder}:${process.env.PATH}`, line);
    expect([stdout, code]).toEqual([`tty [sig:redacted:api] it's $HOME "x"\n`, 5]);
  },
);

test('R11: without script the child has a pipe, which is said, and is redacted', async ({ skip }) => {
  if (script === undefined || process.platform !== 'linux') skip('script of util-linux is not installed');
  const line = 'test -t 1 || echo "pipe the-secret-of-the-test"; exit 6';
  const { code, stdout } = await runOnTerminal('linux', await useFolder(), line);
  const note = 'note: "/bin/sh" writes to a pipe instead of a terminal: there is no "script" of util-linux or BSD';
  // Before it, the shell of the test may miss its "stty".
  expect([stdout.slice(stdout.indexOf('note:')), code]).toEqual([`${note}\npipe [sig:redacted:api]\n`, 6]);
});

test('the script of BSD is not called with options of util-linux', async ({ skip }) => {
  if (script === undefined || process.platform !== 'linux') skip('script of util-linux is not installed');
  const folder = await useFolder();
  writeFileSync(join(folder, 'script'), FAKE, { mode: 0o755 });
  // What the other kind of call would come to: the test above can fail.
  expect(await runOnTerminal('linux', `${folder}:${process.env.PATH}`, 'exit 5')).toMatchObject({ code: 64 });
});
