import { expect, test } from 'vitest';
import { REQUEST_LIMITS, RESPONSE_LIMITS } from '../../../src/http1/limits.ts';

test('P11: a request head has at most 64 KiB and 100 fields', () => {
  expect(REQUEST_LIMITS).toMatchObject({ maxHeadBytes: 65_536, maxFields: 100 });
  expect(RESPONSE_LIMITS.maxHeadBytes).toBe(65_536);
});
