import { expect, test } from 'vitest';
import { fuzz } from './http1.ts';

test('50,000 mutated heads are read or refused, alike for every split', () => {
  const report = fuzz(50_000, 20261121);
  expect(report.count).toBe(50_000);
  // Both ends of the decoder are reached.
  expect(report.accepted).toBeGreaterThan(1000);
  expect(Object.keys(report.refused).length).toBeGreaterThan(12);
}, 120_000);
