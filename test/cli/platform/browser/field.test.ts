import { expect, onTestFinished, test } from 'vitest';
import type { BrowserSession } from '../../../../src/ports.ts';
import { needBrowser, useFolder, useSites } from '../../../_lib/lab.ts';
import { createTestBrowser, type TestSites } from '../../../_lib/sites.ts';

const ORIGIN = 'https://idp.test';

/** Pages by path; `/sent` takes the form. */
async function useForms(forms: Record<string, string>): Promise<TestSites> {
  return await useSites({
    'idp.test': (request) => ({
      headers: { 'Content-Type': 'text/html' },
      body: forms[request.path] ?? '<p>other</p>',
    }),
    'evil.test': () => ({ headers: { 'Content-Type': 'text/html' }, body: `<iframe src="${ORIGIN}/code"></iframe>` }),
  });
}

async function useSession(sites: TestSites): Promise<BrowserSession> {
  const session = await createTestBrowser(await useFolder(), sites).open({ profile: 'idp', mode: 'headless' });
  onTestFinished(session.close);
  return session;
}

async function settle(session: BrowserSession): Promise<void> {
  for (let i = 0; i < 50 && (await session.pages()).some(({ isLoading }) => isLoading); i++) {
    await session.waitForChange(100);
  }
}

test('a tab tells what its visible fields ask for, and nothing else', async ({ skip }) => {
  needBrowser(skip);
  const cases: [string, string, string | null][] = [
    ['/none', '<input name="q">', null],
    ['/password', '<input name="u"><input type="password" name="p">', 'password'],
    ['/hidden', '<input type="password" style="display:none"><input type="hidden" name="otp">', null],
    ['/code', '<form action="/sent"><input name="code" autocomplete="one-time-code"></form>', 'code'],
    ['/both', '<input type="password"><input name="totp">', 'code'],
    ['/numeric', '<input inputmode="numeric" maxlength="6">', 'code'],
    ['/remember', '<input type="checkbox" name="mfa_remember">', null],
    ['/frame', '<iframe src="/password"></iframe>', 'password'],
    [
      '/shadow',
      '<div id="d"></div><script>d.attachShadow({mode:"open"}).innerHTML = "<input type=password>"</script>',
      'password',
    ],
  ];
  const session = await useSession(await useForms(Object.fromEntries(cases.map(([path, form]) => [path, form]))));
  for (const [path, , expected] of cases) {
    await session.goto(ORIGIN + path);
    await settle(session);
    expect((await session.pages())[0]!.asks, path).toBe(expected);
  }
});

test('fillCode() types the code and sends the form, whole or in single boxes', async ({ skip }) => {
  needBrowser(skip);
  const boxes = '<script>for (const [i, b] of [...document.querySelectorAll("input")].entries()) {' +
    'b.oninput = () => { b.nextElementSibling?.focus(); const all = [...document.querySelectorAll("input")].map((x) => x.value).join("");' +
    'if (all.length === 6) location = "/sent?code=" + all; }; }</script>';
  const sites = await useForms({
    '/code': '<form action="/sent"><input name="code" autocomplete="one-time-code"></form>',
    '/boxes': `${'<input maxlength="1" inputmode="numeric" name="otp">'.repeat(6)}${boxes}`,
    '/late': `${'<input maxlength="1" inputmode="numeric" name="otp">'.repeat(6)}${
      boxes.replace('b.nextElementSibling?.focus()', 'setTimeout(() => b.nextElementSibling?.focus())')
    }`,
    '/shadow': `<div id="d"></div><script>d.attachShadow({ mode: 'open' }).innerHTML =
      '<form action="/sent"><input name="code" autocomplete="one-time-code"></form>'</script>`,
    '/keys': `<input id="k" autocomplete="one-time-code"><script>
      k.onkeydown = ({ key }) => key === 'Enter' && (location = '/sent?code=' + k.value)</script>`,
    '/replaced': `<form action="/sent"><input name="code" autocomplete="one-time-code"></form><script>
      const field = document.forms[0][0];
      Object.defineProperty(field, 'value', { set() { location = 'https://evil.test/'; }, get: () => 'bent' });
      document.execCommand = () => { location = 'https://evil.test/'; };</script>`,
  });
  const session = await useSession(sites);
  for (const path of ['/code', '/boxes', '/late', '/shadow', '/keys', '/replaced']) {
    await session.goto(ORIGIN + path);
    await settle(session);
    expect(await session.fillCode(ORIGIN, '012345'), path).toBe(true);
    for (let i = 0; i < 30 && !(await session.pages())[0]!.url.includes('/sent'); i++) await session.waitForChange(100);
    expect((await session.pages())[0]!.url).toBe(`${ORIGIN}/sent?code=012345`);
  }
});

test('B9: fillCode() gives a code to no other origin, and to no frame', async ({ skip }) => {
  needBrowser(skip);
  const sites = await useForms({
    '/code': '<form action="/sent"><input name="code" autocomplete="one-time-code"></form>',
  });
  const session = await useSession(sites);
  await session.goto(`${ORIGIN}/code`);
  await settle(session);
  for (const origin of ['https://evil.test', 'http://idp.test', 'https://idp.test:444', 'https://sub.idp.test', '']) {
    expect(await session.fillCode(origin, '012345')).toBe(false);
  }
  await session.goto('https://evil.test/');
  await settle(session);
  expect((await session.pages())[0]!.asks).toBe('code');
  expect(await session.fillCode(ORIGIN, '012345')).toBe(false);
  expect(await session.fillCode('https://evil.test', '012345')).toBe(false);
  expect(sites.server.bytes().toString()).not.toContain('012345');
});
