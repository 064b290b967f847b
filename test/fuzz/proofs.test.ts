import { afterEach, expect, test } from 'vitest';
import { endChildren } from '../_lib/run_child.ts';
import { makeTempFolder } from '../_lib/temp_home.ts';
import { makeProofs } from './proofs.ts';

afterEach(endChildren);

// The full count, 10,000,000: npm run fuzz:proofs.
test('D1, D9: 16,000 proofs of 8 processes have no id in common and show public members only', async () => {
  expect(await makeProofs(16_000, makeTempFolder())).toEqual({ proofs: 16_000, processes: 8, duplicates: 0 });
}, 120_000);
