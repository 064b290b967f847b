import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import type { BrowserSession } from '../../../../src/ports.ts';
import { findCommand } from '../../../_lib/command.ts';
import { needBrowser, useFolder, useSites } from '../../../_lib/lab.ts';
import { createTestBrowser, type TestSites } from '../../../_lib/sites.ts';

async function open(sites: TestSites, home: string): Promise<BrowserSession> {
  const session = await createTestBrowser(home, sites).open({ profile: 'shop', mode: 'headless' });
  onTestFinished(session.close);
  return session;
}

test('open() shows pages, and gives cookies with all their attributes', async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({
    'www.shop.test': () => ({
      headers: [
        ['Content-Type', 'text/html'],
        ['Set-Cookie', 'sid=\u00c3\u00a9; Secure; HttpOnly; SameSite=Strict; Path=/'],
        ['Set-Cookie', 'wide=1; Domain=shop.test; Max-Age=5000; SameSite=None; Secure'],
        ['Set-Cookie', '__Host-p=1; Secure; Path=/; Partitioned; SameSite=None'],
        ['Set-Cookie', 'plain=1; Path=/a'],
      ],
      body: '<title>hi</title>',
    }),
  });
  const session = await open(sites, await useFolder());
  await session.goto('https://www.shop.test/a?q#frag');
  expect(await session.pages()).toMatchObject([
    { origin: 'https://www.shop.test', url: 'https://www.shop.test/a?q#frag', asks: null },
  ]);
  const cookies = [...await session.cookies()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const nowSec = Math.floor(Date.now() / 1000);
  expect(cookies.map(({ createdAtSec: _, ...cookie }) => cookie)).toEqual([
    {
      name: '__Host-p',
      value: '1',
      domain: 'www.shop.test',
      hostOnly: true,
      path: '/',
      secure: true,
      httpOnly: false,
      sameSite: 'none',
      partitionKey: 'https://shop.test',
    },
    { name: 'plain', value: '1', domain: 'www.shop.test', hostOnly: true, path: '/a', secure: false, httpOnly: false },
    {
      name: 'sid',
      value: '\u00c3\u00a9',
      domain: 'www.shop.test',
      hostOnly: true,
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'strict',
    },
    {
      name: 'wide',
      value: '1',
      domain: 'shop.test',
      hostOnly: false,
      path: '/',
      secure: true,
      httpOnly: false,
      sameSite: 'none',
      expiresAtSec: expect.closeTo(nowSec + 5000, -2),
    },
  ]);
  await session.setCookies(cookies.map((cookie) => ({ ...cookie, value: 'set' })));
  expect((await session.cookies()).map(({ value }) => value)).toEqual(['set', 'set', 'set', 'set']);
  expect((await session.cookies()).find(({ name }) => name === '__Host-p')?.partitionKey).toBe('https://shop.test');
});

test('B10: storage() reads the tab of that very origin, whichever tab is first', async ({ skip }) => {
  needBrowser(skip);
  const page = (value: string, next = '') => () => ({
    headers: { 'Content-Type': 'text/html' },
    // The page bends its own storage; what is read must not notice.
    body: `<script>localStorage.setItem('token', '${value}'); sessionStorage.setItem('s', '${value}');
      Storage.prototype.getItem = () => 'bent'; ${next}</script>`,
  });
  const sites = await useSites({
    'evil.test': page('evil', `open('https://app.shop.test/')`),
    'app.shop.test': page('good'),
  });
  const session = await open(sites, await useFolder());
  await session.goto('https://evil.test/');
  for (let i = 0; i < 50 && (await session.pages()).filter(({ isLoading }) => !isLoading).length < 2; i++) {
    await session.waitForChange(200);
  }
  expect((await session.pages()).map(({ origin }) => origin).sort()).toEqual([
    'https://app.shop.test',
    'https://evil.test',
  ]);
  expect((await session.storage('https://app.shop.test', 'localStorage'))?.get('token')).toBe('good');
  expect((await session.storage('https://app.shop.test', 'sessionStorage'))?.get('s')).toBe('good');
  for (const origin of ['https://shop.test', 'https://app.shop.test:444', 'http://app.shop.test', 'null', '']) {
    expect(await session.storage(origin, 'localStorage')).toBeUndefined();
  }
});

test('B7: no port is open while a browser runs', async ({ skip }) => {
  needBrowser(skip);
  const ss = findCommand('ss') ?? skip('ss is not installed');
  const sites = await useSites({ 'shop.test': () => ({ body: 'x' }) });
  const listeners = () => execFileSync(ss, ['-Hltnp'], { encoding: 'utf8' });
  const session = await open(sites, await useFolder());
  await session.goto('https://shop.test/');
  expect(listeners()).toContain(`:${sites.server.port} `);
  expect(listeners()).not.toMatch(/chrom/i);
  const own = listeners().split('\n').filter((line) => line.includes(`pid=${process.pid},`));
  expect(own.filter((line) => !line.includes(`:${sites.server.port} `))).toEqual([]);
});

test('B8: each provider has a profile of its own, 0700, and removeProfile() clears it', async ({ skip }) => {
  needBrowser(skip);
  const home = await useFolder();
  const sites = await useSites({
    'shop.test': (request) => ({
      headers: { 'Set-Cookie': 'a=b; Secure; Max-Age=1000' },
      body: `saw ${request.header('cookie')}`,
    }),
  });
  const browser = createTestBrowser(home, sites);
  expect(await browser.hasProfile('one')).toBe(false);
  const visit = async (profile: string) => {
    const session = await browser.open({ profile, mode: 'headless' });
    try {
      await session.goto('https://shop.test/');
      return (await session.cookies()).length;
    } finally {
      await session.close();
    }
  };
  await visit('one');
  expect(await browser.hasProfile('one')).toBe(true);
  expect(await browser.hasProfile('two')).toBe(false);
  await visit('one');
  await visit('two');
  expect(sites.requests('shop.test').map((request) => request.header('cookie'))).toEqual([undefined, 'a=b', undefined]);
  for (const name of ['browser', 'browser/one', 'browser/two']) {
    expect(statSync(join(home, name)).mode & 0o777).toBe(0o700);
  }
  await browser.removeProfile('one');
  expect(existsSync(join(home, 'browser/one'))).toBe(false);
  expect(await browser.hasProfile('two')).toBe(true);
});

test('B8: open() refuses a profile folder that is a link or open to others', async ({ skip }) => {
  needBrowser(skip);
  if (process.platform === 'win32') skip('Windows has no file modes');
  const home = await useFolder();
  const sites = await useSites({ 'shop.test': () => ({ body: 'x' }) });
  mkdirSync(join(home, 'browser'), { mode: 0o700 });
  symlinkSync('/tmp', join(home, 'browser/linked'));
  mkdirSync(join(home, 'browser/loose'));
  chmodSync(join(home, 'browser/loose'), 0o755);
  const browser = createTestBrowser(home, sites);
  for (const profile of ['linked', 'loose']) {
    await expect(browser.open({ profile, mode: 'headless' })).rejects.toMatchObject({ code: 'E_PERMISSIONS' });
  }
  await expect(browser.open({ profile: '../up', mode: 'headless' })).rejects.toMatchObject({ code: 'E_ID' });
});

test('open() refuses a profile that is in use, and takes it when it is free again', async ({ skip }) => {
  needBrowser(skip);
  const home = await useFolder();
  const sites = await useSites({ 'shop.test': () => ({ body: 'x' }) });
  const first = await open(sites, home);
  await expect(open(sites, home)).rejects.toMatchObject({ code: 'E_LOCKED' });
  await first.close();
  await first.close();
  expect(first.isClosed).toBe(true);
  await expect(first.goto('https://shop.test/')).rejects.toMatchObject({ code: 'E_BROWSER' });
  const second = await open(sites, home);
  await second.goto('https://shop.test/');
});

test('B11: a browser whose path is a shell command is run as a path, not as a command', async ({ skip }) => {
  if (process.platform === 'win32') skip('this test makes a shell script');
  const folder = await useFolder();
  const program = join(folder, `br'; touch x; echo '`);
  writeFileSync(program, '#!/bin/sh\necho started > "$0.ran"\nexit 3\n', { mode: 0o700 });
  const sites = await useSites({ 'shop.test': () => ({ body: 'x' }) });
  const { createBrowser } = await import('../../../../cli/platform/browser/browser.ts');
  const browser = createBrowser({
    home: join(folder),
    platform: process.platform,
    env: (name) => (name === 'SIG_BROWSER' ? program : undefined),
  });
  await expect(browser.open({ profile: 'shop', mode: 'headless', networkProxy: 'http://127.0.0.1:1' })).rejects
    .toMatchObject({
      code: 'E_BROWSER',
    });
  expect(existsSync(`${program}.ran`)).toBe(true);
  expect(existsSync(join(folder, 'x'))).toBe(false);
  expect(existsSync(join(process.cwd(), 'x'))).toBe(false);
  expect(sites.server.requests).toEqual([]);
});

test.each(['--flag', '[1]', '{}', '[', '"x"'])('open() refuses SIG_BROWSER_ARGS of %j', async (args) => {
  const { createBrowser } = await import('../../../../cli/platform/browser/browser.ts');
  const own: Record<string, string> = { SIG_BROWSER: process.execPath, SIG_BROWSER_ARGS: args };
  const browser = createBrowser({ home: await useFolder(), platform: process.platform, env: (name) => own[name] });
  await expect(browser.open({ profile: 'shop', mode: 'headless' })).rejects.toMatchObject({ code: 'E_BROWSER' });
});

test('goto() names what went wrong, without the query', async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({ 'shop.test': (_, socket) => void socket.destroy() });
  const session = await open(sites, await useFolder());
  await expect(session.goto('https://unknown.test/?secret')).rejects.toMatchObject({
    code: 'E_UPSTREAM',
    message: 'Browser cannot load unknown.test: ERR_NAME_NOT_RESOLVED',
  });
  await expect(session.goto('https://shop.test/?secret')).rejects.toMatchObject({ code: 'E_UPSTREAM' });
});

test('goto() does not accept an untrusted certificate', async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({ 'shop.test': () => ({ body: 'x' }) });
  const { createBrowser } = await import('../../../../cli/platform/browser/browser.ts');
  const args = sites.browserArguments.filter((argument) => !argument.includes('spki'));
  const own: Record<string, string> = { SIG_BROWSER_ARGS: JSON.stringify(args) };
  const browser = createBrowser({
    home: await useFolder(),
    platform: process.platform,
    env: (name) => own[name] ?? process.env[name],
  });
  const session = await browser.open({ profile: 'shop', mode: 'headless' });
  onTestFinished(session.close);
  await expect(session.goto('https://shop.test/?secret')).rejects.toMatchObject({ code: 'E_UPSTREAM_TLS' });
  expect(sites.server.requests).toEqual([]);
});
