import { expect, test } from 'vitest';
import type { ProviderConfig } from '../../../src/config/config.ts';
import type { Cookie } from '../../../src/credential/cookie.ts';
import type { WireResponse } from '../../../src/ports.ts';
import type { Extraction } from '../../../src/login/extract.ts';
import { createJudge } from '../../../src/login/verdict.ts';
import { Secret } from '../../../src/secret.ts';
import {
  answer,
  fixedClock,
  makeCredential,
  makeProvider,
  NOW_MS,
  scriptedSend,
  type Seen,
} from '../../_lib/fixture.ts';
import { makeCookie } from '../../_lib/memory_browser.ts';

const ENTRY = 'https://x.test/home';
const SID = makeCookie('sid', 'good', 'x.test');
const NOTHING: Extraction = { values: {}, cookies: [], missing: [] };

function extraction(
  values: Record<string, string>,
  cookies: readonly Cookie[] = [],
  valuesExpireAtSec?: number,
): Extraction {
  return {
    values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, new Secret(value)])),
    cookies,
    missing: [],
    ...(valuesExpireAtSec === undefined ? {} : { valuesExpireAtSec }),
  };
}

interface Case {
  readonly config?: Partial<ProviderConfig>;
  readonly site?: (seen: Seen, count: number) => WireResponse;
  readonly before?: Extraction;
  readonly now?: Extraction;
  readonly oldToken?: string;
  readonly hasSigns?: boolean;
  readonly shown?: string;
}

async function judge(found: Case) {
  const { config, site, before = NOTHING, now = extraction({}, [SID]), oldToken, hasSigns = false } = found;
  const { shown = 'https://x.test' } = found;
  const provider = makeProvider({
    strategy: 'browser',
    domains: ['x.test'],
    extract: [{ from: 'cookies', as: 'session', match: '*' }],
    apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
    ...config,
  });
  const send = scriptedSend(site ?? (() => answer(200)));
  const ports = { send, clock: fixedClock(), env: () => undefined };
  const old = oldToken === undefined ? undefined : makeCredential(provider, { token: oldToken });
  const judge = createJudge(provider, ENTRY, before, old, ports);
  const candidate = makeCredential(provider, {}, { values: now.values, cookies: new Secret(now.cookies) });
  return { verdict: (await judge.judge(candidate, now, hasSigns, shown)).valid, seen: send.seen };
}

const isKnown = (seen: Seen) => seen.header('cookie') === 'sid=good';
const toLogin = () => answer(302, '', [['Location', 'https://idp.test/login']]);

test.each<[string, (seen: Seen) => WireResponse, string]>([
  ['lets only the login in', (seen) => (isKnown(seen) ? answer(200) : toLogin()), 'yes'],
  ['lets only the login in, others get 401', (seen) => (isKnown(seen) ? answer(200) : answer(401)), 'yes'],
  ['is open to everybody', () => answer(200), 'unknown'],
  ['lets nobody in', toLogin, 'no'],
  ['answers 401 to everybody', () => answer(401), 'no'],
  ['answers 403 to every program', () => answer(403), 'unknown'],
  ['answers 403 to the login alone', (seen) => (isKnown(seen) ? answer(403) : toLogin()), 'no'],
  ['is broken', () => answer(503), 'unknown'],
  ['limits the rate', () => answer(429), 'unknown'],
])('without validateUrl, an entry page that %s: %s', async (_, site, expected) => {
  const { verdict, seen } = await judge({ site });
  expect(verdict).toBe(expected);
  expect(seen.map(({ head }) => `${head.target.host}${head.path}`)).toEqual(['x.test/home', 'x.test/home']);
  expect(seen[0]!.header('cookie')).toBeUndefined();
});

test('an entry page on a host that gets no credential is not asked', async () => {
  const { verdict, seen } = await judge({ config: { domains: ['api.x.test'] } });
  expect(verdict).toBe('unknown');
  expect(seen).toEqual([]);
});

test('where the login ends on another host of the provider, that one is asked', async () => {
  const www = makeCookie('sid', 'good', 'www.x.test');
  const { verdict, seen } = await judge({
    config: { domains: ['x.test', 'www.x.test'] },
    now: extraction({}, [www]),
    shown: 'https://www.x.test',
    site: (one) => (isKnown(one) ? answer(200) : toLogin()),
  });
  expect(verdict).toBe('yes');
  expect(seen.map(({ head }) => `${head.target.host}${head.path}`)).toEqual(['www.x.test/', 'www.x.test/']);
});

test.each<[number, string]>([[200, 'yes'], [401, 'no'], [403, 'no'], [429, 'unknown'], [500, 'unknown'], [
  503,
  'unknown',
]])(
  'validateUrl decides alone: status %i is %s, whatever was seen',
  async (status, expected) => {
    const { verdict, seen } = await judge({
      config: { validateUrl: 'https://x.test/me' },
      site: () => answer(status),
      hasSigns: true,
    });
    expect(verdict).toBe(expected);
    expect(seen.map(({ head }) => head.path)).toEqual(['/me']);
  },
);

test.each<[unknown, string]>([[{ code: 0 }, 'yes'], [{ code: 8 }, 'no'], ['<html>', 'no']])(
  'validateRule decides where a site answers 200 to everybody: %j is %s',
  async (body, expected) => {
    const config = { validateUrl: 'https://x.test/me', validateRule: 'res.body.code === 0' };
    expect((await judge({ config, site: () => answer(200, body) })).verdict).toBe(expected);
  },
);

test('a site that does not answer is asked again as a stranger too', async () => {
  const provider = makeProvider({
    strategy: 'browser',
    domains: ['x.test'],
    extract: [{ from: 'cookies', as: 'session', match: '*' }],
    apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
  });
  const send = scriptedSend((seen, count) => (count <= 2 ? answer(503) : isKnown(seen) ? answer(200) : toLogin()));
  const ports = { send, clock: fixedClock(), env: () => undefined };
  const one = createJudge(provider, ENTRY, NOTHING, undefined, ports);
  const now = extraction({}, [SID]);
  const candidate = makeCredential(provider, {}, { cookies: new Secret(now.cookies) });
  const verdicts = [];
  for (let i = 0; i < 3; i++) verdicts.push((await one.judge(candidate, now, false, 'https://x.test')).valid);
  expect(verdicts).toEqual(['unknown', 'yes', 'yes']);
  expect(send.seen.map(isKnown)).toEqual([false, true, false, true, true]);
});

const TOKEN: Partial<ProviderConfig> = {
  extract: [{ from: 'localStorage', as: 'token', match: 'token' }],
  apply: [{ in: 'header', name: 'Authorization', value: 'Bearer ${token}' }],
};

test.each<[string, Omit<Case, 'config'>, string]>([
  ['that came with a sign-in', { now: extraction({ token: 'new' }), hasSigns: true }, 'yes'],
  ['that came by itself, as guests get one', { now: extraction({ token: 'new' }) }, 'unknown'],
  [
    'that was there before',
    { now: extraction({ token: 'a' }), before: extraction({ token: 'a' }), hasSigns: true },
    'unknown',
  ],
  ['that the site has refused', { now: extraction({ token: 'a' }), oldToken: 'a', hasSigns: true }, 'unknown'],
  ['that follows a refused one', { now: extraction({ token: 'b' }), oldToken: 'a', hasSigns: true }, 'yes'],
  ['that is over already', { now: extraction({ token: 'new' }, [], NOW_MS / 1000 - 1), hasSigns: true }, 'unknown'],
  ['that ends later', { now: extraction({ token: 'new' }, [], NOW_MS / 1000 + 1), hasSigns: true }, 'yes'],
])('a token in storage %s', async (_, found, expected) => {
  expect((await judge({ config: TOKEN, ...found })).verdict).toBe(expected);
});
