import { expect, test, vi } from 'vitest';
import { SigError } from '../../../src/errors.ts';
import { createFreshness } from '../../../src/sig/fresh.ts';
import {
  fixedClock,
  makeCredential,
  makeOAuthProvider,
  memoryAudit,
  memoryCredentials,
  NOW_MS,
} from '../../_lib/fixture.ts';

const provider = makeOAuthProvider();
const nowSec = NOW_MS / 1000;
const made = (token: string, expiresInSec?: number) =>
  makeCredential(
    provider,
    { access_token: token },
    expiresInSec === undefined ? {} : { expiresAtSec: nowSec + expiresInSec },
  );
const tokenOf = (credential: { values: Record<string, { reveal(): string }> }) =>
  credential.values.access_token!.reveal();

async function setUp(
  stored: ReturnType<typeof made> | undefined,
  renew = vi.fn(() => Promise.resolve(made('new', 3600))),
) {
  const credentials = await memoryCredentials(...(stored ? [stored] : []));
  const clock = fixedClock();
  return { credentials, clock, renew, freshness: createFreshness({ credentials, clock, renew, audit: memoryAudit() }) };
}

test('current() gives a credential that is good and renews nothing', async () => {
  const { freshness, renew } = await setUp(made('old', 3600));
  expect(tokenOf(await freshness.current(provider))).toBe('old');
  expect(renew).not.toHaveBeenCalled();
});

test.each([['missing', undefined], ['expired', made('old', -1)], ['about to expire', made('old', 5)], [
  'logged out',
  makeCredential(provider, {}),
]])(
  'current() renews a credential that is %s',
  async (_, stored) => {
    const { freshness, renew, credentials } = await setUp(stored);
    expect(tokenOf(await freshness.current(provider))).toBe('new');
    expect(tokenOf((await credentials.open('api'))!)).toBe('new');
    expect(renew).toHaveBeenCalledTimes(1);
  },
);

test('current() does not renew a token of two seconds at once', async () => {
  const short = { ...made('old', 2), obtainedAtSec: nowSec };
  const { freshness } = await setUp(short);
  expect(tokenOf(await freshness.current(provider))).toBe('old');
});

test('a hundred callers of current() share one renewal', async () => {
  const { freshness, renew } = await setUp(made('old', -1));
  const all = await Promise.all(Array.from({ length: 100 }, () => freshness.current(provider)));
  expect(new Set(all.map(tokenOf))).toEqual(new Set(['new']));
  expect(renew).toHaveBeenCalledTimes(1);
});

test("B16: two processes share one renewal: the second finds the first one's token", async () => {
  const { credentials, clock, renew } = await setUp(made('old', -1));
  const processes = [1, 2].map(() => createFreshness({ credentials, clock, renew, audit: memoryAudit() }));
  const all = await Promise.all(processes.map((one) => one.current(provider)));
  expect(all.map(tokenOf)).toEqual(['new', 'new']);
  expect(renew).toHaveBeenCalledTimes(1);
});

test('S17: a failed renewal leaves the old credential', async () => {
  const { freshness, credentials } = await setUp(
    made('old', -1),
    vi.fn(() => Promise.reject(new SigError('E_LOGIN_REQUIRED', 'no'))),
  );
  await expect(freshness.current(provider)).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
  expect(tokenOf((await credentials.open('api'))!)).toBe('old');
});

test('a renewal ahead of time that fails for a passing reason leaves the old token in use', async () => {
  const { freshness } = await setUp(made('old', 5), vi.fn(() => Promise.reject(new SigError('E_UPSTREAM', 'down'))));
  expect(tokenOf(await freshness.current(provider))).toBe('old');
});

test('a renewal ahead of time that is refused for good is an error', async () => {
  const { freshness } = await setUp(
    made('old', 5),
    vi.fn(() => Promise.reject(new SigError('E_LOGIN_REQUIRED', 'no'))),
  );
  await expect(freshness.current(provider)).rejects.toMatchObject({ code: 'E_LOGIN_REQUIRED' });
});

test('after() renews the refused credential once, and not when somebody did so meanwhile', async () => {
  const refused = made('old', 3600);
  const { freshness, renew, credentials } = await setUp(refused);
  expect(tokenOf(await freshness.after(provider, refused))).toBe('new');
  expect(tokenOf(await freshness.after(provider, refused))).toBe('new');
  expect(renew).toHaveBeenCalledTimes(1);
  expect(tokenOf((await credentials.open('api'))!)).toBe('new');
});

test('C7: a config that now allows another host does not get the credential', async () => {
  const stored = made('old', 3600);
  const { freshness, renew } = await setUp(stored);
  const wider = makeOAuthProvider({ domains: ['api.example.com', 'evil.example'] });
  await expect(freshness.current(wider)).rejects.toMatchObject({
    code: 'E_POLICY_CHANGED',
    message: expect.stringContaining('evil.example'),
  });
  await expect(freshness.after(wider, stored)).rejects.toMatchObject({ code: 'E_POLICY_CHANGED' });
  expect(renew).not.toHaveBeenCalled();
});

test('C7: a config that allows less keeps the credential', async () => {
  const both = makeOAuthProvider({ domains: ['api.example.com', 'b.example.com'] });
  const { freshness } = await setUp(makeCredential(both, { access_token: 'old' }));
  expect(tokenOf(await freshness.current(provider))).toBe('old');
});
