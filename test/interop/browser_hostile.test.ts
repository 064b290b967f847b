import { expect, onTestFinished, test } from 'vitest';
import type { ProviderConfig } from '../../src/config/config.ts';
import type { Credential } from '../../src/credential/credential.ts';
import { obtainByBrowser } from '../../src/login/browser.ts';
import type { BrowserSession } from '../../src/ports.ts';
import { makeProvider } from '../_lib/fixture.ts';
import { needBrowser, useFolder, useSites } from '../_lib/lab.ts';
import { attend, signIn } from '../_lib/person.ts';
import { createTestBrowser, type Site, type TestSites } from '../_lib/sites.ts';

const PAGE = { headers: { 'Content-Type': 'text/html' } };
const ORIGIN = 'https://odd.test';

async function useSession(sites: TestSites): Promise<BrowserSession> {
  const session = await createTestBrowser(await useFolder(), sites).open({ profile: 'odd', mode: 'headless' });
  onTestFinished(session.close);
  return session;
}

async function settle(session: BrowserSession): Promise<void> {
  for (let i = 0; i < 100 && (await session.pages()).some(({ isLoading }) => isLoading); i++) {
    await session.waitForChange(100);
  }
}

/** A login at a site, with somebody in front of it who signs in where that can be done. */
async function logIn(site: Site, config: Partial<ProviderConfig>, timeoutMs: number): Promise<Credential> {
  const sites = await useSites({ 'odd.test': site });
  const provider = makeProvider({
    id: 'odd',
    strategy: 'browser',
    domains: ['odd.test'],
    extract: [{ from: 'cookies', as: 'session', match: '*' }],
    apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
    ...config,
  });
  const browser = attend(await useFolder(), sites, signIn());
  const ports = { browser, send: sites.send, clock: { now: () => Date.now() }, env: () => undefined };
  return await obtainByBrowser(provider, undefined, ports, { timeoutMs });
}

async function elapsed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

test(
  'C15: a page of 20 MB with odd markup and 300 frames is looked at in bounded time',
  { timeout: 60_000 },
  async ({ skip }) => {
    needBrowser(skip);
    const odd =
      '<input type=password hidden>\0<!-- <input type="password" --><p <p =">\u00ff<svg><script/><table><input></svg>';
    const sites = await useSites({
      'odd.test': ({ path }) => ({
        ...PAGE,
        body: path === '/'
          ? odd + '<iframe src="/frame"></iframe>'.repeat(300) + '<i>x</i>'.repeat(2_500_000)
          : '<input>',
      }),
    });
    const session = await useSession(sites);
    await session.goto(`${ORIGIN}/`);
    expect(await elapsed(() => session.pages())).toBeLessThan(10_000);
    await session.waitForChange(1_000);
    expect(await elapsed(() => session.pages())).toBeLessThan(10_000);
    expect((await session.pages())[0]).toMatchObject({ origin: ORIGIN, asks: null });
  },
);

test('C15: a document that never ends ends the login when its time is over', { timeout: 60_000 }, async ({ skip }) => {
  needBrowser(skip);
  const endless = async function* () {
    for (let i = 0; i < 600; i++) {
      yield `<p>${i}</p>`;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const took = await elapsed(() =>
    expect(logIn(() => ({ ...PAGE, body: endless() }), {}, 4_000)).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' })
  );
  expect(took).toBeLessThan(20_000);
});

test(
  'C15: a page that is busy for ever ends the login when its time is over',
  { timeout: 60_000 },
  async ({ skip }) => {
    needBrowser(skip);
    const busy = '<title>x</title><script>localStorage.token = "x"; setTimeout(() => { for (;;); }, 300)</script>';
    const took = await elapsed(() =>
      expect(logIn(() => ({ ...PAGE, body: busy }), TOKEN, 5_000)).rejects.toMatchObject({
        code: expect.stringMatching(/^E_(?:EXTRACT|LOGIN_FAILED|UNVERIFIED)$/),
      })
    );
    expect(took).toBeLessThan(25_000);
  },
);

test('C15: a site that sends on for ever is given up', { timeout: 60_000 }, async ({ skip }) => {
  needBrowser(skip);
  let count = 0;
  const byStatus: Site = () => ({ status: 302, headers: { Location: `/?secret=${count++}` } });
  await expect(logIn(byStatus, {}, 4_000)).rejects.toMatchObject({
    code: 'E_UPSTREAM',
    message: 'Browser cannot load odd.test: ERR_TOO_MANY_REDIRECTS',
  });
  expect(count).toBeLessThan(60);
  const byScript: Site = () => ({ ...PAGE, body: '<script>location = "/?" + Math.random()</script>' });
  await expect(logIn(byScript, {}, 4_000)).rejects.toMatchObject({
    code: expect.stringMatching(/^E_LOGIN_FAILED$|^E_UNVERIFIED$/),
  });
});

/** A site whose storage is filled by a script before anybody signs in, and whose token comes with the password. */
const hoarder = (fill: string, token: string): Site => () => ({
  ...PAGE,
  body: `<form><input type="password"></form><script>
    ${fill}
    document.forms[0].onsubmit = (event) => {
      event.preventDefault();
      localStorage.setItem('token', ${token});
      document.forms[0].remove();
    };</script>`,
});
const TOKEN = { extract: [{ from: 'localStorage', as: 'token', match: 'token' }], apply: [] } satisfies Partial<
  ProviderConfig
>;

test('C15: one key of 10,001 is found', { timeout: 60_000 }, async ({ skip }) => {
  needBrowser(skip);
  const fill = 'for (let i = 0; i < 10_000; i++) localStorage.setItem("token" + i, "x".repeat(100));';
  const { values } = await logIn(hoarder(fill, '"good"'), TOKEN, 30_000);
  expect(values.token?.reveal()).toBe('good');
});

test('C15: a value as large as a browser keeps is no token', { timeout: 60_000 }, async ({ skip }) => {
  needBrowser(skip);
  // Chromium itself refuses 50 MB: an origin has about five million characters.
  const fill =
    `let refused = ''; try { localStorage.setItem('token', 'x'.repeat(50e6)); } catch (e) { refused = e.name; }
    localStorage.setItem('refused', refused);`;
  const rules = (match: string) => ({ ...TOKEN, extract: [{ from: 'localStorage', as: 'token', match }] as const });
  const refused = await logIn(hoarder(fill, '"good"'), rules('token'), 30_000);
  expect(refused.values.token?.reveal()).toBe('good');
  await expect(logIn(hoarder('', '"x".repeat(5e6)'), rules('token'), 8_000)).rejects.toMatchObject({
    code: 'E_EXTRACT',
    message: 'Browser holds no value for "token" of "odd"',
  });
});

test('C15: no script of ours runs where a page could bend it', { timeout: 60_000 }, async ({ skip }) => {
  needBrowser(skip);
  const trap = `<form action="/sent"><input name="code" autocomplete="one-time-code"></form><script>
    localStorage.token = 'good';
    const { defineProperty, getOwnPropertyDescriptors, entries } = Object;
    const { apply } = Reflect;
    const tell = (what) => navigator.sendBeacon('/called?' + what);
    const owners = [Document, DocumentFragment, Element, Node, HTMLElement, HTMLInputElement, Storage, Array, Map, Set,
      Promise, RegExp, String].map(({ name, prototype }) => [name, prototype]);
    for (const [name, owner] of [...owners, ['JSON', JSON], ['Object', Object], ['Reflect', Reflect], ['window', window]]) {
      for (const [key, { value, configurable }] of entries(getOwnPropertyDescriptors(owner))) {
        if (typeof value !== 'function' || !configurable || key === 'constructor' || /^[A-Z]/.test(key)) continue;
        const spring = function (...all) {
          defineProperty(owner, key, { value, configurable: true, writable: true });
          tell(name + '.' + key);
          return apply(value, this, all);
        };
        defineProperty(owner, key, { value: spring, configurable: true, writable: true });
      }
    }
    new MutationObserver(() => tell('DOM')).observe(document, { subtree: true, childList: true, attributes: true });
    if (location.search === '?spring') { document.querySelectorAll('input'); JSON.stringify({}); }
  </script>`;
  const sites = await useSites({
    'odd.test': ({ path }) => ({ ...PAGE, body: /^\/(?:\?spring)?$/.test(path) ? trap : 'x' }),
  });
  const called = () =>
    sites.requests('odd.test').map(({ path }) => path).filter((path) => path.startsWith('/called')).sort();
  const session = await useSession(sites);
  await session.goto(`${ORIGIN}/?spring`);
  await settle(session);
  // The trap works, and what it tells arrives.
  await expect.poll(called, { timeout: 10_000 }).toEqual(
    expect.arrayContaining(['/called?Document.querySelectorAll', '/called?JSON.stringify']),
  );
  await session.goto(`${ORIGIN}/`);
  await settle(session);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = called();
  expect((await session.pages())[0]).toMatchObject({ asks: 'code' });
  await session.cookies();
  await session.setCookies([]);
  expect((await session.storage(ORIGIN, 'localStorage'))?.get('token')).toBe('good');
  expect(await session.fillCode(ORIGIN, '012345')).toBe(true);
  for (let i = 0; i < 50 && !(await session.pages())[0]!.url.includes('/sent'); i++) await session.waitForChange(100);
  expect(called()).toEqual(before);
});
