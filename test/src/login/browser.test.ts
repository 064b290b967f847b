import { expect, test } from 'vitest';
import type { ProviderConfig } from '../../../src/config/config.ts';
import type { Credential } from '../../../src/credential/credential.ts';
import { parseTotp } from '../../../src/credential/totp.ts';
import { SigError } from '../../../src/errors.ts';
import { type BrowserLoginOptions, obtainByBrowser, renewByBrowser } from '../../../src/login/browser.ts';
import type { WireResponse } from '../../../src/ports.ts';
import { Secret } from '../../../src/secret.ts';
import { answer, fixedClock, makeCredential, makeProvider, scriptedSend, type Seen } from '../../_lib/fixture.ts';
import { createMemoryBrowser, makeCookie, type MemoryBrowserOptions, type Scene } from '../../_lib/memory_browser.ts';

const HOME = 'https://x.test/';
const IDP = 'https://idp.test/login';
const TRACKING = makeCookie('_ga', 'anybody', 'x.test', { httpOnly: false });
const SID = makeCookie('sid', 'good', 'x.test', { expiresAtSec: 1_900_000_000 });
const IDP_SESSION = makeCookie('idp', 'person', 'idp.test');

/** The scenes of a person who signs in at an identity provider and comes back. */
const SIGN_IN: Scene[] = [
  { pages: [{ url: HOME, isLoading: true }], cookies: [TRACKING], forMs: 300 },
  { pages: [{ url: IDP, asks: 'password' }], forMs: 20_000 },
  { pages: [HOME], cookies: [TRACKING, SID, IDP_SESSION] },
];
const AT_IDP: Scene[] = [{ pages: [{ url: IDP, asks: 'password' }], cookies: [TRACKING] }];
const SIGNED_IN: Scene[] = [{ pages: [HOME], cookies: [TRACKING, SID, IDP_SESSION] }];
const PUBLIC: Scene[] = [{ pages: [HOME], cookies: [TRACKING] }];

const isKnown = (seen: Seen) => seen.header('cookie')?.includes('sid=good') === true;
const guarded = (seen: Seen): WireResponse =>
  isKnown(seen) ? answer(200) : answer(302, '', [['Location', 'https://idp.test/login']]);

interface Case extends Partial<MemoryBrowserOptions> {
  readonly config?: Partial<ProviderConfig>;
  readonly site?: (seen: Seen, count: number) => WireResponse;
  readonly old?: Partial<Credential>;
  readonly options?: BrowserLoginOptions;
}

function setUp({ config, site = guarded, old, options, ...browserOptions }: Case) {
  const provider = makeProvider({
    id: 'x',
    strategy: 'browser',
    domains: ['x.test'],
    extract: [{ from: 'cookies', as: 'session', match: '*' }],
    apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
    ...config,
  });
  const clock = fixedClock();
  const startMs = clock.now();
  const browser = createMemoryBrowser({ clock, ...browserOptions });
  const send = scriptedSend(site);
  const ports = { browser, send, clock, env: () => undefined };
  const before = old === undefined ? undefined : makeCredential(provider, {}, old);
  return {
    browser,
    send,
    elapsed: () => clock.now() - startMs,
    login: () => obtainByBrowser(provider, before, ports, options),
    renew: () => renewByBrowser(provider, before!, ports),
  };
}

function names(credential: Credential): string[] {
  return credential.cookies!.reveal().map(({ name }) => name);
}

test('obtainByBrowser() waits until a person is back from the identity provider', async () => {
  const { login, browser, send } = setUp({ visible: SIGN_IN });
  const credential = await login();
  expect(credential).toMatchObject({ provider: 'x', strategy: 'browser', values: {}, expiresAtSec: 1_900_000_000 });
  expect(names(credential)).toEqual(['_ga', 'sid']);
  expect(credential.browser?.sessionCookies?.reveal().map(({ name }) => name)).toEqual(['_ga', 'idp']);
  expect(browser.opened.map(({ mode, profile }) => [mode, profile])).toEqual([['visible', 'x']]);
  expect(browser.visited).toEqual([HOME]);
  expect(browser.closed).toBe(1);
  expect(send.seen.length).toBeLessThan(6);
});

test('obtainByBrowser() takes no cookies that everybody gets, however long it waits', async () => {
  const { login, browser, elapsed } = setUp({ visible: PUBLIC, options: { timeoutMs: 60_000 } });
  await expect(login()).rejects.toMatchObject({ code: 'E_LOGIN_FAILED', provider: 'x' });
  expect(elapsed()).toBeGreaterThanOrEqual(60_000);
  expect(browser.closed).toBe(1);
});

test('obtainByBrowser() on a public site without validateUrl takes the word of the person, and nothing else', async () => {
  const visible: Scene[] = [
    { pages: [HOME], cookies: [TRACKING], forMs: 5_000 },
    { pages: [{ url: `${HOME}welcome`, asks: 'password' }], forMs: 5_000 },
    { pages: [HOME], cookies: [TRACKING, SID] },
  ];
  const site = () => answer(200);
  const silent = setUp({ visible, site, options: { timeoutMs: 60_000 } });
  await expect(silent.login()).rejects.toMatchObject({
    code: 'E_UNVERIFIED',
    hint: expect.stringMatching(/validateUrl/),
  });

  const stages = new Set<string>();
  const spoken = setUp({
    visible,
    site,
    options: {
      isConfirmed: () => spoken.elapsed() > 20_000,
      progress: ({ stage }) => stages.add(stage),
    },
  });
  expect(names(await spoken.login())).toEqual(['_ga', 'sid']);
  expect([...stages]).toEqual(['waiting', 'asking']);
});

test('obtainByBrowser() takes closing the window after signing in as that word', async () => {
  const visible: Scene[] = [
    { pages: [HOME], cookies: [TRACKING], forMs: 5_000 },
    { pages: [{ url: `${HOME}welcome`, asks: 'password' }], forMs: 5_000 },
    { pages: [HOME], cookies: [TRACKING, SID], forMs: 5_000 },
    { pages: [], isClosed: true },
  ];
  const { login } = setUp({ visible, site: () => answer(200) });
  expect(names(await login())).toEqual(['_ga', 'sid']);
});

test.each<[string, Scene[]]>([
  ['at once', [{ pages: [], isClosed: true }]],
  ['at the identity provider', [AT_IDP[0]!, { pages: [], isClosed: true }].map((scene) => ({ ...scene, forMs: 3000 }))],
  ['without a sign-in', [{ pages: [HOME], cookies: [TRACKING], forMs: 9000 }, { pages: [], isClosed: true }]],
])('obtainByBrowser() fails when the window is closed %s', async (_, visible) => {
  const { login } = setUp({ visible, site: () => answer(200) });
  await expect(login()).rejects.toMatchObject({ code: expect.stringMatching(/^E_LOGIN_FAILED|E_UNVERIFIED$/) });
});

test('obtainByBrowser() does not let a person overrule what validateUrl says', async () => {
  const { login } = setUp({
    visible: SIGNED_IN,
    config: { validateUrl: `${HOME}me` },
    site: () => answer(401),
    options: { timeoutMs: 30_000, isConfirmed: () => true },
  });
  await expect(login()).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
});

test.each([429, 500, 503])(
  'status %i is neither yes nor no: nothing is taken, and the site is asked again',
  async (status) => {
    const failing = setUp({
      visible: SIGNED_IN,
      config: { validateUrl: `${HOME}me` },
      site: () => answer(status),
      options: { timeoutMs: 60_000, isConfirmed: () => true },
    });
    await expect(failing.login()).rejects.toMatchObject({ code: 'E_UNVERIFIED' });
    expect(failing.send.seen.length).toBeGreaterThan(3);
    expect(failing.send.seen.length).toBeLessThan(20);
    const recovering = setUp({
      visible: SIGNED_IN,
      config: { validateUrl: `${HOME}me` },
      site: (_, count) => answer(count < 3 ? status : 200),
    });
    expect(names(await recovering.login())).toContain('sid');
  },
);

test('B9: a phishing page is never read, and the person is told where they are', async () => {
  const hosts = new Set<string | undefined>();
  const { login, browser } = setUp({
    visible: [{
      pages: ['https://x.test.evil.test/'],
      cookies: [SID],
      storage: { 'localStorage https://x.test.evil.test': { t: 'x' } },
    }],
    config: {
      extract: [{ from: 'cookies', as: 'session', match: '*' }, { from: 'localStorage', as: 't', match: 't' }],
    },
    options: { timeoutMs: 30_000, isConfirmed: () => true, progress: ({ host }) => hosts.add(host) },
  });
  await expect(login()).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
  expect(browser.read).toEqual([]);
  expect(hosts).toContain('x.test.evil.test');
});

test('a login page of the site itself is not read before it is left', async () => {
  for (const url of [`${HOME}login`, `${HOME}#/login`]) {
    const { login, send } = setUp({ visible: [{ pages: [url], cookies: [SID] }], options: { timeoutMs: 20_000 } });
    await expect(login()).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
    expect(send.seen).toEqual([]);
  }
});

test('obtainByBrowser() tells which value a login lacks', async () => {
  const { login } = setUp({
    visible: SIGNED_IN,
    config: {
      extract: [{ from: 'cookies', as: 'session' }, {
        from: 'localStorage',
        as: 'xoxc',
        match: 'cfg',
        jsonPath: 'a.b',
      }],
    },
    options: { timeoutMs: 20_000 },
  });
  await expect(login()).rejects.toMatchObject({ code: 'E_EXTRACT', message: expect.stringMatching(/"xoxc"/) });
});

test('auto tries the profile unseen first, and opens a window only when it must', async () => {
  const silent = setUp({ hasProfile: true, headless: SIGNED_IN });
  expect(names(await silent.login())).toContain('sid');
  expect(silent.browser.opened.map(({ mode }) => mode)).toEqual(['headless']);

  const both = setUp({ hasProfile: true, headless: AT_IDP, visible: SIGN_IN });
  await both.login();
  expect(both.browser.opened.map(({ mode }) => mode)).toEqual(['headless', 'visible']);
  expect(both.browser.closed).toBe(2);

  const fresh = setUp({ visible: SIGN_IN });
  await fresh.login();
  expect(fresh.browser.opened.map(({ mode }) => mode)).toEqual(['visible']);
});

test('a hidden browser that comes to rest at a login page gives up soon, and one that moves does not', async () => {
  const asking = setUp({ headless: AT_IDP, options: { mode: 'headless' } });
  await expect(asking.login()).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED', hint: 'sig login x' });
  expect(asking.elapsed()).toBeLessThan(3_000);
  const silent = setUp({ headless: [{ pages: ['https://idp.test/spinner'] }], options: { mode: 'headless' } });
  await expect(silent.login()).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
  expect(silent.elapsed()).toBeLessThan(7_000);
  const slow = setUp({
    headless: [{ pages: [{ url: IDP, isLoading: true }], forMs: 20_000 }, SIGNED_IN[0]!],
    options: { mode: 'headless' },
  });
  expect(names(await slow.login())).toContain('sid');
  const hanging = setUp({ headless: [{ pages: [{ url: IDP, isLoading: true }] }], options: { mode: 'headless' } });
  await expect(hanging.login()).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
  expect(hanging.elapsed()).toBeLessThan(35_000);
});

test('renewByBrowser() opens no window, and gives the browser back what it forgets', async () => {
  const old = { browser: { sessionCookies: new Secret([IDP_SESSION]) } };
  const { renew, browser } = setUp({ headless: SIGNED_IN, old });
  expect(names(await renew())).toContain('sid');
  expect(browser.restored).toEqual([IDP_SESSION]);
  expect(browser.opened.map(({ mode }) => mode)).toEqual(['headless']);
  const gone = setUp({ headless: AT_IDP, visible: SIGN_IN, old });
  await expect(gone.renew()).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED', exitCode: 4 });
  expect(gone.browser.opened.map(({ mode }) => mode)).toEqual(['headless']);
});

test('renewByBrowser() does not take an answer that says nothing for a login', async () => {
  const { renew } = setUp({
    headless: SIGNED_IN,
    old: {},
    config: { validateUrl: `${HOME}me` },
    site: () => answer(503),
  });
  await expect(renew()).rejects.toMatchObject({ code: 'E_UNVERIFIED' });
});

test('a machine that shows no window says what works there', async () => {
  const { login, browser } = setUp({ hasDisplay: false, visible: SIGN_IN });
  await expect(login()).rejects.toMatchObject({
    code: 'E_NO_DISPLAY',
    hint: expect.stringMatching(/--import-cookies/),
  });
  expect(browser.opened).toEqual([]);
  const warm = setUp({ hasDisplay: false, hasProfile: true, headless: SIGNED_IN });
  expect(names(await warm.login())).toContain('sid');
});

test.each(['headless', 'visible'] as const)(
  'loginMode %s of the provider is followed, and --mode before it',
  async (loginMode) => {
    const set = (options?: BrowserLoginOptions) =>
      setUp({
        hasProfile: true,
        headless: SIGNED_IN,
        visible: SIGNED_IN,
        config: { loginMode },
        ...(options ? { options } : {}),
      });
    const one = set();
    await one.login();
    expect(one.browser.opened.map(({ mode }) => mode)).toEqual([loginMode]);
    const other = loginMode === 'headless' ? 'visible' : 'headless';
    const two = set({ mode: other });
    await two.login();
    expect(two.browser.opened.map(({ mode }) => mode)).toEqual([other]);
  },
);

test('the network proxy of the provider is the browser’s too', async () => {
  const { login, browser } = setUp({ visible: SIGNED_IN, config: { networkProxy: 'socks5://127.0.0.1:3333' } });
  await login();
  expect(browser.opened[0]!.networkProxy).toBe('socks5://127.0.0.1:3333');
});

test('a cancelled login closes the browser and says so', async () => {
  const controller = new AbortController();
  const { login, browser } = setUp({
    visible: AT_IDP,
    options: { signal: controller.signal },
    onWait: () => controller.abort(),
  });
  await expect(login()).rejects.toMatchObject({ code: 'E_INTERRUPTED', exitCode: 130 });
  expect(browser.closed).toBe(1);
});

test('a page that cannot be loaded ends the login, and the browser is closed', async () => {
  const { login, browser } = setUp({
    visible: SIGN_IN,
    failure: new SigError('E_UPSTREAM', 'Browser cannot load x.test'),
  });
  await expect(login()).rejects.toMatchObject({ code: 'E_UPSTREAM' });
  expect(browser.closed).toBe(1);
});

const MFA: Scene[] = [
  { pages: [{ url: 'https://idp.test/mfa', asks: 'code' }], cookies: [TRACKING], forMs: 60_000 },
  SIGNED_IN[0]!,
];
const SEED = parseTotp('JBSWY3DPEHPK3PXP');

test('one-time codes are typed at the hosts that the provider names, and the seed stays', async () => {
  const config = { totp: { secretFrom: 'vault', domains: ['idp.test'] } };
  const given = setUp({ visible: MFA, config, options: { totp: SEED } });
  const credential = await given.login();
  expect(given.browser.typed).toMatchObject([{ origin: 'https://idp.test', code: expect.stringMatching(/^\d{6}$/) }]);
  expect(credential.browser?.totp).toEqual(SEED);
  const stored = setUp({ headless: MFA, config, old: { browser: { totp: SEED } } });
  expect((await stored.renew()).browser?.totp).toEqual(SEED);
  expect(stored.browser.typed).toHaveLength(1);
});

test('B9: a one-time code goes to no host that nobody named', async () => {
  for (
    const config of [{}, { totp: { secretFrom: 'vault' } }, { totp: { secretFrom: 'vault', domains: ['idp2.test'] } }]
  ) {
    const { login, browser } = setUp({ visible: MFA, config, options: { totp: SEED, timeoutMs: 30_000 } });
    await expect(login()).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
    expect(browser.typed).toEqual([]);
  }
});

test('a site that takes the person back and forth is read only when it rests', async () => {
  const hops: Scene[] = Array.from({ length: 8 }, (_, i) => ({
    pages: [{ url: i % 2 === 0 ? `${HOME}callback${i}` : IDP, isLoading: i % 2 === 1 }],
    cookies: [TRACKING],
    forMs: 250,
  }));
  const { login, send } = setUp({ visible: [...hops, ...SIGNED_IN] });
  await login();
  expect(send.seen.every((seen) => seen.header('cookie') === undefined || isKnown(seen))).toBe(true);
});
