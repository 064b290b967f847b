import { expect, test } from 'vitest';
import { parseTotp, totpCode } from '../../../src/credential/totp.ts';
import { createCodeTyper } from '../../../src/login/one_time_code.ts';
import type { BrowserPage } from '../../../src/ports.ts';
import { fixedClock, NOW_MS } from '../../_lib/fixture.ts';
import { createMemoryBrowser, type Scene } from '../../_lib/memory_browser.ts';

const IDP = 'https://idp.test';
const SEED = parseTotp('JBSWY3DPEHPK3PXP');
// At the beginning of a period.
const START_MS = Math.ceil(NOW_MS / 30_000) * 30_000;

async function setUp(
  scene: Scene,
  mayType: (origin: string) => boolean = (origin) => origin === IDP,
  startMs = START_MS,
) {
  const clock = fixedClock(startMs);
  const browser = createMemoryBrowser({ clock, visible: [scene] });
  const session = await browser.open({ profile: 'x', mode: 'visible' });
  const typer = createCodeTyper(SEED, mayType, clock);
  return { clock, browser, type: async () => await typer.type(session, await session.pages() as BrowserPage[]) };
}

test('createCodeTyper() types the code of the moment where it is asked for', async () => {
  const { browser, type } = await setUp({ pages: ['https://other.test/', { url: `${IDP}/mfa`, asks: 'code' }] });
  expect(await type()).toBe(true);
  expect(browser.typed).toEqual([{ origin: IDP, code: await totpCode(SEED, START_MS / 1000) }]);
});

test('createCodeTyper() never types a code twice, and no more than three', async () => {
  const { clock, browser, type } = await setUp({ pages: [{ url: `${IDP}/mfa`, asks: 'code' }] });
  const typed: boolean[] = [];
  for (let i = 0; i < 10; i++) {
    typed.push(await type());
    clock.advance(15_000);
  }
  expect(typed).toEqual([true, false, true, false, true, false, false, false, false, false]);
  expect(new Set(browser.typed.map(({ code }) => code)).size).toBe(3);
});

test('createCodeTyper() waits when a code is about to end', async () => {
  const { clock, type } = await setUp({ pages: [{ url: `${IDP}/mfa`, asks: 'code' }] }, undefined, START_MS + 28_500);
  expect(await type()).toBe(false);
  clock.advance(1_500);
  expect(await type()).toBe(true);
});

test.each<[string, Scene['pages']]>([
  ['a foreign origin', [{ url: 'https://evil.test/mfa', asks: 'code' }]],
  ['no origin', [{ url: 'data:text/html,x', asks: 'code' }]],
  ['a password field', [{ url: `${IDP}/login`, asks: 'password' }]],
  ['nothing', [`${IDP}/`]],
  ['a page that loads', [{ url: `${IDP}/mfa`, asks: 'code', isLoading: true }]],
])('B9: createCodeTyper() types nothing into %s', async (_, pages) => {
  const { browser, type } = await setUp({ pages });
  expect(await type()).toBe(false);
  expect(browser.typed).toEqual([]);
});
