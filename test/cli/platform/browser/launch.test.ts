import process from 'node:process';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { launchBrowser } from '../../../../cli/platform/browser/launch.ts';
import { needBrowser, useFolder } from '../../../_lib/lab.ts';

test('B7, B11: launchBrowser() drives it over a pipe, with its own sandbox, and shows it nothing of ours', async ({ skip }) => {
  const program = needBrowser(skip);
  if (process.platform !== 'linux') skip('/proc tells how a program was started');
  process.env.SIG_CANARY = process.env.NODE_CANARY = 'canary';
  const folder = await useFolder();
  const userAgent = 'Mozilla/5.0 (Test)';
  const { context, pid, userAgent: told } = await launchBrowser({ program, folder, mode: 'headless', userAgent });
  onTestFinished(() => context.close());
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  expect(args).toContain('--remote-debugging-pipe');
  expect(args.join(' ')).not.toMatch(/--remote-debugging-(?:port|address)|--enable-automation/);
  expect(args.includes('--no-sandbox')).toBe(process.getuid!() === 0);
  expect(args).toContain(`--user-data-dir=${folder}`);
  expect(args).toContain(`--user-agent=${userAgent}`);
  expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('canary');
  expect(told).toMatch(/^Mozilla/);
});

test('launchBrowser() says what does not start', async () => {
  const failure = launchBrowser({ program: '/nowhere/browser', folder: await useFolder(), mode: 'headless' });
  await expect(failure).rejects.toMatchObject({
    code: 'E_BROWSER',
    message: 'Browser does not start: /nowhere/browser',
  });
});
