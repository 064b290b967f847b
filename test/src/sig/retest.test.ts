import { expect, test, vi } from 'vitest';
import type { Credential } from '../../../src/credential/credential.ts';
import { SigError } from '../../../src/errors.ts';
import type { Provider } from '../../../src/provider/provider.ts';
import { type Check, createRetest, RETEST_MS } from '../../../src/sig/retest.ts';
import {
  fixedClock,
  makeCredential,
  makeProvider,
  memoryAudit,
  memoryCredentials,
  NOW_MS,
} from '../../_lib/fixture.ts';

const provider = makeProvider({ validateUrl: 'https://api.example.com/me' });
const doubt = { provider, why: 'validateRule' } as const;
const nowSec = NOW_MS / 1000;
const tokenOf = (credential: Credential | undefined) => credential?.values.token?.reveal();

async function setUp(
  valid: 'yes' | 'no' | 'unknown',
  renew = vi.fn((its: Provider) => Promise.resolve(makeCredential(its, { token: 'new' }, { obtainedAtSec: nowSec }))),
) {
  const suspected = makeCredential(provider, { token: 'old' });
  const credentials = await memoryCredentials(suspected);
  const clock = fixedClock();
  const audit = memoryAudit();
  const check = vi.fn<Check>((_, credential) => Promise.resolve({ valid, credential }));
  const make = () => createRetest({ credentials, clock, renew, audit, check });
  return { suspected, credentials, clock, audit, check, renew, make, retest: make() };
}

test('createRetest() renews a login that validateUrl refuses, and says why in the audit log', async () => {
  const { retest, suspected, credentials, audit, check } = await setUp('no');
  expect(tokenOf(await retest(doubt, suspected))).toBe('new');
  expect(tokenOf(await credentials.open('api'))).toBe('new');
  expect(check).toHaveBeenCalledTimes(1);
  expect(audit.events).toEqual([
    { event: 'check', provider: 'api', why: 'validateRule' },
    { event: 'renew', provider: 'api', why: 'validateRule' },
  ]);
});

test.each(['yes', 'unknown'] as const)('createRetest() leaves a login of which validateUrl says %s', async (valid) => {
  const { retest, suspected, credentials, renew } = await setUp(valid);
  expect(await retest(doubt, suspected)).toBeUndefined();
  expect(renew).not.toHaveBeenCalled();
  expect(tokenOf(await credentials.open('api'))).toBe('old');
});

test('createRetest() keeps what the site rotated when it was asked', async () => {
  const { retest, suspected, credentials, check } = await setUp('yes');
  check.mockImplementation((its, credential) =>
    Promise.resolve({
      valid: 'yes',
      credential: makeCredential(its, { token: 'rotated' }, { obtainedAtSec: credential.obtainedAtSec }),
    })
  );
  expect(await retest(doubt, suspected)).toBeUndefined();
  expect(tokenOf(await credentials.open('api'))).toBe('rotated');
});

test('createRetest() asks once a minute, whatever it was told', async () => {
  const { retest, suspected, check, clock, renew } = await setUp('yes');
  for (let i = 0; i < 50; i++) expect(await retest(doubt, suspected)).toBeUndefined();
  expect(check).toHaveBeenCalledTimes(1);
  clock.advance(RETEST_MS - 1);
  await retest(doubt, suspected);
  expect(check).toHaveBeenCalledTimes(1);
  clock.advance(1);
  await retest(doubt, suspected);
  expect(check).toHaveBeenCalledTimes(2);
  expect(renew).not.toHaveBeenCalled();
});

test('createRetest() does not renew the renewed login again at once', async () => {
  const { retest, suspected, check, renew } = await setUp('no');
  const newer = await retest(doubt, suspected);
  expect(await retest(doubt, newer!)).toBeUndefined();
  expect([check.mock.calls.length, renew.mock.calls.length]).toEqual([1, 1]);
});

test('createRetest() gives the newer login to whoever still carries the old one, without a test', async () => {
  const { retest, suspected, credentials, check } = await setUp('no');
  await credentials.seal(makeCredential(provider, { token: 'by hand' }, { obtainedAtSec: nowSec }));
  expect(tokenOf(await retest(doubt, suspected))).toBe('by hand');
  expect(check).not.toHaveBeenCalled();
});

test('createRetest() makes one test for a hundred answers, and for two processes', async () => {
  const { retest, make, suspected, check, renew } = await setUp('no');
  const other = make();
  const all = await Promise.all(Array.from({ length: 100 }, (_, i) => (i % 2 ? retest : other)(doubt, suspected)));
  expect(new Set(all.map(tokenOf))).toEqual(new Set(['new']));
  expect([check.mock.calls.length, renew.mock.calls.length]).toEqual([1, 1]);
});

test('createRetest() says that a person must log in, and says so again without a second test', async () => {
  const error = new SigError('E_LOGIN_REQUIRED', 'no');
  const { retest, suspected, credentials, check } = await setUp('no', vi.fn(() => Promise.reject(error)));
  await expect(retest(doubt, suspected)).rejects.toBe(error);
  await expect(retest(doubt, suspected)).rejects.toBe(error);
  expect(check).toHaveBeenCalledTimes(1);
  // C3: a false rule deletes nothing.
  expect(tokenOf(await credentials.open('api'))).toBe('old');
  const byHand = makeCredential(provider, { token: 'by hand' }, { obtainedAtSec: nowSec });
  await credentials.seal(byHand);
  expect(await retest(doubt, byHand)).toBeUndefined();
});

test.each(['E_UPSTREAM', 'E_BROWSER', 'E_TOKEN_RESPONSE'] as const)(
  'createRetest() withholds no answer for a renewal that fails with %s',
  async (code) => {
    const { retest, suspected, credentials } = await setUp('no', vi.fn(() => Promise.reject(new SigError(code, 'no'))));
    expect(await retest(doubt, suspected)).toBeUndefined();
    expect(tokenOf(await credentials.open('api'))).toBe('old');
  },
);

test('R16: createRetest() asks nobody when it cannot be recorded', async () => {
  const { retest, suspected, audit, check } = await setUp('no');
  audit.fail = true;
  await expect(retest(doubt, suspected)).rejects.toThrow('audit is full');
  expect(check).not.toHaveBeenCalled();
});

test('C7: createRetest() sends no login to a validateUrl that it was not made for', async () => {
  const { retest, suspected, check } = await setUp('no');
  const wider = makeProvider({ ...provider.config, domains: ['api.example.com', 'evil.example.com'] });
  expect(await retest({ provider: wider, why: 'validateRule' }, suspected)).toBeUndefined();
  expect(check).not.toHaveBeenCalled();
});

test('createRetest() renews nothing of a login that is gone', async () => {
  const { retest, suspected, credentials, renew } = await setUp('no');
  await credentials.remove('api');
  expect(await retest(doubt, suspected)).toBeUndefined();
  expect(renew).not.toHaveBeenCalled();
});
