import { expect, test } from 'vitest';
import type { ExtractRule } from '../../../src/config/config.ts';
import { extract, readValue } from '../../../src/login/extract.ts';
import { fixedClock, makeProvider } from '../../_lib/fixture.ts';
import { createMemoryBrowser, makeCookie, type Scene } from '../../_lib/memory_browser.ts';

const APP = 'https://app.x.test';

async function run(rules: readonly ExtractRule[], scene: Partial<Scene>, origins = [APP]) {
  const provider = makeProvider({
    strategy: 'browser',
    domains: ['api.x.test', 'x.test'],
    entryUrl: `${APP}/`,
    extract: rules,
    apply: [],
  });
  const browser = createMemoryBrowser({ clock: fixedClock(), visible: [{ pages: [`${APP}/`], ...scene }] });
  const session = await browser.open({ profile: 'x', mode: 'visible' });
  const found = await extract(provider, session, origins);
  return {
    ...found,
    values: Object.fromEntries(Object.entries(found.values).map(([as, value]) => [as, value.reveal()])),
    browser,
  };
}

test("B8: extract() takes cookies of the provider's hosts and no others", async () => {
  const mine = [
    makeCookie('a', '1', 'api.x.test'),
    makeCookie('b', '2', 'x.test', { hostOnly: false }),
    makeCookie('p', '3', 'x.test', { partitionKey: 'https://x.test' }),
  ];
  const others = [
    makeCookie('idp', '4', 'idp.test'),
    makeCookie('sub', '5', 'other.x.test'),
    makeCookie('deep', '6', 'a.api.x.test', { hostOnly: false }),
  ];
  const { cookies, missing } = await run([{ from: 'cookies', as: 'c' }], { cookies: [...others, ...mine] });
  expect(cookies).toEqual(mine);
  expect(missing).toEqual([]);
});

test('extract() tells which rules found nothing', async () => {
  const rules: ExtractRule[] = [
    { from: 'cookies', as: 'all', match: '*' },
    { from: 'cookies', as: 'csrf', match: 'csrf*' },
    { from: 'localStorage', as: 'token', match: 'token' },
    { from: 'sessionStorage', as: 'other', match: 'token' },
  ];
  const { missing } = await run(rules, {
    cookies: [makeCookie('sid', '1', 'x.test')],
    storage: { [`localStorage ${APP}`]: { token: 't' } },
  });
  expect(missing).toEqual(['csrf', 'other']);
});

test('extract() reads storage by key, glob, path and expiry', async () => {
  const rules: ExtractRule[] = [
    { from: 'localStorage', as: 'plain', match: 'plain' },
    { from: 'localStorage', as: 'quoted', match: 'quoted' },
    {
      from: 'localStorage',
      as: 'path',
      match: 'config',
      jsonPath: 'teams.T1.token',
      expiresJsonPath: 'teams.T1.until',
    },
    { from: 'localStorage', as: 'glob', match: 'oidc.user:*', jsonPath: 'access_token' },
    { from: 'sessionStorage', as: 'number', match: 'n', jsonPath: 'list[1].id' },
  ];
  const found = await run(rules, {
    storage: {
      [`localStorage ${APP}`]: {
        plain: 'p',
        quoted: '"q"',
        config: JSON.stringify({ teams: { T1: { token: 'xoxc', until: '2030-01-01T00:00:00Z' } } }),
        'oidc.user:a': 'not json',
        'oidc.user:b': '{"access_token": "g"}',
      },
      [`sessionStorage ${APP}`]: { n: '{"list": [{}, {"id": 7}]}' },
    },
  });
  expect(found.values).toEqual({ plain: 'p', quoted: 'q', path: 'xoxc', glob: 'g', number: '7' });
  expect(found.valuesExpireAtSec).toBe(Date.UTC(2030, 0, 1) / 1000);
  expect(found.missing).toEqual([]);
});

test('B10: extract() reads the storage of the given origins only, in their order', async () => {
  const rules: ExtractRule[] = [{ from: 'localStorage', as: 'token', match: 'token' }];
  const scene = {
    pages: ['https://evil.test/', `${APP}/`, 'https://x.test/'],
    storage: {
      'localStorage https://evil.test': { token: 'evil' },
      [`localStorage ${APP}`]: { token: 'app' },
      'localStorage https://x.test': { token: 'x' },
    },
  };
  const found = await run(rules, scene, ['https://x.test', APP]);
  expect(found.values).toEqual({ token: 'x' });
  expect(found.browser.read).toEqual(['https://x.test']);
  expect((await run(rules, scene, [])).missing).toEqual(['token']);
});

test.each(['__proto__.x', 'constructor.prototype', 'a..b', '', 'a.length', 'a['])(
  'C5: extract() refuses jsonPath %j',
  async (jsonPath) => {
    await expect(run([{ from: 'localStorage', as: 't', match: 'k', jsonPath }], {})).rejects.toMatchObject({
      code: 'E_EXTRACT',
    });
  },
);

test.each<[string, string | undefined, string | undefined]>([
  ['text', undefined, 'text'],
  ['', undefined, undefined],
  ['""', undefined, undefined],
  ['{"a": 1}', undefined, '{"a": 1}'],
  ['{"a": 1}', 'a', '1'],
  ['{"a": ""}', 'a', undefined],
  ['{"a": true}', 'a', undefined],
  ['{"a": {}}', 'a', undefined],
  ['{"a": null}', 'a', undefined],
  ['{"a": 1}', 'b', undefined],
  ['not json', 'a', undefined],
])('readValue(%j) at %j is %j', (text, jsonPath, expected) => {
  expect(readValue(jsonPath === undefined ? {} : { jsonPath }, text)?.value).toBe(expected);
});

test('C15: readValue() takes what is larger than any token for none, and a token out of a large item', () => {
  expect(readValue({}, 'x'.repeat(65_536))?.value).toHaveLength(65_536);
  expect(readValue({}, 'x'.repeat(65_537))).toBeUndefined();
  const large = JSON.stringify({ cache: 'x'.repeat(1_000_000), token: 'good' });
  expect(readValue({ jsonPath: 'token' }, large)?.value).toBe('good');
  expect(readValue({ jsonPath: 'cache' }, large)).toBeUndefined();
});
