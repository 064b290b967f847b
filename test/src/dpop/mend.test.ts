import { expect, test } from 'vitest';
import { type Failure, type Mend, mendOf } from '../../../src/dpop/mend.ts';
import { isSigError, type SigErrorCode } from '../../../src/errors.ts';

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
const failure = (part: Partial<Failure>): Failure => ({
  refusal: 'invalid_token',
  origin: 'https://rs.example',
  nonce: undefined,
  offsetMs: undefined,
  usedOffsetMs: 0,
  nowMs,
  mended: new Set(),
  isReplayable: true,
  ...part,
});
const failsWith = (code: SigErrorCode) => expect.toSatisfy((error) => isSigError(error, code));
const after = (...mended: Mend[]) => ({ mended: new Set(mended) });

test.each<[Partial<Failure>, Mend | undefined]>([
  [{ refusal: 'use_dpop_nonce', nonce: 'n' }, 'nonce'],
  [{ refusal: 'use_dpop_nonce', nonce: 'n', offsetMs: 60_000, ...after('clock', 'refresh') }, 'nonce'],
  [{ refusal: 'invalid_token' }, 'refresh'],
  [{ refusal: 'invalid_token', ...after('nonce', 'clock') }, 'refresh'],
  [{ refusal: 'invalid_token', ...after('refresh') }, undefined],
  [{ refusal: 'invalid_token', offsetMs: 29_000 }, 'refresh'],
  [{ refusal: 'invalid_token', offsetMs: -31_000 }, 'clock'],
  [{ refusal: 'invalid_token', offsetMs: 31_000, ...after('clock') }, 'refresh'],
  [{ refusal: 'invalid_token', offsetMs: 3_600_000 }, 'refresh'],
  [{ refusal: 'invalid_dpop_proof' }, undefined],
  [{ refusal: 'invalid_dpop_proof', offsetMs: 1_000 }, undefined],
  [{ refusal: 'invalid_dpop_proof', offsetMs: 60_000, usedOffsetMs: 59_000 }, undefined],
  [{ refusal: 'invalid_dpop_proof', offsetMs: 60_000, ...after('clock') }, undefined],
  [{ refusal: 'invalid_dpop_proof', offsetMs: 3_000 }, 'clock'],
  [{ refusal: 'invalid_dpop_proof', offsetMs: -300_000 }, 'clock'],
  [{ refusal: 'invalid_dpop_proof', offsetMs: 0, usedOffsetMs: 60_000 }, 'clock'],
])('D8: mendOf(%j) is %s', (part, mend) => {
  expect(mendOf(failure(part))).toBe(mend);
});

test.each<[Partial<Failure>, SigErrorCode]>([
  [{ refusal: 'use_dpop_nonce' }, 'E_DPOP_NONCE'],
  [{ refusal: 'use_dpop_nonce', nonce: 'n2', ...after('nonce') }, 'E_DPOP_NONCE'],
  [{ refusal: 'use_dpop_nonce', nonce: 'n', isReplayable: false }, 'E_DPOP_NONCE'],
  [{ refusal: 'invalid_dpop_proof', offsetMs: 300_001 }, 'E_CLOCK'],
  [{ refusal: 'invalid_dpop_proof', offsetMs: -86_400_000 }, 'E_CLOCK'],
])('D6: mendOf(%j) is %s', (part, code) => {
  expect(() => mendOf(failure(part))).toThrow(failsWith(code));
});

test.each([-600_000, 600_000, 86_400_000])('D8: mendOf() shows both clocks when they are %d ms apart', (offsetMs) => {
  const act = () => mendOf(failure({ refusal: 'invalid_dpop_proof', offsetMs }));
  expect(act).toThrow('2026-01-02T03:04:05.000Z');
  expect(act).toThrow(new Date(nowMs + offsetMs).toISOString());
});
