import { expect, test } from 'vitest';
import { type Attempt, attemptLogin, type BrowserProgress } from '../../../src/login/browser_attempt.ts';
import { answer, fixedClock, makeCredential, makeProvider, scriptedSend } from '../../_lib/fixture.ts';
import { Secret } from '../../../src/secret.ts';
import { createMemoryBrowser, makeCookie, type Scene } from '../../_lib/memory_browser.ts';

const HOME = 'https://x.test/';
const SID = makeCookie('sid', 'good', 'x.test');

async function run(scenes: readonly Scene[], more: Partial<Attempt> = {}) {
  const provider = makeProvider({
    id: 'x',
    strategy: 'browser',
    domains: ['x.test'],
    validateUrl: `${HOME}me`,
    extract: [{ from: 'cookies', as: 'session' }],
    apply: [{ in: 'header', name: 'Cookie', value: '${session}' }],
  });
  const clock = fixedClock();
  const mode = more.mode ?? 'visible';
  const browser = createMemoryBrowser({ clock, [mode]: scenes });
  const send = scriptedSend((seen) => answer(seen.header('cookie') === 'sid=good' ? 200 : 401));
  const told: BrowserProgress[] = [];
  const startMs = clock.now();
  const outcome = await attemptLogin({
    provider,
    old: undefined,
    session: await browser.open({ profile: 'x', mode }),
    mode,
    entryUrl: HOME,
    ports: { send, clock, env: () => undefined },
    totp: undefined,
    codes: undefined,
    timeoutMs: 30_000,
    signal: undefined,
    isConfirmed: () => false,
    progress: (state) => told.push(state),
    ...more,
  });
  return { outcome, told, elapsedMs: clock.now() - startMs, asked: send.seen.length, startMs };
}

test.each<[string, Scene[], Partial<Attempt>, object]>([
  ['a login', [{ pages: [HOME], cookies: [SID] }], {}, { kind: 'login' }],
  ['time that ran out', [{ pages: [HOME], cookies: [] }], {}, {
    kind: 'none',
    why: 'time',
    verdict: 'missing',
    missing: ['session'],
  }],
  ['a closed window', [{ pages: [HOME], forMs: 50 }, { pages: [], isClosed: true }], {}, {
    kind: 'none',
    why: 'closed',
    verdict: 'no',
  }],
  ['a hidden browser at rest', [{ pages: ['https://idp.test/'] }], { mode: 'headless' }, {
    kind: 'none',
    why: 'idle',
    verdict: 'no',
  }],
])('attemptLogin() ends with %s', async (_, scenes, more, expected) => {
  expect((await run(scenes, more)).outcome).toMatchObject(expected);
});

test('attemptLogin() asks a site about the same cookies less and less often', async () => {
  const scenes: Scene[] = [{ pages: [HOME], cookies: [makeCookie('sid', 'bad', 'x.test')] }];
  const { asked, elapsedMs } = await run(scenes, { timeoutMs: 120_000 });
  expect(elapsedMs).toBeGreaterThanOrEqual(120_000);
  expect(asked).toBeLessThan(16);
});

test('attemptLogin() tells what goes on and until when', async () => {
  const { told, startMs } = await run([
    { pages: [{ url: 'about:blank' }], forMs: 500 },
    { pages: [{ url: 'https://idp.test/', asks: 'password' }], forMs: 2_000 },
    { pages: [HOME], cookies: [SID] },
  ]);
  expect(told[0]).toEqual({ stage: 'waiting', endsAtMs: startMs + 30_000 });
  expect(told.map(({ host }) => host)).toEqual(expect.arrayContaining(['idp.test', 'x.test']));
});

test('attemptLogin() does not read a tab that shows a field for a password or code', async () => {
  for (const asks of ['password', 'code'] as const) {
    const { asked } = await run([{ pages: [{ url: HOME, asks }], cookies: [SID] }], { timeoutMs: 10_000 });
    expect(asked).toBe(0);
  }
});

test.each([
  ['every cookie of the old login is there', [SID], true],
  ['one has expired since', [SID, makeCookie('gone', 'x', 'x.test', { expiresAtSec: 1 })], true],
  ['one is still to come', [SID, makeCookie('csrf', 'x', 'x.test')], false],
  ['one of another path is still to come', [SID, makeCookie('sid', 'x', 'x.test', { path: '/app' })], false],
  ['there was none', [], false],
])('a renewal waits for no script when %s: %j', async (_, cookies, isAtOnce) => {
  const provider = makeProvider({ id: 'x', strategy: 'browser', domains: ['x.test'] });
  const old = makeCredential(provider, {}, { cookies: new Secret(cookies) });
  const scenes = [{ pages: [HOME], cookies: [SID] }];
  const { outcome, elapsedMs } = await run(scenes, { mode: 'headless', old });
  expect(outcome.kind).toBe('login');
  expect(elapsedMs < 250).toBe(isAtOnce);
  const visible = await run(scenes, { mode: 'visible', old });
  expect(visible.elapsedMs).toBeGreaterThanOrEqual(250);
});

test('a renewal that a script leads on is not decided by its first page', async () => {
  const provider = makeProvider({ id: 'x', strategy: 'browser', domains: ['x.test'] });
  const old = makeCredential(provider, {}, { cookies: new Secret([SID]) });
  const { outcome } = await run([
    { pages: [HOME], cookies: [makeCookie('sid', 'over', 'x.test')], forMs: 100 },
    { pages: ['https://idp.test/'], forMs: 900 },
    { pages: [HOME], cookies: [SID] },
  ], { mode: 'headless', old });
  expect(outcome).toMatchObject({ kind: 'login' });
});
