import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { findBrowser, type FindContext, hasDisplay, listCandidates } from '../../../../cli/platform/browser/find.ts';
import { useFolder } from '../../../_lib/lab.ts';

function context(platform: string, env: Record<string, string>): FindContext {
  return { platform, env: (name) => env[name] };
}

function makeProgram(path: string, mode = 0o755): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  chmodSync(path, mode);
  return path;
}

test('findBrowser() prefers Chrome, then Edge, Chromium, Brave, and then what Playwright installed', async ({ skip }) => {
  if (process.platform === 'win32') skip('file modes decide what is a program');
  const folder = await useFolder();
  const env = { PATH: `relative:${join(folder, 'bin')}`, HOME: folder };
  const look = () => findBrowser(context('linux', env)).path.slice(folder.length);
  const found: string[] = [];
  for (
    const path of [
      '.cache/ms-playwright/chromium-1100/chrome-linux/chrome',
      '.cache/ms-playwright/chromium-1200/chrome-linux/chrome',
      'bin/brave-browser',
      'bin/chromium',
      'bin/microsoft-edge',
      'bin/google-chrome-stable',
    ]
  ) {
    makeProgram(join(folder, path));
    found.push(look());
  }
  expect(found).toEqual([
    '/.cache/ms-playwright/chromium-1100/chrome-linux/chrome',
    '/.cache/ms-playwright/chromium-1200/chrome-linux/chrome',
    '/bin/brave-browser',
    '/bin/chromium',
    '/bin/microsoft-edge',
    '/bin/google-chrome-stable',
  ]);
});

test('findBrowser() passes over what is no program, and says how to install one', async ({ skip }) => {
  if (process.platform === 'win32') skip('file modes decide what is a program');
  const folder = await useFolder();
  makeProgram(join(folder, 'chromium'), 0o644);
  mkdirSync(join(folder, 'google-chrome'));
  for (const platform of ['linux', 'darwin', 'win32', 'freebsd']) {
    expect(() => findBrowser(context(platform, { PATH: folder, HOME: folder, LocalAppData: folder }))).toThrow(
      expect.objectContaining({ code: 'E_BROWSER', hint: expect.stringMatching(/install/) }),
    );
  }
});

test('B11: findBrowser() takes SIG_BROWSER as an absolute path only', async ({ skip }) => {
  if (process.platform === 'win32') skip('file modes decide what is a program');
  const folder = await useFolder();
  const program = makeProgram(join(folder, `my browser'; x`));
  expect(findBrowser(context('linux', { SIG_BROWSER: program })).path).toBe(program);
  for (const bad of ['chromium', './chromium', join(folder, 'none'), folder, `${program} --flag`]) {
    expect(() => findBrowser(context('linux', { SIG_BROWSER: bad, PATH: '/usr/bin' }))).toThrow(/SIG_BROWSER/);
  }
});

test('listCandidates() keeps the snap for last: it cannot use a hidden folder', () => {
  const paths = listCandidates(context('linux', { PATH: '/snap/bin:/usr/bin', HOME: '/home/me' })).map(({ path }) =>
    path
  );
  const firstSnap = paths.findIndex((path) => path.startsWith('/snap/'));
  expect(firstSnap).toBeGreaterThan(0);
  expect(paths.slice(firstSnap).every((path) => path.startsWith('/snap/'))).toBe(true);
});

test('listCandidates() knows where macOS and Windows install them', () => {
  const mac = listCandidates(context('darwin', { HOME: '/Users/me' })).map(({ path }) => path);
  expect(mac).toContain('/Applications/Google Chrome.app/Contents/MacOS/Google Chrome');
  expect(mac).toContain('/Users/me/Applications/Brave Browser.app/Contents/MacOS/Brave Browser');
  const windows = listCandidates(context('win32', { 'ProgramFiles(x86)': 'C:\\P86', LocalAppData: 'C:\\L' }));
  expect(windows.map(({ path }) => path)).toContain('C:\\P86\\Microsoft\\Edge\\Application\\msedge.exe');
  expect(windows.map(({ path }) => path)).toContain('C:\\L\\Google\\Chrome\\Application\\chrome.exe');
  expect(windows.some(({ path }) => path.startsWith('undefined'))).toBe(false);
});

test.each<[string, Record<string, string>, boolean]>([
  ['linux', { DISPLAY: ':0' }, true],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
  ['linux', { DISPLAY: '' }, false],
  ['linux', {}, false],
  ['linux', { SSH_CONNECTION: 'x', DISPLAY: 'localhost:10.0' }, true],
  ['freebsd', {}, false],
  ['darwin', {}, true],
  ['darwin', { SSH_CONNECTION: 'x' }, false],
  ['win32', {}, true],
  ['win32', { SSH_TTY: 'x' }, false],
])('hasDisplay() on %s with %j is %j', (platform, env, expected) => {
  expect(hasDisplay(context(platform, env))).toBe(expected);
});
