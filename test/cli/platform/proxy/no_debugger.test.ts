import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { refuseDebugger } from '../../../../cli/platform/proxy/no_debugger.ts';

test('P14: refuseDebugger() takes SIGUSR1, once', () => {
  const before = process.listeners('SIGUSR1');
  onTestFinished(() => {
    process.removeAllListeners('SIGUSR1');
    for (const listener of before) process.on('SIGUSR1', listener);
  });
  process.removeAllListeners('SIGUSR1');
  refuseDebugger();
  refuseDebugger();
  expect(process.listenerCount('SIGUSR1')).toBe(1);
});
