import { expect, onTestFinished, test } from 'vitest';
import { needBrowser, useFolder, useSites } from '../../../_lib/lab.ts';
import { createTestBrowser, type TestSites } from '../../../_lib/sites.ts';

async function useSession(sites: TestSites) {
  const session = await createTestBrowser(await useFolder(), sites).open({ profile: 'shop', mode: 'headless' });
  onTestFinished(session.close);
  return session;
}

test('waitForChange() returns at a navigation, an answer, or when its time is over', async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({
    'shop.test': () => ({
      headers: { 'Content-Type': 'text/html' },
      body: '<script>setTimeout(() => fetch("/later"), 1500)</script>',
    }),
  });
  const session = await useSession(sites);
  const measure = async (timeoutMs: number) => {
    const start = performance.now();
    await session.waitForChange(timeoutMs);
    return performance.now() - start;
  };
  expect(await measure(200)).toBeGreaterThan(150);
  const [waited] = await Promise.all([measure(20_000), session.goto('https://shop.test/')]);
  expect(waited).toBeLessThan(10_000);
  while (sites.requests('shop.test').length < 2) expect(await measure(20_000)).toBeLessThan(10_000);
});

test('waitForChange() does not miss a load that came since pages()', async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({ 'shop.test': () => ({ body: 'x' }) });
  const session = await useSession(sites);
  await session.pages();
  await session.goto('https://shop.test/');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const start = performance.now();
  await session.waitForChange(20_000);
  expect(performance.now() - start).toBeLessThan(5_000);
});

test('a tab is loading from its request to its load event, however slow the site is', async ({ skip }) => {
  needBrowser(skip);
  let answer = () => {};
  const sites = await useSites({
    'shop.test': async (request) => {
      if (request.path === '/slow') await new Promise<void>((resolve) => answer = resolve);
      return {
        headers: { 'Content-Type': 'text/html' },
        body: '<script>setTimeout(() => location = "/slow", 100)</script>',
      };
    },
  });
  const session = await useSession(sites);
  await session.goto('https://shop.test/');
  while (!sites.requests('shop.test').some(({ path }) => path === '/slow')) await session.waitForChange(200);
  // The server may know of the request before the browser has told us.
  const loading = { url: 'https://shop.test/', isLoading: true };
  await expect.poll(async () => (await session.pages())[0], { timeout: 10_000 }).toMatchObject(loading);
  answer();
  for (let i = 0; i < 50 && (await session.pages())[0]!.url !== 'https://shop.test/slow'; i++) {
    await session.waitForChange(200);
  }
  expect((await session.pages())[0]!.url).toBe('https://shop.test/slow');
});

test('pages() answers while a page shows a dialog or hangs', async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({
    'shop.test': (request) => ({
      headers: { 'Content-Type': 'text/html' },
      body: `<input type="password"><script>setTimeout(() => { ${
        request.path === '/loop' ? 'for (;;);' : 'alert(1)'
      } }, 200)</script>`,
    }),
  });
  const session = await useSession(sites);
  for (const path of ['/alert', '/loop']) {
    await session.goto(`https://shop.test${path}`);
    await session.waitForChange(2_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const start = performance.now();
    expect((await session.pages())[0]!.origin).toBe('https://shop.test');
    expect(performance.now() - start).toBeLessThan(5_000);
  }
});

test('B9: pages() gives the origin that the browser committed, not what a page claims', async ({ skip }) => {
  needBrowser(skip);
  const sites = await useSites({
    'evil.test': () => ({
      headers: { 'Content-Type': 'text/html' },
      body: `<base href="https://shop.test/"><script>
        history.replaceState(null, '', '/https://shop.test/');
        Object.defineProperty(window, 'origin', { value: 'https://shop.test' });
        document.title = 'https://shop.test';</script>`,
    }),
  });
  const session = await useSession(sites);
  await session.goto('https://evil.test/');
  expect((await session.pages())[0]!.origin).toBe('https://evil.test');
  await session.goto('about:blank');
  expect((await session.pages())[0]!.origin).toBeNull();
  await session.goto('data:text/html,<input type=password>');
  expect((await session.pages())[0]).toMatchObject({ origin: null, asks: null });
});
