import { expect, test } from 'vitest';
import { SigError } from '../../../src/errors.ts';
import { pollDevice } from '../../../src/oauth/poll_device.ts';
import type { TokenAnswer } from '../../../src/oauth/token_response.ts';
import { Secret } from '../../../src/secret.ts';
import { fixedClock } from '../../_lib/fixture.ts';

const device = {
  deviceCode: new Secret('d'),
  userCode: 'U',
  verificationUrl: 'https://as.example/d',
  expiresInSec: 600,
  intervalSec: 5,
};
const tokens = { accessToken: new Secret('at'), tokenType: 'Bearer' };

function setUp(answers: readonly (string | SigError)[]) {
  const clock = fixedClock();
  const waits: number[] = [];
  const timer = {
    wait: (ms: number) => {
      waits.push(ms);
      clock.advance(ms);
      return Promise.resolve();
    },
  };
  let at = 0;
  const ask = (): Promise<TokenAnswer> => {
    const next = answers[Math.min(at++, answers.length - 1)]!;
    if (next instanceof SigError) return Promise.reject(next);
    return Promise.resolve(next === 'tokens' ? { tokens } : { error: next });
  };
  return { waits, clock, wait: { ask, timer, clock, timeoutMs: 300_000, hint: 'again' } };
}

test('pollDevice() waits before each poll, and longer once it was told to slow down (RFC 8628 §3.5)', async () => {
  const { waits, wait } = setUp(['authorization_pending', 'slow_down', 'authorization_pending', 'slow_down', 'tokens']);
  expect(await pollDevice(device, wait)).toBe(tokens);
  expect(waits).toEqual([5000, 5000, 10_000, 10_000, 15_000]);
});

test.each(['access_denied', 'expired_token'])('pollDevice() ends with %s', async (error) => {
  const { waits, wait } = setUp(['authorization_pending', error]);
  await expect(pollDevice(device, wait)).rejects.toMatchObject({ code: 'E_LOGIN_FAILED', hint: 'again' });
  expect(waits).toHaveLength(2);
});

test.each([[300_000, 600, 300_000], [900_000, 60, 60_000]])(
  'pollDevice() given %i ms and %i s ends within them',
  async (timeoutMs, expiresInSec, limitMs) => {
    const { clock, wait } = setUp(['authorization_pending']);
    const startedMs = clock.now();
    await expect(pollDevice({ ...device, expiresInSec }, { ...wait, timeoutMs })).rejects.toMatchObject({
      code: 'E_LOGIN_FAILED',
    });
    expect(clock.now() - startedMs).toBeLessThanOrEqual(limitMs);
  },
);

test('pollDevice() waits out what may pass, ever more slowly', async () => {
  const down = new SigError('E_UPSTREAM', 'x');
  const { waits, wait } = setUp([down, new SigError('E_TIMEOUT', 'x'), 'authorization_pending', 'tokens']);
  expect(await pollDevice(device, wait)).toBe(tokens);
  expect(waits).toEqual([5000, 10_000, 20_000, 20_000]);
  const always = setUp([down]);
  await expect(pollDevice(device, always.wait)).rejects.toBe(down);
  expect(Math.max(...always.waits)).toBe(60_000);
});

test.each(['E_LOGIN_FAILED', 'E_TOKEN_RESPONSE', 'E_UPSTREAM_TLS'] as const)(
  'pollDevice() ends at %s',
  async (code) => {
    const { waits, wait } = setUp([new SigError(code, 'x')]);
    await expect(pollDevice(device, wait)).rejects.toMatchObject({ code });
    expect(waits).toHaveLength(1);
  },
);

test('pollDevice() asks no more once it was cancelled', async () => {
  const { wait } = setUp(['tokens']);
  const ask = () => expect.fail('asked');
  await expect(pollDevice(device, { ...wait, ask, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'E_INTERRUPTED',
  });
});
