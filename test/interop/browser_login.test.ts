import { expect, test } from 'vitest';
import type { ProviderConfig } from '../../src/config/config.ts';
import type { Credentials } from '../../src/credential/credentials.ts';
import { parseTotp, totpCode } from '../../src/credential/totp.ts';
import { type BrowserLoginOptions, obtainByBrowser, renewByBrowser } from '../../src/login/browser.ts';
import { login } from '../../src/login/login.ts';
import { createProviderSet } from '../../src/provider/find.ts';
import type { Provider } from '../../src/provider/provider.ts';
import { createSig } from '../../src/sig/create_sig.ts';
import { makeProvider, memoryCredentials } from '../_lib/fixture.ts';
import { needBrowser, useFolder, useIssuer, useSites } from '../_lib/lab.ts';
import { attend, type AttendedBrowser, type Person, signIn } from '../_lib/person.ts';
import { cookiesOf, createIdentityProvider, createRelyingSite, html, redirect } from '../_lib/relying_sites.ts';
import type { TestSites } from '../_lib/sites.ts';

const COOKIES = {
  extract: [{ from: 'cookies', as: 'session', match: '*' }],
  apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
} satisfies Partial<ProviderConfig>;
const clock = { now: () => Date.now() };
const env = () => undefined;
const audit = { write: () => Promise.resolve() };

interface World {
  readonly browser: AttendedBrowser;
  readonly credentials: Credentials;
  readonly provider: Provider;
  login(options?: BrowserLoginOptions): Promise<void>;
  /** `Cookie` names that the login sends to a URL's host, and what the site answers. */
  request(url: string): Promise<{ status: number; cookies: string[] }>;
}

async function useWorld(sites: TestSites, config: Partial<ProviderConfig>, person: Person = signIn()): Promise<World> {
  const provider = makeProvider({ id: 'site', strategy: 'browser', ...COOKIES, ...config });
  const browser = attend(await useFolder(), sites, person);
  const credentials = await memoryCredentials();
  const ports = { browser, send: sites.send, clock, env };
  const sig = createSig({
    providers: createProviderSet([provider]),
    credentials,
    send: sites.send,
    audit,
    clock,
    renew: (wanted, old) => renewByBrowser(wanted, old!, ports),
  });
  return {
    browser,
    credentials,
    provider,
    async login(options = {}) {
      await login(provider, {
        ...ports,
        credentials,
        audit,
        prompt: { line: refuse, secret: refuse, confirm: refuse },
        browse: (wanted, old) => obtainByBrowser(wanted, old, ports, { timeoutMs: 25_000, ...options }),
      });
    },
    async request(url) {
      const before = sites.server.requests.length;
      const { status } = await sig.fetch(new Request(url));
      const sent = sites.server.requests.slice(before).findLast((request) => url.endsWith(request.path));
      return { status, cookies: [...cookiesOf(sent!).keys()].sort() };
    },
  };
}

const refuse = () => Promise.reject(new Error('asked'));

test.for([undefined, 'script', 'meta'] as const)(
  'cookie single sign-on by redirects (last hop: %s), with nothing configured but the host',
  { timeout: 90_000 },
  async (hop, { skip }) => {
    needBrowser(skip);
    const idp = createIdentityProvider();
    const app = createRelyingSite('https://app.shop.test', idp, { maxAgeSec: 5000, ...(hop ? { hop } : {}) });
    const sites = await useSites({ 'app.shop.test': app.site, 'idp.corp.test': idp.site });
    const world = await useWorld(sites, { domains: ['app.shop.test'] });
    await world.login();
    expect(await world.request('https://app.shop.test/api/me')).toEqual({
      status: 200,
      cookies: ['_ga', 'sid', 'visitor'],
    });
    const stored = await world.credentials.open('site');
    expect(stored?.cookies?.reveal().every(({ domain }) => domain === 'app.shop.test')).toBe(true);
    expect(stored?.browser?.sessionCookies?.reveal().map(({ name, domain }) => [name, domain])).toEqual([[
      'idp',
      'idp.corp.test',
    ]]);
    expect(stored?.expiresAtSec).toBeGreaterThan(Date.now() / 1000 + 4000);
    expect(world.browser.opened).toEqual(['visible']);
  },
);

test('silent renewal: the site forgets, the identity provider does not', { timeout: 120_000 }, async ({ skip }) => {
  needBrowser(skip);
  const idp = createIdentityProvider();
  const app = createRelyingSite('https://app.shop.test', idp);
  const sites = await useSites({ 'app.shop.test': app.site, 'idp.corp.test': idp.site });
  const world = await useWorld(sites, { domains: ['app.shop.test'] });
  await world.login();
  app.logOutAll();
  // A 401 in the middle of work: nobody is asked, and the request is answered.
  expect((await world.request('https://app.shop.test/api/me')).status).toBe(200);
  expect(world.browser.opened).toEqual(['visible', 'headless']);
  expect(idp.typed).toEqual(['right']);
  // Now the identity provider forgets too: the 401 stays, and no window opens.
  app.logOutAll();
  idp.forget();
  expect((await world.request('https://app.shop.test/api/me')).status).toBe(401);
  expect(world.browser.opened).toEqual(['visible', 'headless', 'headless']);
  expect(await world.credentials.open('site')).toBeDefined();
});

test('OpenID Connect code flow with a real provider', { timeout: 90_000 }, async ({ skip }) => {
  needBrowser(skip);
  const client = {
    client_id: 'rp',
    client_secret: 'rp-secret-that-is-long-enough-for-anybody',
    redirect_uris: ['https://app.shop.test/callback'],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    scope: 'openid',
  };
  const issuer = await useIssuer({ asksPassword: true, clients: [client] });
  const sessions = new Set<string>();
  const sites = await useSites({
    'app.shop.test': (request) => {
      const { pathname, searchParams } = new URL(request.path, 'https://x');
      const cookies = cookiesOf(request);
      if (pathname === '/callback') {
        if (searchParams.get('state') !== cookies.get('state') || !searchParams.has('code')) {
          return html('bad', [], 400);
        }
        sessions.add(searchParams.get('code')!);
        return redirect('/', [['Set-Cookie', `sid=${searchParams.get('code')}; Path=/; Secure; HttpOnly`]]);
      }
      if (sessions.has(cookies.get('sid') ?? '')) return html('in');
      const query = new URLSearchParams({
        client_id: 'rp',
        response_type: 'code',
        scope: 'openid',
        redirect_uri: 'https://app.shop.test/callback',
        state: 's123',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      });
      return redirect(`${issuer.authorizationUrl}?${query}`, [[
        'Set-Cookie',
        'state=s123; Path=/; Secure; HttpOnly; SameSite=Lax',
      ]]);
    },
  }, [issuer]);
  const world = await useWorld(sites, { domains: ['app.shop.test'] });
  await world.login();
  expect((await world.request('https://app.shop.test/')).cookies).toContain('sid');
  expect(issuer.requests.some(({ path, method }) => path.startsWith('/interaction/') && method === 'POST')).toBe(true);
});

test('apex to www, and a session on the parent domain', { timeout: 90_000 }, async ({ skip }) => {
  needBrowser(skip);
  const idp = createIdentityProvider();
  const app = createRelyingSite('https://www.shop.test', idp);
  const sites = await useSites({
    'shop.test': () => ({ status: 301, headers: { Location: 'https://www.shop.test/' } }),
    'www.shop.test': app.site,
    'idp.corp.test': idp.site,
  });
  const world = await useWorld(sites, { domains: ['www.shop.test', 'shop.test'], entryUrl: 'https://shop.test/' });
  await world.login();
  expect((await world.request('https://www.shop.test/api/me')).status).toBe(200);
  expect((await world.credentials.open('site'))?.cookies?.reveal().some(({ name }) => name === 'sid')).toBe(true);
});

/** A single-page site: the same shell for everybody, hash routes, a token in localStorage. */
function spa(): (request: { path: string; header(name: string): string | undefined }) => ReturnType<typeof html> {
  return (request) => {
    if (request.path === '/api/me') {
      return request.header('authorization') === 'Bearer spa-token' ? { body: { ok: true } } : { status: 401 };
    }
    return html(`<div id="app"></div><script>
      localStorage.setItem('guest', 'guest-token');
      const show = () => {
        const isIn = localStorage.getItem('auth');
        if (!isIn && location.hash !== '#/login') { location.hash = '#/login'; return; }
        app.innerHTML = location.hash === '#/login' ? '<form><input type="password"></form>' : 'home';
        const form = app.querySelector('form');
        if (form) form.onsubmit = (event) => {
          event.preventDefault();
          localStorage.setItem('auth', JSON.stringify({ state: { token: 'spa-token', until: Date.now() + 3600e3 } }));
          location.hash = '#/home';
        };
      };
      addEventListener('hashchange', show); show();</script>`);
  };
}

test('single-page site with hash routes and a token in localStorage', { timeout: 90_000 }, async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({ 'app.shop.test': spa(), 'api.shop.test': spa() });
  const world = await useWorld(sites, {
    domains: ['api.shop.test'],
    entryUrl: 'https://app.shop.test/#/home',
    extract: [{
      from: 'localStorage',
      as: 'token',
      match: 'auth',
      jsonPath: 'state.token',
      expiresJsonPath: 'state.until',
    }],
    apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${token}' }],
  }, async (page) => {
    // The form comes after the page has loaded.
    const field = page.locator('input[type="password"]');
    await field.waitFor({ timeout: 10_000 });
    await field.fill('right');
    await field.press('Enter');
  });
  await world.login();
  expect((await world.request('https://api.shop.test/api/me')).status).toBe(200);
  const stored = await world.credentials.open('site');
  expect(stored?.values.token?.reveal()).toBe('spa-token');
  expect(stored?.expiresAtSec).toBeGreaterThan(Date.now() / 1000 + 3000);
  expect(stored?.cookies?.reveal()).toEqual([]);
});

test('a site that sets tracking cookies to everybody is no login', { timeout: 60_000 }, async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({ 'news.test': () => html('<h1>News</h1>') });
  const world = await useWorld(sites, { domains: ['news.test'] });
  await expect(world.login({ timeoutMs: 8_000 })).rejects.toMatchObject({ code: 'E_UNVERIFIED' });
  await expect(world.login({ timeoutMs: 8_000, mode: 'headless' })).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
  expect(await world.credentials.open('site')).toBeUndefined();
});

test('an API that answers 200 to everybody is read by validateRule', { timeout: 60_000 }, async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({
    'video.test': (request) => {
      const isKnown = cookiesOf(request).get('sid') === 'good';
      if (request.path === '/count') return { body: { status_code: isKnown ? 0 : 8 } };
      if (request.method === 'POST') return redirect('/', [['Set-Cookie', 'sid=good; Path=/; Secure; HttpOnly']]);
      return html(isKnown ? 'home' : '<form method="post"><input type="password" name="p"></form>');
    },
  });
  const world = await useWorld(sites, {
    domains: ['video.test'],
    validateUrl: 'https://video.test/count',
    validateRule: 'res.body.status_code === 0',
  });
  await world.login();
  expect((await world.request('https://video.test/')).cookies).toContain('sid');
});

test('a consent interstitial on the way is no login', { timeout: 90_000 }, async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({
    'news.test': (request) => {
      const cookies = cookiesOf(request);
      const { pathname, searchParams } = new URL(request.path, 'https://x');
      if (searchParams.has('agreed')) return redirect('/', [['Set-Cookie', 'consent=yes; Path=/; Secure; HttpOnly']]);
      if (pathname === '/me') return { status: cookies.get('sid') === 'good' ? 200 : 401 };
      if (cookies.get('consent') !== 'yes') return redirect('https://consent.test/?back=https://news.test/');
      if (request.method === 'POST') return redirect('/', [['Set-Cookie', 'sid=good; Path=/; Secure; HttpOnly']]);
      return html(
        cookies.get('sid') === 'good' ? 'home' : '<form method="post"><input type="password" name="p"></form>',
      );
    },
    'consent.test': () => html('<button onclick="location=\'https://news.test/?agreed=1\'">Agree</button>'),
  });
  const world = await useWorld(sites, { domains: ['news.test'], validateUrl: 'https://news.test/me' });
  await world.login();
  expect((await world.request('https://news.test/me')).status).toBe(200);
});

test('a page that is slow to answer is waited for, unseen too', { timeout: 120_000 }, async ({ skip }) => {
  needBrowser(skip);
  const idp = createIdentityProvider();
  const app = createRelyingSite('https://slow.test', idp);
  const sites = await useSites({
    'slow.test': async (request, socket) => {
      if (request.path === '/') await new Promise((resolve) => setTimeout(resolve, 5_000));
      return await app.site(request, socket);
    },
    'idp.corp.test': idp.site,
  });
  const world = await useWorld(sites, { domains: ['slow.test'], validateUrl: 'https://slow.test/api/me' });
  await world.login({ timeoutMs: 60_000 });
  app.logOutAll();
  expect((await world.request('https://slow.test/api/me')).status).toBe(200);
  expect(world.browser.opened).toEqual(['visible', 'headless']);
});

test('a session that rotates at every answer stays alive', { timeout: 90_000 }, async ({ skip }) => {
  needBrowser(skip);
  const idp = createIdentityProvider();
  const app = createRelyingSite('https://rotate.test', idp, { rotates: true });
  const sites = await useSites({ 'rotate.test': app.site, 'idp.corp.test': idp.site });
  const world = await useWorld(sites, { domains: ['rotate.test'], validateUrl: 'https://rotate.test/api/me' });
  await world.login();
  for (let i = 0; i < 5; i++) expect((await world.request('https://rotate.test/api/me')).status).toBe(200);
  expect(world.browser.opened).toEqual(['visible']);
});

test('a second factor: the seed in the vault answers for the person', { timeout: 120_000 }, async ({ skip }) => {
  needBrowser(skip);
  const totp = 'JBSWY3DPEHPK3PXP';
  const idp = createIdentityProvider({ totp });
  const app = createRelyingSite('https://app.shop.test', idp);
  const sites = await useSites({ 'app.shop.test': app.site, 'idp.corp.test': idp.site });
  const config = { domains: ['app.shop.test'], totp: { secretFrom: 'vault', domains: ['idp.corp.test'] } };
  const world = await useWorld(sites, config);
  await world.login({ totp: parseTotp(totp), timeoutMs: 60_000 });
  expect((await world.request('https://app.shop.test/api/me')).status).toBe(200);
  expect(idp.typed).toHaveLength(2);
  expect(idp.typed[1]).toMatch(/^\d{6}$/);
  expect((await world.credentials.open('site'))?.browser?.totp?.key.reveal()).toBe(totp);

  // Without the host in "totp.domains" nothing is typed there.
  const careful = await useWorld(sites, { ...config, totp: { secretFrom: 'vault' } }, signIn());
  idp.forget();
  await expect(careful.login({ totp: parseTotp(totp), timeoutMs: 8_000 })).rejects.toMatchObject({
    code: 'E_LOGIN_FAILED',
  });
  expect(idp.typed).toHaveLength(3);
});

test('a second factor that the person types is waited for', { timeout: 90_000 }, async ({ skip }) => {
  needBrowser(skip);
  const totp = 'JBSWY3DPEHPK3PXP';
  const idp = createIdentityProvider({ totp });
  const app = createRelyingSite('https://app.shop.test', idp);
  const sites = await useSites({ 'app.shop.test': app.site, 'idp.corp.test': idp.site });
  const person = signIn({ code: () => totpCode(parseTotp(totp), Date.now() / 1000) });
  const world = await useWorld(sites, { domains: ['app.shop.test'] }, person);
  await world.login();
  expect((await world.request('https://app.shop.test/api/me')).status).toBe(200);
});

test('B9: a phishing redirect gets nothing, and nothing is stored', { timeout: 60_000 }, async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({
    'app.shop.test': () => redirect('https://app.shop.test.evil.test/'),
    'app.shop.test.evil.test': () =>
      html('<h1>Shop</h1><script>localStorage.setItem("token", "evil")</script>', [['Set-Cookie', 'sid=evil; Secure']]),
  });
  const hosts = new Set<string | undefined>();
  const world = await useWorld(sites, {
    domains: ['app.shop.test'],
    extract: [{ from: 'localStorage', as: 'token', match: 'token' }, ...COOKIES.extract],
  });
  const attempt = world.login({ timeoutMs: 8_000, isConfirmed: () => true, progress: ({ host }) => hosts.add(host) });
  await expect(attempt).rejects.toMatchObject({ code: 'E_LOGIN_FAILED' });
  expect(await world.credentials.open('site')).toBeUndefined();
  expect(hosts).toContain('app.shop.test.evil.test');
});

test(
  'wildcard provider: a login on any of its hosts, cookies for each as the browser would',
  { timeout: 90_000 },
  async ({ skip }) => {
    needBrowser(skip);
    const idp = createIdentityProvider();
    const app = createRelyingSite('https://one.tenants.test', idp);
    const sites = await useSites({
      'one.tenants.test': app.site,
      'two.tenants.test': () => html('other'),
      'idp.corp.test': idp.site,
    });
    const world = await useWorld(sites, {
      domains: ['*.tenants.test'],
      entryUrl: 'https://one.tenants.test/',
      validateUrl: 'https://one.tenants.test/api/me',
    });
    await world.login();
    expect((await world.request('https://one.tenants.test/api/me')).cookies).toContain('sid');
    await expect(world.request('https://two.tenants.test/')).rejects.toMatchObject({ code: 'E_MISSING_VALUE' });
  },
);
