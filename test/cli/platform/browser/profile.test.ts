import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { claimProfile, hasProfile, profileFolder, removeProfile } from '../../../../cli/platform/browser/profile.ts';
import { hasArgument, identifyProcess, type ProcessIdentity } from '../../../../cli/platform/process_identity.ts';
import { needBrowser, useFolder } from '../../../_lib/lab.ts';
import { startScript } from '../../../_lib/script.ts';

const isLinux = process.platform === 'linux';

/** Processes that run with the profile. */
function listBrowsers(home: string): number[] {
  const argument = `--user-data-dir=${join(home, 'browser/held')}`;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => hasArgument(pid, argument));
}

async function comesTrue(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 150; i++) {
    if (condition()) return true;
    await delay(100);
  }
  return false;
}

/** A process that is no browser. */
function startStranger(): ProcessIdentity {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return identifyProcess(child.pid!)!;
}

/** Makes a profile folder that says which browser uses it. */
function writeBrowser(home: string, browser: ProcessIdentity | string): string {
  const folder = profileFolder(home, 'held');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const text = typeof browser === 'string' ? browser : JSON.stringify(browser);
  writeFileSync(join(folder, 'sig-browser.json'), text, { mode: 0o600 });
  return folder;
}

test.for(['SIGKILL', 'SIGTERM', 'SIGHUP', 'exit', 'throw', 'close'] as const)(
  'no browser is left behind when sig ends by %s, and its profile is free',
  async (manner, { skip }) => {
    needBrowser(skip);
    if (!isLinux) skip('processes are listed on Linux only');
    const home = await useFolder();
    const script = startScript('hold_browser.ts', [home, manner]);
    await script.waitFor(/open/);
    if (manner.startsWith('SIG')) {
      expect(listBrowsers(home).length).toBeGreaterThan(0);
      script.kill(manner as 'SIGKILL');
    }
    await script.done;
    expect(await comesTrue(() => listBrowsers(home).length === 0)).toBe(true);
    expect(hasProfile(home, 'held')).toBe(true);
    await (await claimProfile(home, 'held')).release();
  },
);

test('claimProfile() ends a browser that survived its sig', async ({ skip }) => {
  const program = needBrowser(skip);
  if (!isLinux) skip('processes are listed on Linux only');
  for (const knows of ['our file', "Chromium's lock"]) {
    const home = await useFolder();
    const folder = writeBrowser(home, '');
    const args = [`--user-data-dir=${folder}`, '--headless', '--no-sandbox', '--no-first-run', 'about:blank'];
    const child = spawn(program, args, { stdio: 'ignore', detached: true });
    onTestFinished(() => void child.kill('SIGKILL'));
    expect(await comesTrue(() => existsSync(join(folder, 'Local State')))).toBe(true);
    if (knows === 'our file') writeBrowser(home, identifyProcess(child.pid!)!);
    expect(listBrowsers(home)).toContain(child.pid);
    const claimed = await claimProfile(home, 'held');
    expect(await comesTrue(() => listBrowsers(home).length === 0)).toBe(true);
    await claimed.release();
  }
});

test('claimProfile() touches no stranger that got the number of a dead browser', async () => {
  const stranger = startStranger();
  const home = await useFolder();
  const folder = writeBrowser(home, { pid: stranger.pid, start: 'another' });
  if (process.platform !== 'win32') symlinkSync(`host-${stranger.pid}`, join(folder, 'SingletonLock'));
  await (await claimProfile(home, 'held')).release();
  expect(identifyProcess(stranger.pid)).toEqual(stranger);
});

test('claimProfile() refuses while another holds it', async () => {
  const home = await useFolder();
  const first = await claimProfile(home, 'held');
  await expect(claimProfile(home, 'held')).rejects.toMatchObject({ code: 'E_LOCKED', provider: 'held' });
  await expect(removeProfile(home, 'held')).rejects.toMatchObject({ code: 'E_LOCKED' });
  const other = await claimProfile(home, 'other');
  await first.release();
  await other.release();
  await (await claimProfile(home, 'held')).release();
});

test('claimProfile() gives the profile to one of many at once', async () => {
  const home = await useFolder();
  const claims = await Promise.allSettled(Array.from({ length: 5 }, () => claimProfile(home, 'held')));
  const [held, ...others] = claims.filter(({ status }) => status === 'fulfilled');
  expect(others).toEqual([]);
  if (held?.status === 'fulfilled') await held.value.release();
});

test.each(['', '{', '[]', 'null', '{"pid": 5}', '{"pid": "1", "start": "x"}', '{"pid": -1, "start": ""}'])(
  'claimProfile() takes a profile whose file is %j',
  async (text) => {
    const home = await useFolder();
    writeBrowser(home, text);
    await (await claimProfile(home, 'held')).release();
  },
);

test('record() writes down the browser, private, and how it calls itself', async () => {
  const home = await useFolder();
  const stranger = startStranger();
  const claimed = await claimProfile(home, 'held');
  expect(claimed.userAgent).toBeUndefined();
  claimed.record(stranger.pid, 'Mozilla/5.0');
  const file = join(claimed.folder, 'sig-browser.json');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(stranger);
  if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  await claimed.release();
  const again = await claimProfile(home, 'held');
  expect(again.userAgent).toBe('Mozilla/5.0');
  again.record(stranger.pid, undefined);
  await again.release();
  expect(existsSync(file)).toBe(false);
});

test('removeProfile() removes everything, and nothing when there is nothing', async () => {
  const home = await useFolder();
  const claimed = await claimProfile(home, 'held');
  writeFileSync(join(claimed.folder, 'Local State'), '{}');
  await claimed.release();
  expect(hasProfile(home, 'held')).toBe(true);
  await removeProfile(home, 'held');
  expect(existsSync(claimed.folder)).toBe(false);
  await removeProfile(home, 'held');
});

test.each(['', '..', '../x', 'a/b', 'A', 'nul'])('B8: profileFolder(%j) is refused', (profile) => {
  expect(() => profileFolder('/home', profile)).toThrow(/provider id/);
});
