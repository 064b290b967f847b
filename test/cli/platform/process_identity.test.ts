import { spawn } from 'node:child_process';
import process from 'node:process';
import { expect, test } from 'vitest';
import { hasArgument, identifyProcess, isRunning } from '../../../cli/platform/process_identity.ts';

test('identifyProcess() gives the same process the same identity, and others another', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', '--mark=a b'], { stdio: 'ignore' });
  const identity = identifyProcess(child.pid!)!;
  expect(identity.pid).toBe(child.pid);
  expect(identifyProcess(child.pid!)).toEqual(identity);
  expect(isRunning(identity)).toBe(true);
  expect(isRunning({ ...identity, start: 'another' })).toBe(false);
  if (process.platform === 'linux') {
    expect(hasArgument(child.pid!, '--mark=a b')).toBe(true);
    expect(hasArgument(child.pid!, '--mark=a')).toBe(true);
    expect(hasArgument(child.pid!, '--mark')).toBe(false);
  }
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(isRunning(identity)).toBe(false);
  expect(identifyProcess(child.pid!)).toBeUndefined();
});

test.each([0, -1, 1.5, NaN, Infinity, 999_999_999])('there is no process %d', (pid) => {
  expect(identifyProcess(pid)).toBeUndefined();
  expect(hasArgument(pid, 'x')).toBe(false);
});
