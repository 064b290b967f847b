import { expect, test } from 'vitest';
import { findCommand, needCommands, runCommand, startCommand } from '../_lib/command.ts';
import { useHome } from '../_lib/lab.ts';
import { runSig, startOnTerminal } from '../_lib/sig.ts';

test('runCommand() gives status, both outputs and passes stdin', async () => {
  const result = await runCommand('sh', ['-c', 'cat; echo bad >&2; exit 7'], { stdin: 'héllo' });
  expect(result).toMatchObject({ code: 7, stdout: 'héllo', stderr: 'bad\n', isTimedOut: false });
});

test('runCommand() ends what takes too long, and gives 128 + n for a signal', async () => {
  const result = await runCommand('sh', ['-c', 'exec sleep 60'], { timeoutMs: 100 });
  expect(result).toMatchObject({ code: 137, isTimedOut: true });
});

test('runCommand() rejects when there is no such program', async () => {
  await expect(runCommand('/no/such/program', [])).rejects.toThrow('ENOENT');
});

test('startCommand() lets a test wait for output and answer it', async () => {
  const command = startCommand('sh', ['-c', 'echo name?; read name; echo "hello $name"']);
  await command.waitFor(/name\?/);
  command.write('sig\n');
  await command.waitFor(/hello sig/);
  expect((await command.done).code).toBe(0);
});

test('waitFor() fails with all output when the program ends before', async () => {
  const command = startCommand('sh', ['-c', 'echo something else']);
  await expect(command.waitFor(/never/)).rejects.toThrow('something else');
});

test('findCommand() finds what is in PATH and nothing else', () => {
  expect(findCommand('sh')).toMatch(/\/sh$/);
  expect(findCommand('no-such-program-here')).toBeUndefined();
  expect(needCommands(() => {
    throw new Error('skipped');
  }, 'sh')).toHaveLength(1);
});

test('startOnTerminal() gives a program a terminal, its answers and its exit status', async ({ skip }) => {
  const home = await useHome();
  const command = startOnTerminal([
    'sh',
    '-c',
    'test -t 0 && test -t 1 && stty size; read line; echo "got $line"; exit 3',
  ], { home });
  if (!command) return skip('no program here can make a terminal');
  await command.waitFor(/24 80/);
  command.write('typed\n');
  await command.waitFor(/got typed/);
  expect((await command.done).code).toBe(3);
});

test('startOnTerminal() passes Ctrl-C on', async ({ skip }) => {
  const command = startOnTerminal(['sh', '-c', 'echo ready; exec sleep 60'], { home: await useHome() });
  if (!command) return skip('no program here can make a terminal');
  await command.waitFor(/ready/);
  command.write('\x03');
  expect((await command.done).code).toBe(130);
});

test('runSig() runs the command line on this runtime', async () => {
  const result = await runSig(['--version'], { home: await useHome() });
  expect(result.stderr).toBe('');
  expect(result.code).toBe(0);
  expect(result.stdout).not.toBe('');
});
