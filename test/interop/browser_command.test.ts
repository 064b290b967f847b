import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { hasArgument } from '../../cli/platform/process_identity.ts';
import { findLeaks, readFolder } from '../_lib/canary.ts';
import { startDisplay } from '../_lib/display.ts';
import { needBrowser, useFolder, useHttpProxy, useSites } from '../_lib/lab.ts';
import { cookiesOf, createIdentityProvider, createRelyingSite } from '../_lib/relying_sites.ts';
import { startSig, startSigOnTerminal } from '../_lib/sig.ts';
import { useWorld, type World } from '../_lib/world.ts';

const APP = 'https://app.shop.test';

/** A site behind single sign-on, reached by `sig` and its browser through a network proxy under its own name. */
async function setUp(options: { signsInByItself?: boolean; config?: string } = {}) {
  const idp = createIdentityProvider({ signsInByItself: options.signsInByItself ?? true });
  const app = createRelyingSite(APP, idp);
  const sites = await useSites({ 'app.shop.test': app.site, 'idp.corp.test': idp.site });
  const proxy = await useHttpProxy({ port: sites.server.port });
  const networkProxy = `http://127.0.0.1:${proxy.port}`;
  const world = await useWorld(options.config ?? 'providers: {}\n', {
    SIG_EXTRA_CA: sites.server.caFile,
    SIG_BROWSER_ARGS: JSON.stringify(sites.browserArguments.slice(1)),
  });
  return { idp, app, sites, world, networkProxy, login: ['login', APP, '--network-proxy', networkProxy] };
}

async function sessionOf(world: World, id: string): Promise<string | undefined> {
  return (await world.credentials.open(id))?.cookies?.reveal().find(({ name }) => name === 'sid')?.value;
}

test(
  'pattern 10: zero config: log in by browser, then request, and it is renewed silently',
  { timeout: 180_000 },
  async ({ skip }) => {
    needBrowser(skip);
    const { world, login, app, idp } = await setUp();
    const loggedIn = await world.sig([...login, '--mode', 'headless', '--json'], { timeoutMs: 60_000 });
    expect([loggedIn.code, loggedIn.stderr]).toEqual([0, '']);
    expect(JSON.parse(loggedIn.stdout)).toEqual({ provider: 'app-shop', strategy: 'browser' });
    expect(await readFile(join(world.home, 'config.yaml'), 'utf8')).toMatch(
      /app-shop:\n +domains:\n +- app\.shop\.test\n +entryUrl: https:\/\/app\.shop\.test\/\n +strategy: browser\n/,
    );
    const first = await world.sig(['request', `${APP}/api/me`]);
    expect([first.code, first.stdout]).toEqual([0, '{"name":"person"}']);
    expect((await world.sig(['status', 'app-shop'])).code).toBe(0);

    // Neither the site's session nor the identity provider's stands anywhere in clear but in the browser's own profile.
    const sid = (await sessionOf(world, 'app-shop'))!;
    const files = await readFolder(world.home);
    const ours = Object.fromEntries(Object.entries(files).filter(([path]) => !path.includes('browser/')));
    expect(findLeaks(sid, { ...ours, stdout: loggedIn.stdout, first: first.stdout })).toEqual([]);

    app.logOutAll();
    const renewed = await world.sig(['request', `${APP}/api/me`], { timeoutMs: 60_000 });
    expect([renewed.code, renewed.stdout]).toEqual([0, '{"name":"person"}']);
    expect(await sessionOf(world, 'app-shop')).not.toBe(sid);
    expect(idp.typed).toEqual(['right']);
  },
);

test(
  'a login that only a person can renew ends with status 4 and the command to type',
  { timeout: 180_000 },
  async ({ skip }) => {
    needBrowser(skip);
    const { world, login, sites } = await setUp({ signsInByItself: false });
    const failed = await world.sig([...login, '--mode', 'headless'], { timeoutMs: 60_000 });
    expect([failed.code, failed.stderr]).toEqual([4, expect.stringContaining('sig: hint: sig login app-shop')]);
    expect(await world.credentials.open('app-shop')).toBeUndefined();
    expect(sites.requests('idp.corp.test').length).toBeGreaterThan(0);
  },
);

test('logout forgets the browser too, remove and rename take it along', { timeout: 180_000 }, async ({ skip }) => {
  needBrowser(skip);
  const { world, login } = await setUp();
  expect((await world.sig([...login, '--mode', 'headless'], { timeoutMs: 60_000 })).code).toBe(0);
  const profile = (id: string) => existsSync(join(world.home, 'browser', id));
  expect(profile('app-shop')).toBe(true);
  expect((await world.sig(['rename', 'app-shop', 'shop'])).code).toBe(0);
  expect([profile('app-shop'), profile('shop')]).toEqual([false, true]);
  expect((await world.sig(['logout', 'shop'])).code).toBe(0);
  expect(profile('shop')).toBe(false);
  expect((await world.sig(['status', 'shop'])).code).toBe(4);
});

test('Ctrl-C and SIGTERM end a login with its browser, and store nothing', { timeout: 120_000 }, async ({ skip }) => {
  needBrowser(skip);
  const { world, login, sites } = await setUp({ signsInByItself: false });
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    const running = startSig([...login, '--mode', 'headless'], {
      home: world.home,
      env: { SIG_EXTRA_CA: sites.server.caFile, SIG_BROWSER_ARGS: JSON.stringify(sites.browserArguments.slice(1)) },
    });
    while (sites.requests('app.shop.test').length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    running.kill(signal);
    expect((await running.done).code).toBe(code);
    expect(existsSync(join(world.home, 'browser/app-shop/SingletonLock'))).toBe(false);
    expect(await world.credentials.open('app-shop')).toBeUndefined();
    expect(await readFile(join(world.home, 'config.yaml'), 'utf8')).toBe('providers: {}\n');
    (sites.server.requests as unknown[]).length = 0;
  }
});

test(
  'SIGKILL ends a login with its browser, and the next login begins anew',
  { timeout: 180_000 },
  async ({ skip }) => {
    needBrowser(skip);
    if (process.platform !== 'linux') skip('processes are listed on Linux only');
    const { world, login, sites } = await setUp();
    const profile = `--user-data-dir=${join(world.home, 'browser/app-shop')}`;
    const browsers = () =>
      readdirSync('/proc').filter((name) => /^\d+$/.test(name) && hasArgument(Number(name), profile)).length;
    const running = startSig([...login, '--mode', 'headless'], {
      home: world.home,
      env: { SIG_EXTRA_CA: sites.server.caFile, SIG_BROWSER_ARGS: JSON.stringify(sites.browserArguments.slice(1)) },
    });
    await expect.poll(() => sites.requests('app.shop.test').length, { timeout: 30_000 }).toBeGreaterThan(0);
    expect(browsers()).toBeGreaterThan(0);
    running.kill('SIGKILL');
    expect((await running.done).code).toBe(137);
    await expect.poll(browsers, { timeout: 20_000 }).toBe(0);
    const again = await world.sig([...login, '--mode', 'headless'], { timeoutMs: 60_000 });
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('logged in to "app-shop"')]);
    expect(browsers()).toBe(0);
  },
);

test('without a display: the message says what works there', async () => {
  const { world, login } = await setUp();
  const { code, stderr } = await world.sig(login);
  expect(code).toBe(1);
  expect(stderr).toContain('sig: error: Login of "app-shop" needs a browser window, and this machine shows none');
  expect(stderr).toContain('sig login app-shop --import-cookies FILE');
});

test.for(['netscape', 'json', 'curl', 'har'])(
  '--import-cookies takes %s, and the site is asked',
  { timeout: 60_000 },
  async (format) => {
    const { world, login, app } = await setUp();
    const sid = app.openSession();
    const files: Record<string, string> = {
      netscape:
        `# Netscape HTTP Cookie File\napp.shop.test\tFALSE\t/\tTRUE\t0\tsid\t${sid}\n.other.test\tTRUE\t/\tTRUE\t0\tother\tx\n`,
      json: JSON.stringify([{
        name: 'sid',
        value: sid,
        domain: 'app.shop.test',
        path: '/',
        secure: true,
        httpOnly: true,
      }]),
      curl: `curl '${APP}/' -H 'accept: */*' -b 'sid=${sid}'`,
      har: JSON.stringify({
        log: { entries: [{ request: { url: `${APP}/`, headers: [{ name: 'Cookie', value: `sid=${sid}` }] } }] },
      }),
    };
    const file = join(await useFolder(), 'export');
    await writeFile(file, files[format]!);
    const result = await world.sig([...login, '--import-cookies', file]);
    expect([result.code, result.stderr]).toEqual([0, expect.stringContaining('logged in to "app-shop"')]);
    const stored = await world.credentials.open('app-shop');
    expect(stored?.cookies?.reveal().map(({ name, domain }) => [name, domain])).toEqual([['sid', 'app.shop.test']]);
    expect((await world.sig(['request', `${APP}/api/me`])).stdout).toBe('{"name":"person"}');
    const piped = await world.sig(['login', 'app-shop', '--import-cookies', '-', '--json'], { stdin: files[format]! });
    expect([piped.code, JSON.parse(piped.stdout)]).toEqual([0, { provider: 'app-shop', strategy: 'browser' }]);
  },
);

test('--import-cookies refuses what is for other hosts, and what is no export, and keeps the old login', async () => {
  const { world, login } = await setUp();
  const file = join(await useFolder(), 'export');
  const cases: [string | Uint8Array, RegExp][] = [
    ['.other.test\tTRUE\t/\tTRUE\t0\tsid\thunter2\n', /None of the 1 cookies is for app\.shop\.test/],
    ['{"oops": "hunter2"}', /neither a list of cookies/],
    [new Uint8Array([0xff, 0xfe, 0x00]), /not text in UTF-8/],
    ['', /format is not known/],
  ];
  for (const [content, message] of cases) {
    await writeFile(file, content);
    const { code, stderr } = await world.sig([...login, '--import-cookies', file]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(stderr).not.toContain('hunter2');
  }
  expect((await world.sig([...login, '--import-cookies', `${file}.none`])).code).toBe(2);
  expect((await world.sig([...login, '--import-cookies', file, '--totp'])).code).toBe(2);
  expect((await world.sig([...login, '--strategy', 'prompt', '--totp'])).code).toBe(2);
});

test('a site of the catalogue gets its entry, and nothing else of a new site is guessed but its www', async () => {
  const { world } = await setUp();
  const file = join(await useFolder(), 'export');
  const add = async (url: string, domain: string) => {
    await writeFile(file, `${domain}\tTRUE\t/\tTRUE\t0\tsid\tv\n`);
    // Nothing is asked: the proxy is not there.
    return await world.sig(['login', url, '--network-proxy', 'http://127.0.0.1:1', '--import-cookies', file]);
  };
  await add('https://shop.test/', '.shop.test');
  const config = await readFile(join(world.home, 'config.yaml'), 'utf8');
  expect(config).toMatch(/domains:\n +- shop\.test\n +- www\.shop\.test\n/);
  const reddit = await add('https://reddit.com/', '.reddit.com');
  expect(reddit.stderr).toMatch(/Cannot tell whether the new login of "reddit-com" works|E_UNVERIFIED/);
});

/** A display that nobody looks at. */
async function useDisplay(skip: (note?: string) => never): Promise<string> {
  const display = await startDisplay() ?? skip('Xvfb is not installed: sudo apt-get install xvfb');
  onTestFinished(display.close);
  return display.name;
}

test('a window on a display: progress on the terminal, and q cancels', { timeout: 180_000 }, async ({ skip }) => {
  needBrowser(skip);
  const display = await useDisplay(skip);
  const { world, login, sites } = await setUp({ signsInByItself: false });
  const env = {
    SIG_EXTRA_CA: sites.server.caFile,
    SIG_BROWSER_ARGS: JSON.stringify(sites.browserArguments.slice(1)),
    DISPLAY: display,
  };
  const running = startSigOnTerminal(login, { home: world.home, env, timeoutMs: 90_000 }) ??
    skip('script is not installed');
  await running.waitFor(/waiting for you to sign in at idp\.corp\.test… [0-4]:\d\d left, q to cancel/);
  running.write('q');
  const cancelled = await running.done;
  expect(cancelled.code).toBe(130);
  expect(cancelled.stdout).toMatch(/error:\S* Login was cancelled/);
  expect(existsSync(join(world.home, 'browser/app-shop/SingletonLock'))).toBe(false);
});

test('a window on a display: a person signs in', { timeout: 180_000 }, async ({ skip }) => {
  needBrowser(skip);
  const display = await useDisplay(skip);
  const { world, login, sites } = await setUp();
  const result = await world.sig([...login, '--mode', 'visible'], { env: { DISPLAY: display }, timeoutMs: 90_000 });
  expect([result.code, result.stderr]).toEqual([
    0,
    'sig: logged in to "app-shop"; added it to config.yaml for app.shop.test\n',
  ]);
  expect((await world.sig(['request', `${APP}/api/me`])).code).toBe(0);
  const agents = sites.requests('app.shop.test').map((request) => request.header('user-agent') ?? '').filter((agent) =>
    agent !== ''
  );
  expect(agents.some((agent) => agent.startsWith('Mozilla/'))).toBe(true);
  // A hidden renewal calls itself what the window did.
  expect(agents.join()).not.toContain('Headless');
  expect(sites.requests('app.shop.test').map((request) => [...cookiesOf(request).keys()]).flat()).toContain('sid');
});
